"""One line of the log for each request, and an id by which all of its lines, and the user's words, are found again.

What was drawn is never in it, nor addresses, nor what a stranger wrote into the path, but the route's own pattern.
"""

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from flask import Flask, request_started
from flask import request as flask_request

from app import events

HEADER = "X-Request-ID"
SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
CLOUD_TRACE = re.compile(r"(?P<trace>[0-9a-f]{32})(?:/\d{1,20})?(?:;o=(?P<sampled>[01]))?")
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNMATCHED = "unmatched"  # the route of a path that there is not
QUIET = ("/health/live", "/health/ready", "/metrics")  # asked every few seconds, for ever
logger = logging.getLogger("app.requests")


@dataclass
class Request:
    """id: as the client chose it, or random. trace: Cloud Logging's fields. fields: more to be found by name."""

    id: str
    method: str
    trace: dict[str, Any]
    route: str = UNMATCHED
    fields: dict[str, Any] = field(default_factory=dict)


_current: ContextVar[Request | None] = ContextVar("request", default=None)


def init_app(app: Flask) -> None:
    """To be called after every part that wraps the app, since what those answer is answered too."""
    app.wsgi_app = _Requests(app, app.wsgi_app)
    logging.setLogRecordFactory(_record)
    request_started.connect(_note_route, app)
    events.predicted.connect(_note_prediction, app)
    events.feedback_kept.connect(_note_feedback, app)


def current() -> Request | None:
    """What this thread answers; None where it does something else."""
    return _current.get()


class _Requests:
    """WSGI middleware that gives every request its id, and says how it was answered."""

    def __init__(self, app: Flask, wsgi_app: Callable):
        self._app, self._wsgi_app = app, wsgi_app

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        began = perf_counter()
        request = _begun(environ, self._app.config["GOOGLE_CLOUD_PROJECT"])
        answer = {"status": 500, "length": None}

        def start(status: str, headers: list[tuple[str, str]], exc_info=None):
            answer["status"] = int(status[:3])
            answer["length"] = next((value for name, value in headers if name.lower() == "content-length"), None)
            return start_response(status, [*headers, (HEADER, request.id)], exc_info)

        token = _current.set(request)
        try:
            return self._wsgi_app(environ, start)
        finally:
            seconds = perf_counter() - began
            _say(request, answer["status"], answer["length"], seconds)
            events.answered.send(self._app, request=request, status=answer["status"], seconds=seconds)
            _current.reset(token)


def _begun(environ: Mapping, project: str) -> Request:
    given = environ.get("HTTP_X_REQUEST_ID", "")
    method = environ["REQUEST_METHOD"]
    return Request(
        id=given if SANE_ID.fullmatch(given) else secrets.token_hex(16),
        method=method if method in METHODS else "OTHER",
        trace=_trace(environ, project) if project else {},
    )


def _trace(environ: Mapping, project: str) -> dict[str, Any]:
    """The trace that Google's front end began, in the W3C's header or its own; Cloud Logging groups lines by it."""
    if found := TRACEPARENT.fullmatch(environ.get("HTTP_TRACEPARENT", "")):
        sampled, span = int(found["flags"], 16) & 1 == 1, {"logging.googleapis.com/spanId": found["span"]}
    elif found := CLOUD_TRACE.fullmatch(environ.get("HTTP_X_CLOUD_TRACE_CONTEXT", "")):
        sampled, span = found["sampled"] == "1", {}
    else:
        return {}
    trace = f"projects/{project}/traces/{found['trace']}"
    return {"logging.googleapis.com/trace": trace, "logging.googleapis.com/trace_sampled": sampled} | span


def _say(request: Request, status: int, length: str | None, seconds: float) -> None:
    level = logging.INFO
    if status >= 500:
        level = logging.WARNING if status == 503 else logging.ERROR  # 503 is said on purpose, and passes
    elif request.route in QUIET:
        level = logging.DEBUG
    if not logger.isEnabledFor(level):
        return
    http = {
        "requestMethod": request.method,
        "requestUrl": request.route,
        "status": status,
        "latency": f"{seconds:.6f}s",
    } | ({"responseSize": length} if length else {})
    more = "".join(f" {value}" for value in request.fields.values())
    logger.log(
        level,
        "%s %s %d in %.1f ms%s",
        request.method,
        request.route,
        status,
        seconds * 1000,
        more,
        extra={"fields": {"httpRequest": http} | request.fields},
    )


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """A record of the log that knows the request in which it was made."""
    record = logging.LogRecord(*args, **kwargs)
    if request := _current.get():
        record.request = {"request_id": request.id} | request.trace
    return record


def _note_route(_: Flask, **__: Any) -> None:
    """The pattern of the route, with its parameters' names for what stands there."""
    if (request := _current.get()) and flask_request.url_rule:
        request.route = flask_request.url_rule.rule


def _note_prediction(_: Flask, *, mode: str, version: str, **__: Any) -> None:
    _note(mode=mode, model_version=version)


def _note_feedback(_: Flask, *, feedback: Any) -> None:
    _note(mode=feedback.mode, model_version=feedback.model_version)


def _note(**fields: str) -> None:
    if request := _current.get():
        request.fields.update(fields)
