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
RATES = ("FEEDBACK_RATE", "GAME_RATE")
HEAT_MAP_RATE = "120 per minute"  # one for each stroke of a fast hand; each costs as much as some thirty readings
limiter = Limiter(get_remote_address, storage_uri="memory://")
# Wherever the owner's token is given: 16 characters are not found at this rate, and it is not used up by the right one.
wrong_tokens = limiter.shared_limit(
    "10 per minute", "owner", deduct_when=lambda response: response.status_code in (401, 403)
)


def init_app(app: Flask) -> None:
    """Raises SettingError where a setting of RATES is no rate."""
    for setting in RATES:
        try:
            limits.parse(rate := app.config[setting])
        except ValueError as error:
            raise SettingError(f"{setting} must be like '60 per minute'. Received: {rate!r}") from error
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _too_often)


def feedback() -> str:
    return current_app.config["FEEDBACK_RATE"]


def game() -> str:
    return current_app.config["GAME_RATE"]


def heat_map() -> str:
    return HEAT_MAP_RATE


def _too_often(error: RateLimitExceeded) -> Response:
    error.retry_after = max(1, math.ceil(limiter.current_limit.window.reset_time - time.time()))
    error.description = f"At most {error.limit.limit} from one address. Go on in {error.retry_after} s."
    return problems.http_error(error)
