"""Text and answers go compressed to clients that take that: a page in a third of its bytes."""

from flask import Flask, Response
from flask_compress import Compress

TYPES = [
    "text/html",
    "text/css",
    "text/javascript",
    "text/plain",
    "image/svg+xml",
    "application/json",
    "application/problem+json",
]


def init_app(app: Flask) -> None:
    app.config["COMPRESS_MIMETYPES"] = TYPES
    app.config["COMPRESS_ALGORITHM"] = ["zstd", "br", "gzip"]  # the first that is taken; zstd costs least
    app.config["COMPRESS_EVALUATE_CONDITIONAL_REQUEST"] = True  # else what a browser has is never "not modified"
    Compress(app)
    app.after_request(_read_whole)  # before it is compressed: what is registered last runs first


def _read_whole(response: Response) -> Response:
    """A file is compressed at once, and closed; as a stream it would stay open until it is collected."""
    if response.mimetype in TYPES:
        response.direct_passthrough = False
        response.make_sequence()
    return response
