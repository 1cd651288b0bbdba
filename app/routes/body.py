"""What a request carries."""

import json

from flask import current_app, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.recognition.images import excerpt


def json_object() -> dict:
    """The JSON object in the request's body. Raises BadRequest where it holds none, UnsupportedMediaType."""
    if not request.is_json:  # which also keeps other sites' forms out
        received = excerpt(request.mimetype) if request.mimetype else "no type"
        raise UnsupportedMediaType(f"Send application/json. Received: {received}")
    try:
        body = json.loads(request.get_data(cache=False))
    except (
        ValueError,
        RecursionError,
    ) as error:  # ValueError: malformed, not UTF-8, or a number of thousands of digits
        raise BadRequest(f"The body is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest(f"The body must be a JSON object. Received: {type(body).__name__}")
    return body


def picture_limits() -> dict[str, int]:
    """How large a picture may be, as `images` takes it."""
    return {
        "max_bytes": current_app.config["MAX_PICTURE_BYTES"],
        "max_pixels": current_app.config["MAX_PICTURE_PIXELS"],
    }
