"""Inkloop: handwriting recognition that learns from its corrections."""

import os
from collections.abc import Mapping

from flask import Flask

from app import (
    compression,
    cors,
    cross_site,
    headers,
    keeping,
    limits,
    metrics,
    owner,
    playing,
    problems,
    proxies,
    rates,
    request_log,
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
    parts = (serving, keeping, secret_key, playing, owner, status, cross_site, cors, rates, problems, limits, proxies)
    for part in (compression, *parts, headers, metrics, routes, request_log):
        part.init_app(app)
    return app
