"""Which other origins' pages may use the API (cross-origin resource sharing): those of CORS_ORIGINS.

Without credentials: the API knows none but the owner's token, which a page has to send itself.
"""

import re

from flask import Flask, Response, current_app, request

from app.settings import SettingError

PATH = "/api/"
TAKEN = "Authorization, Content-Type, X-Request-ID"
EXPOSED = "Retry-After, X-Request-ID"
REMEMBERED = 7200  # seconds that a browser need not ask again; Chromium takes no more
# As browsers write it in Origin: lower case, without a port where it is the scheme's own, without a path.
ORIGIN = re.compile(r"(?!http:.*:80$|https:.*:443$)https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")


def init_app(app: Flask) -> None:
    """Raises SettingError where CORS_ORIGINS holds what is no origin."""
    origins = app.extensions["cors"] = frozenset(re.split(r"[\s,]+", app.config["CORS_ORIGINS"])) - {""}
    for origin in sorted(origins):
        if not ORIGIN.fullmatch(origin):
            raise SettingError(
                "CORS_ORIGINS must be origins such as https://app.example.org or http://localhost:3000, in lower case,"
                f" without a path. Received: {origin[:100]!r}"
            )
    if origins:
        app.after_request(_share)


def is_allowed() -> bool:
    """Whether this is a request to the API by a page of an origin in CORS_ORIGINS."""
    return request.path.startswith(PATH) and request.origin in current_app.extensions["cors"]


def _share(response: Response) -> Response:
    if request.path.startswith(PATH):
        response.vary.add("Origin")
    if is_allowed():
        response.headers["Access-Control-Allow-Origin"] = request.origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        if request.method == "OPTIONS" and "Allow" in response.headers:
            response.headers["Access-Control-Allow-Methods"] = response.headers["Allow"]
            response.headers["Access-Control-Allow-Headers"] = TAKEN
            response.headers["Access-Control-Max-Age"] = str(REMEMBERED)
    return response
