"""The store that this process keeps feedback in."""

import atexit
from threading import Lock

from flask import Flask, Response, current_app
from werkzeug.exceptions import ServiceUnavailable

from app import problems
from app.feedback.store import FeedbackStore, StoreUnavailable, check_url, open_store

NOT_NOW = {503: "Feedback cannot be made durable now: send it again later, with the same id."}
_opening = Lock()


def init_app(app: Flask) -> None:
    """Raises SettingError where FEEDBACK_URL names no store."""
    check_url(app.config["FEEDBACK_URL"])
    app.extensions["feedback"] = None
    app.register_error_handler(StoreUnavailable, _unavailable)
    atexit.register(close, app)


def store() -> FeedbackStore:
    """The store, opened at its first use: reading pictures neither waits for it nor needs it.

    Raises StoreUnavailable, which is answered with 503.
    """
    with _opening:
        if current_app.extensions["feedback"] is None:
            current_app.extensions["feedback"] = open_store(current_app.config["FEEDBACK_URL"])
        return current_app.extensions["feedback"]


def close(app: Flask) -> None:
    """Let what is under way be finished; done by itself when the process ends."""
    opened, app.extensions["feedback"] = app.extensions["feedback"], None
    if opened:
        opened.close()


def _unavailable(error: StoreUnavailable) -> Response:
    current_app.logger.error("The feedback store is unavailable: %s", error)  # in words that are the owner's alone
    detail = f"Feedback cannot be kept now. Send this again, with the same id, in {error.retry_after} s."
    return problems.http_error(ServiceUnavailable(detail, retry_after=error.retry_after))
