"""Whether a new revision serves worse than the old one. Numbers in, a reason out."""

from math import exp, lgamma
from typing import NamedTuple

ERRORS = 3  # fewer may be one client that tries again
LEVEL = 0.01  # of the test, at each look
PRIOR = 100  # requests without an error that the old revision is credited with, so that there is always a comparison
LATENCY_REQUESTS = 100  # fewer say nothing about a 95th percentile, which a cold start or two would be
SLOWER, SLOWER_BY = 1.5, 100  # times, and milliseconds: both


class Figures(NamedTuple):
    """What a revision did in some time. errors: answers of 5xx. latency: the 95th percentile in ms, None if unknown."""

    requests: int
    errors: int
    latency: float | None


def why_worse(old: Figures, new: Figures) -> str:
    """Why the new revision must not go on, empty if it may.

    Errors are compared by Fisher's exact test, one-sided, which needs no least number of requests: few can only show
    a great difference. Where there is too little of both, nothing is worse.
    """
    if new.errors >= ERRORS:
        chance = chance_of_as_many(new.errors, new.requests, old.errors, old.requests + PRIOR)
        if chance < LEVEL:
            return (
                f"{new.errors} of {new.requests} requests failed, before {old.errors} of {old.requests}"
                f" (Fisher's exact test: p = {chance:.2g})"
            )
    if None in (old.latency, new.latency) or min(old.requests, new.requests) < LATENCY_REQUESTS:
        return ""
    if new.latency > max(SLOWER * old.latency, old.latency + SLOWER_BY):
        return f"95 % of the answers take up to {new.latency:.0f} ms, before {old.latency:.0f} ms"
    return ""


def chance_of_as_many(errors: int, requests: int, other_errors: int, other_requests: int) -> float:
    """How likely so many or more of all errors fall on these requests if they fall on all requests alike."""
    everything, failed = requests + other_requests, errors + other_errors
    possible = range(errors, min(requests, failed) + 1)
    total = _log_choose(everything, requests)
    return min(
        1.0, sum(exp(_log_choose(failed, k) + _log_choose(everything - failed, requests - k) - total) for k in possible)
    )


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) if 0 <= k <= n else float("-inf")
