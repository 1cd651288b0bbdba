"""Other sites' pages may not write here with a visitor's browser (cross-site request forgery).

Told by what browsers say of a request's origin, without tokens, as Go's http.CrossOriginProtection (1.25) does it.
"""

from flask import Flask, request
from werkzeug.exceptions import Forbidden

from app import cors
from app.recognition.images import excerpt

REFUSED = {403: "A page of another origin sent this, and the server does not allow that origin."}
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    app.before_request(_refuse)


def _refuse() -> None:
    if request.method in SAFE_METHODS or _is_own() or cors.is_allowed():
        return
    received = f"a request from {excerpt(request.origin or 'another origin')} to {excerpt(request.host)}"
    raise Forbidden(
        "Pages of other sites may not send this. Use this server's own page; or whoever runs it can allow an origin "
        f"to use the API, with the setting CORS_ORIGINS. Received: {received}"
    )


def _is_own() -> bool:
    """Whether a page of this server, the user, or no browser sent it."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("same-origin", "none")
    # Browsers from before 2023, and all where the page came without TLS. A program sends neither header.
    return not request.origin or request.origin.partition("://")[2] == request.host
