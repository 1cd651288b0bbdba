"""How often one address may ask. Addresses are held in memory until their time is up, and never written down."""

import math
import time

import limits
from flask import Flask, Response, current_app
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address

from app import problems
from app.settings import SettingError

TOO_OFTEN = {429: "Too often: Retry-After says when to go on."}
limiter = Limiter(get_remote_address, storage_uri="memory://")


def init_app(app: Flask) -> None:
    """Raises SettingError where FEEDBACK_RATE is no rate."""
    rate = app.config["FEEDBACK_RATE"]
    try:
        limits.parse(rate)
    except ValueError as error:
        raise SettingError(f"FEEDBACK_RATE must be like '60 per minute'. Received: {rate!r}") from error
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _too_often)


def feedback() -> str:
    return current_app.config["FEEDBACK_RATE"]


def _too_often(error: RateLimitExceeded) -> Response:
    error.retry_after = max(1, math.ceil(limiter.current_limit.window.reset_time - time.time()))
    error.description = f"At most {error.limit.limit} from one address. Go on in {error.retry_after} s."
    return problems.http_error(error)
