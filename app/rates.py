"""How often one address may ask. Addresses are held in memory or in Redis until their time is up, and never logged."""

import logging
import math
import time

import limits
from flask import Flask, Response, current_app, request
from flask_limiter import Limiter, RateLimitExceeded
from limits.errors import ConfigurationError, StorageError

from app import problems, proxies
from app.feedback.store import check_is_one_of
from app.settings import SettingError

TOO_OFTEN = {429: "Too often: Retry-After says when to go on."}
RATES = ("PREDICT_RATE", "HEAT_MAP_RATE", "FEEDBACK_RATE", "GAME_RATE")
STORES = {"memory://": "memory://", "redis://host:6379/0": "rediss?://.+"}  # how a URL looks, and what it matches
PATIENCE = 0.25  # seconds for Redis: who asks waits for it. A process counts for itself while Redis fails.
limiter = Limiter(
    proxies.client_address,
    in_memory_fallback_enabled=True,
    swallow_errors=True,
    storage_options={"wrap_exceptions": True},
)
limiter.logger.setLevel(logging.WARNING)  # below, it names addresses
# Wherever the owner's token is given: 16 characters are not found at this rate, and it is not used up by the right one.
wrong_tokens = limiter.shared_limit(
    "10 per minute", "owner", deduct_when=lambda response: response.status_code in (401, 403)
)


def init_app(app: Flask) -> None:
    """Raises SettingError where a setting of RATES is no rate, or RATE_STORE_URL names no store."""
    for setting in RATES:
        try:
            if rate := app.config[setting]:
                limits.parse(rate)
        except ValueError as error:
            raise SettingError(f"{setting} must be like '60 per minute'. Received: {rate!r}") from error
    _choose_store(app, app.config["RATE_STORE_URL"])
    app.register_error_handler(RateLimitExceeded, _too_often)


@limiter.request_filter
def _is_unlimited() -> bool:
    return request.endpoint == "predict.predict" and not predict()


def predict() -> str:
    return current_app.config["PREDICT_RATE"]


def heat_map() -> str:
    return current_app.config["HEAT_MAP_RATE"]


def feedback() -> str:
    return current_app.config["FEEDBACK_RATE"]


def game() -> str:
    return current_app.config["GAME_RATE"]


def _choose_store(app: Flask, url: str) -> None:
    check_is_one_of(STORES, url, "RATE_STORE_URL")
    app.config["RATELIMIT_STORAGE_URI"] = url
    if url.startswith("redis"):
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        timeouts = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        app.config["RATELIMIT_STORAGE_OPTIONS"] = timeouts | {"retry": Retry(NoBackoff(), 0)}
    try:
        limiter.init_app(app)
    except (ValueError, ConfigurationError):  # whose words may hold a piece of the password
        raise SettingError(
            "RATE_STORE_URL is no address of a Redis. In a password, write / ? # @ : as %2F %3F %23 %40 %3A."
        ) from None


def _too_often(error: RateLimitExceeded) -> Response:
    try:
        left = limiter.current_limit.window.reset_time - time.time()
    except StorageError:
        left = error.limit.limit.get_expiry()
    error.retry_after = max(1, math.ceil(left))
    error.description = f"At most {error.limit.limit} from one address. Go on in {error.retry_after} s."
    return problems.http_error(error)
