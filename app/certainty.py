"""From which confidence on an answer is worth calling one; below it the pages say "not sure"."""

from collections.abc import Mapping, Sequence

DRAWN = "drawings"  # how the names of the tests begin that hold what people drew, as on these pages


def sure_from(card: Mapping) -> float:
    """The lowest confidence at which the model of a card was right more often than wrong.

    Measured on drawings by writers it never saw: accuracy by confidence, from the card's reliability curves, is made to
    rise with confidence by isotonic regression (B. Zadrozny and C. Elkan, "Transforming classifier scores into accurate
    multiclass probability estimates", KDD 2002), since few answers in a bin say little. Confidence lies in [0, 1]. 0.5,
    what calibrated confidence itself would say, where a card has no such curve.
    """
    tests = card.get("tests", {})
    curves = [test["reliability"] for name, test in tests.items() if name.startswith(DRAWN) and "reliability" in test]
    points = sorted((point["confidence"], point["n"], point["accuracy"]) for curve in curves for point in curve)
    if not points:
        return 0.5
    accuracies = isotonic([accuracy for *_, accuracy in points], [n for _, n, _ in points])
    return next((point[0] for point, accuracy in zip(points, accuracies, strict=True) if accuracy > 0.5), 1.0)


def isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The never falling sequence nearest to `values` in weighted squares, by pooling adjacent violators."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many values
    for value, weight in zip(values, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, heavy, count = pools.pop()
            both = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / both, both, count + pool[2])
        pools.append(pool)
    return [mean for mean, _, count in pools for _ in range(count)]
