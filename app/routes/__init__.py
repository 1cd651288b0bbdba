"""HTTP in, HTTP out: a blueprint a file."""

import flask_smorest
from flask import Flask

from app import owner, problems
from app.routes import (
    canvas,
    docs,
    feedback,
    game,
    game_api,
    health,
    import_file,
    index,
    metrics,
    model,
    model_page,
    predict,
    status,
    status_api,
)


class Api(flask_smorest.Api):
    ERROR_SCHEMA = problems.Problem
    DEFAULT_ERROR_RESPONSE_NAME = None  # each route names its own errors

    def handle_http_exception(self, error):
        return problems.http_error(error)


def init_app(app: Flask) -> None:
    """Register every route; those of the API describe themselves at /api/openapi.json."""
    app.config.update(
        API_TITLE="Inkloop",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = Api(app)
    for part in (predict, feedback, game_api, model, health, metrics):
        api.register_blueprint(part.bp)
    api.spec.components.security_scheme(metrics.TOKEN, metrics.SECURITY_SCHEME)
    for part in (index, canvas, import_file, game, model_page, docs):
        app.register_blueprint(part.bp)
    if owner.is_expected(app):
        app.register_blueprint(status.bp)
        api.spec.components.security_scheme(status_api.TOKEN, status_api.SECURITY_SCHEME)
        api.register_blueprint(status_api.bp)
