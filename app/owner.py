"""Who may see the status page: whoever knows OWNER_TOKEN, given once in a form, or with each request of a script."""

import hmac
import re
from datetime import timedelta

from flask import Flask, current_app, request, session
from flask.sessions import SecureCookieSessionInterface

from app import secret_key
from app.settings import SettingError

SENDABLE = re.compile(r"[!-~]*")  # what an Authorization header can carry
PATH = "/status"  # to which alone the cookie is sent
LIFETIME = timedelta(days=30)


def init_app(app: Flask) -> None:
    """Raises SettingError where OWNER_TOKEN can be guessed, or not be sent."""
    app.config.update(
        SESSION_COOKIE_NAME="owner",
        SESSION_COOKIE_PATH=PATH,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=LIFETIME,
    )
    app.session_interface = OwnersCookie()
    if not app.config["OWNER_TOKEN"]:
        return
    secret_key.check(app, "OWNER_TOKEN")
    if not SENDABLE.fullmatch(app.config["OWNER_TOKEN"]):
        raise SettingError("OWNER_TOKEN must be of ASCII characters without spaces. Received: others")


def is_expected(app: Flask) -> bool:
    """Whether there is a token, without which there is no page."""
    return bool(app.config["OWNER_TOKEN"])


def log_in(token: str) -> bool:
    """Whether this is the token; the browser is then known until LIFETIME is over or the token is another."""
    if not _is_token(token):
        return False
    session.clear()
    session.permanent = True
    session["owner"] = _mark()
    return True


def log_out() -> None:
    session.clear()


def is_logged_in() -> bool:
    return hmac.compare_digest(session.get("owner", ""), _mark())


def is_bearer() -> bool:
    """Whether the request has the token in its Authorization header."""
    given = request.authorization
    return given is not None and given.type == "bearer" and _is_token(given.token or "")


def _is_token(token: str) -> bool:
    return hmac.compare_digest(token.encode(), current_app.config["OWNER_TOKEN"].encode())


def _mark() -> str:
    """What a cookie holds: a new token ends all sessions, and nothing about the token can be learnt from it."""
    key, token = (current_app.config[name].encode() for name in ("SECRET_KEY", "OWNER_TOKEN"))
    return hmac.new(key, b"inkloop.owner " + token, "sha256").hexdigest()


class OwnersCookie(SecureCookieSessionInterface):
    """Flask's signed cookie, Secure wherever the browser uses TLS, also where a proxy ends that before this process."""

    def get_cookie_secure(self, app: Flask) -> bool:
        # Anyone can send the header, but whoever does changes their own cookie alone.
        return request.is_secure or request.headers.get("X-Forwarded-Proto", "").lower().startswith("https")
