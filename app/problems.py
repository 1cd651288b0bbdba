"""One error shape everywhere, RFC 9457 `application/problem+json`; a page where a browser asks for one."""

from collections.abc import Callable

from flask import Flask, Response, current_app, json, make_response, render_template, request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from app import request_log
from app.recognition.errors import PictureError

MEDIA_TYPE = "application/problem+json"


class Problem(Schema):
    """What every error looks like."""

    type = fields.String(
        required=True, metadata={"description": "about:blank: the status says what kind of problem it is."}
    )
    title = fields.String(required=True, metadata={"description": "The status in words."})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = fields.String(
        required=True, metadata={"description": "What is wrong, what was received where that helps, and what to do."}
    )
    request_id = fields.String(
        metadata={"description": "Where the server is at fault: by this its log knows the request. X-Request-ID too."}
    )


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(PictureError, lambda error: _problem(error.status, error.detail))
    app.register_error_handler(ValidationError, lambda error: _problem(400, _sentences(error.messages)))


def documented(bp: Blueprint, meanings: dict[int, str]) -> Callable:
    """Decorate a route with the statuses of the problems that it may answer, for the API's description."""
    content = {MEDIA_TYPE: {"schema": Problem}}
    return bp.doc(responses={status: {"description": says, "content": content} for status, says in meanings.items()})


def http_error(error: HTTPException) -> Response:
    """An HTTPException as a problem, with the headers that belong to it (Allow, Retry-After)."""
    detail = error.description
    if isinstance(error, InternalServerError):
        detail = "The server failed to answer. Try again; the server's log says what happened."
        if answered := request_log.current():
            detail += f" There this request is {answered.id}."
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_PICTURE_BYTES"] / 1e6
        received = f" Received: a request of {request.content_length / 1e6:.2f} MB" if request.content_length else ""
        detail = f"A picture may have {limit:g} MB. Send a smaller one, in JSON or as a file.{received}"
    answer = _problem(error.code, detail)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return answer


def _problem(status: int, detail: str) -> Response:
    problem = {"type": "about:blank", "title": HTTP_STATUS_CODES[status], "status": status, "detail": detail}
    if status >= 500 and (answered := request_log.current()):
        problem["request_id"] = answered.id
    if _browser_asks_for_a_page():
        return make_response(render_template("error.html", problem=problem), status)
    return Response(json.dumps(problem), status, content_type=MEDIA_TYPE)


def _browser_asks_for_a_page() -> bool:
    accepted = request.accept_mimetypes
    return not request.path.startswith(("/api/", "/health/")) and accepted["text/html"] > accepted["application/json"]


def _sentences(messages: dict[str, list[str]]) -> str:
    """A schema's findings as "field: message" each. Field names are strangers' too, so they are cut short."""
    return " ".join(f"{field[:60]}: {' '.join(found)}" for field, found in list(messages.items())[:5])
