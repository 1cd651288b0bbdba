"""A test's reliability curve as the model page shows it."""

from collections.abc import Mapping, Sequence
from math import sqrt

Z = 1.96  # standard deviations on either side of the mean that hold 95 % of a normal distribution


def interval(share: float, n: int) -> tuple[float, float]:
    """Where the true share lies with 95 % confidence after n trials (Wilson, 1927)."""
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def with_intervals(curve: Sequence[Mapping]) -> list[dict]:
    """The curve's points, `n`, `confidence` and `accuracy`, each with the interval of its accuracy, `low` to `high`."""
    ends = [interval(point["accuracy"], point["n"]) for point in curve]
    return [dict(point, low=low, high=high) for point, (low, high) in zip(curve, ends, strict=True)]


def mean_confidence(curve: Sequence[Mapping]) -> float:
    """Over all the answers."""
    return sum(point["n"] * point["confidence"] for point in curve) / sum(point["n"] for point in curve)
