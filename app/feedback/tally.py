"""Answers of a model, counted so that what came lately can be compared with what was measured."""

from collections import Counter
from dataclasses import dataclass, field

BINS = 15  # of confidence, as many and as wide as those of a card's reliability curves


@dataclass
class Tally:
    """confidences: how many answers each of BINS equal bins holds, from the lowest. labels: how often each was the
    answer.
    """

    confidences: list[int] = field(default_factory=lambda: [0] * BINS)
    labels: Counter[str] = field(default_factory=Counter)
    total_confidence: float = 0.0

    def add(self, label: str, confidence: float) -> None:
        """confidence: [0, 1]."""
        self.confidences[bin_of(confidence)] += 1
        self.labels[label] += 1
        self.total_confidence += confidence

    @property
    def n(self) -> int:
        return sum(self.confidences)

    @property
    def mean_confidence(self) -> float | None:
        """None of no answers."""
        return self.total_confidence / self.n if self.n else None


def bin_of(confidence: float) -> int:
    return min(max(int(confidence * BINS), 0), BINS - 1)
