"""Whether a challenger may replace the champion: paired tests on the same pictures.

McNemar's test in its exact form (McNemar, 1947; Dietterich, 1998): of the pictures that one model reads rightly and the
other wrongly, is the challenger right in more than chance would give?
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import comb
from statistics import NormalDist

import numpy as np

LEVEL = 0.05  # of every test, one-sided
FEWEST = 5  # pictures that changed sides, below which not even all of them together are significant: 1 / 2**5 < LEVEL
FEW = 20  # pictures of a class, below which it says too little to weigh as much as the others
TOLERANCE = 0.003  # of accuracy that may be lost on a base test though the loss is not significant
TOLERANCES = {"MNIST test": 0.001}  # that of tests whose pictures are so many that less shows


@dataclass(frozen=True)
class Paired:
    """Two models on the same n pictures.

    fixed: only the challenger is right. broken: only the champion is. balanced_gain: of accuracy, in the mean over
    classes of FEW pictures or more. balanced_error: its standard error.
    """

    n: int
    fixed: int
    broken: int
    balanced_gain: float = 0.0
    balanced_error: float = 0.0

    @classmethod
    def of(cls, champion: np.ndarray, challenger: np.ndarray, classes: np.ndarray) -> "Paired":
        """From whether each picture is read rightly, both (n,) bool, and its class (n,)."""
        gains = challenger.astype(int) - champion
        each = [
            gains[classes == one] for one, n in zip(*np.unique(classes, return_counts=True), strict=True) if n >= FEW
        ]
        balanced = float(np.mean([some.mean() for some in each])) if each else 0.0
        error = float(np.sqrt(sum(some.var() / len(some) for some in each)) / max(len(each), 1))
        return cls(len(gains), int((gains > 0).sum()), int((gains < 0).sum()), balanced, error)

    @property
    def gain(self) -> float:
        """Of accuracy."""
        return (self.fixed - self.broken) / self.n if self.n else 0.0

    @property
    def p_better(self) -> float:
        """How likely so many were fixed if both were equally good."""
        return tail(self.fixed, self.fixed + self.broken)

    @property
    def p_worse(self) -> float:
        """How likely so many were broken if both were equally good."""
        return tail(self.broken, self.fixed + self.broken)

    @property
    def p_worse_balanced(self) -> float:
        """How likely the mean over classes fell so much if both were equally good (a normal approximation)."""
        if not self.balanced_error:
            return 1.0 if self.balanced_gain >= 0 else 0.0
        return NormalDist().cdf(self.balanced_gain / self.balanced_error)


@dataclass(frozen=True)
class Decision:
    """promoted: whether the challenger may serve. reasons: a sentence for each test that decided."""

    promoted: bool
    reasons: list[str] = field(default_factory=list)


def tail(successes: int, trials: int) -> float:
    """The probability of at least so many heads in so many throws of a fair coin, exactly."""
    return sum(comb(trials, k) for k in range(successes, trials + 1)) / 2**trials


def decide(feedback: Paired, base: Mapping[str, Paired]) -> Decision:
    """Promote what is significantly better on the feedback held out, and on no base test significantly worse, over all
    pictures or in the mean over classes, nor worse over all by more than the test's tolerance.

    The mean over classes keeps a model from guessing the commoner of two look-alikes.
    """
    better = feedback.p_better < LEVEL
    reasons = [
        f"{'Better' if better else 'Not shown to be better'} on the feedback held out: {feedback.fixed} fixed,"
        f" {feedback.broken} broken of {feedback.n} (p = {feedback.p_better:.2g}, must be below {LEVEL})."
    ]
    harmed = False
    for name, paired in base.items():
        tolerance = TOLERANCES.get(name, TOLERANCE)
        if min(paired.p_worse, paired.p_worse_balanced) < LEVEL or paired.gain < -tolerance:
            harmed = True
            reasons.append(
                f"Worse on {name}: {paired.fixed} fixed, {paired.broken} broken of {paired.n:,}"
                f" ({100 * paired.gain:+.2f} points, {-100 * tolerance:.1f} tolerated, p = {paired.p_worse:.2g};"
                f" {100 * paired.balanced_gain:+.2f} in the mean over classes, p = {paired.p_worse_balanced:.2g})."
            )
    if not harmed:
        reasons.append(f"Not worse on any of the {len(base)} base tests.")
    return Decision(better and not harmed, reasons)


def power(n: int, fixed: float, broken: float) -> float:
    """How likely the gate sees that a challenger is better.

    Args:
        n: pictures held out.
        fixed, broken: the shares of pictures that only the challenger, or only the champion, truly reads.
    """
    changing = fixed + broken
    seen = 0.0
    for changed in range(FEWEST, n + 1):
        probability = comb(n, changed) * changing**changed * (1 - changing) ** (n - changed)
        if probability < 1e-12:
            continue
        enough = next((k for k in range(changed + 1) if tail(k, changed) < LEVEL), changed + 1)
        share = fixed / changing
        seen += probability * sum(
            comb(changed, k) * share**k * (1 - share) ** (changed - k) for k in range(enough, changed + 1)
        )
    return seen
