from flask import Response, current_app
from flask_smorest import Blueprint
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from app import metrics, problems, rates

bp = Blueprint("metrics", __name__, description="For what watches the process.")
TOKEN = "metricsToken"
SECURITY_SCHEME = {"type": "http", "scheme": "bearer", "description": "The setting METRICS_TOKEN, where there is one."}
REFUSALS = {401: "METRICS_TOKEN is set, and the header Authorization: Bearer TOKEN is missing or has another."}


@bp.get("/metrics")
@rates.wrong_tokens
@bp.doc(security=[{}, {TOKEN: []}])
@bp.response(200, {"type": "string"}, content_type="text/plain", description="Prometheus' text format.")
@problems.documented(bp, REFUSALS | rates.TOO_OFTEN)
def show() -> Response:
    """What this process did since it began: counts and durations, nothing that was drawn."""
    app = current_app._get_current_object()
    if not metrics.may_read(app):
        detail = "Send the header Authorization: Bearer TOKEN, with the setting METRICS_TOKEN."
        raise Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer"))
    return Response(app.extensions["metrics"].text(), content_type=CONTENT_TYPE_LATEST)
