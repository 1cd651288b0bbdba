"""The store that this process keeps feedback in."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from flask import Flask, Response, current_app
from werkzeug.exceptions import ServiceUnavailable

from app import events, problems
from app.feedback.store import FeedbackStore, StoreUnavailable, check_url, open_store
from app.opened_once import OpenedOnce

NOT_NOW = {503: "Feedback cannot be made durable now: send it again later, with the same id."}


def init_app(app: Flask) -> None:
    """Raises SettingError where FEEDBACK_URL names no store."""
    check_url(app.config["FEEDBACK_URL"])
    app.extensions["feedback"] = OpenedOnce(lambda: open_store(app.config["FEEDBACK_URL"]))
    app.register_error_handler(StoreUnavailable, _unavailable)
    atexit.register(close, app)


def store() -> FeedbackStore:
    """Raises StoreUnavailable, which is answered with 503."""
    return current_app.extensions["feedback"].get()


@contextmanager
def asking(operation: str) -> Iterator[FeedbackStore]:
    """The store, for one operation, of which those who count hear. Raises StoreUnavailable."""
    began, outcome = perf_counter(), "failed"
    try:
        with current_app.extensions["feedback"].use() as opened:
            yield opened
        outcome = "ok"
    except StoreUnavailable:
        outcome = "unavailable"
        raise
    finally:
        app = current_app._get_current_object()
        events.store_asked.send(app, operation=operation, outcome=outcome, seconds=perf_counter() - began)


def close(app: Flask) -> None:
    """Let what is under way be finished; done by itself when the process ends."""
    app.extensions["feedback"].close()


def _unavailable(error: StoreUnavailable) -> Response:
    current_app.logger.error("The feedback store is unavailable: %s", error)  # in words that are the owner's alone
    detail = f"Feedback cannot be kept now. Send this again, with the same id, in {error.retry_after} s."
    return problems.http_error(ServiceUnavailable(detail, retry_after=error.retry_after))
