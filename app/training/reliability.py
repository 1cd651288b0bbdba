"""Whether confidence means what it says: reliability curves (DeGroot and Fienberg, 1983) and their error."""

import numpy as np

BINS = 15


def reliability(confidences: np.ndarray, correct: np.ndarray) -> list[dict[str, float]]:
    """For each of BINS equal bins of confidence that holds any answer, from the lowest: `n`, `confidence`, `accuracy`.

    That is how many answers it holds, their mean confidence and the share of them that is right. Both (n,).
    """
    which = np.minimum((confidences * BINS).astype(int), BINS - 1)
    return [
        {
            "n": int(np.sum(which == one)),
            "confidence": float(confidences[which == one].mean()),
            "accuracy": float(correct[which == one].mean()),
        }
        for one in np.unique(which)
    ]


def calibration_error(curve: list[dict[str, float]]) -> float:
    """The expected calibration error of a reliability curve (Naeini et al., 2015)."""
    gaps = [one["n"] * abs(one["confidence"] - one["accuracy"]) for one in curve]
    return sum(gaps) / sum(one["n"] for one in curve)
