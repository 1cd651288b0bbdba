"""Inkloop: handwriting recognition that learns from its corrections."""

import os
from collections.abc import Mapping

from flask import Flask

from app import (
    headers,
    keeping,
    limits,
    owner,
    playing,
    problems,
    rates,
    routes,
    secret_key,
    serving,
    settings,
    status,
)


def create_app(config: Mapping | None = None) -> Flask:
    """Join the parts. `config` overrides the settings, which come from the environment."""
    app = Flask(__name__)
    app.config.update(settings.read(os.environ))
    app.config.update(config or {})
    app.json.sort_keys = False
    for part in (serving, keeping, secret_key, playing, owner, status, rates, problems, limits, headers, routes):
        part.init_app(app)
    return app
