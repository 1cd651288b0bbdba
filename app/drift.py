"""Whether the answers of late are like those that a model's card measured, or what people draw has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist
from threading import Lock

from flask import Flask

from app import events
from app.calibration import interval
from app.certainty import DRAWN
from app.feedback.summary import Recent
from app.feedback.tally import Tally, bin_of
from app.recognition.recognizer import MODES

SOMEWHAT, MUCH = 0.1, 0.25  # the usual bounds of the population stability index
CHANCE = 0.01  # how often an index may pass its bound though nothing changed
FEWEST = 50  # answers that say anything
LEAST_EXPECTED = 5  # answers in a bin, as for any chi-square test; bins with fewer are taken together
TOO_FEW, SAME, MOVED, OTHER = "too few", "as measured", "somewhat different", "different"


@dataclass(frozen=True)
class Shift:
    """index: the population stability index, 0 where two distributions are the same. says: TOO_FEW, SAME, MOVED or
    OTHER, where the last two are said only of what chance does not explain.
    """

    index: float
    says: str


@dataclass(frozen=True)
class Sample:
    """Answers of one version from one source. right: the share of those judged, None where nobody judged. low, high:
    where the true share lies with 95 % confidence. confidence, labels: how far each is from the card's, None of the
    card itself and where it has none.
    """

    source: str
    n: int
    right: float | None
    low: float | None
    high: float | None
    mean_confidence: float | None
    confidence: Shift | None = None
    labels: Shift | None = None


@dataclass(frozen=True)
class Drift:
    """samples: the card's first, then the recent ones. version: the one that serves, of which all of them are."""

    mode: str
    version: str
    samples: list[Sample]


class LiveAnswers:
    """What the versions that serve answered to those who draw, since this process began or the version changed."""

    def __init__(self, app: Flask):
        self._tallies: dict[str, tuple[str, Tally]] = {}
        self._changing = Lock()
        events.predicted.connect(self._add, app)

    def of(self, mode: str, version: str) -> Tally:
        """A copy."""
        with self._changing:
            found, tally = self._tallies.get(mode, (version, Tally()))
            if found != version:
                return Tally()
            return Tally(list(tally.confidences), tally.labels.copy(), tally.total_confidence)

    def _add(self, _: Flask, *, mode: str, version: str, label: str, confidence: float) -> None:
        with self._changing:
            if self._tallies.get(mode, ("",))[0] != version:
                self._tallies[mode] = version, Tally()
            self._tallies[mode][1].add(label, confidence)


def init_app(app: Flask) -> None:
    app.extensions["live_answers"] = LiveAnswers(app)


def compare(cards: Mapping[str, Mapping], recent: Sequence[Recent], live: LiveAnswers) -> list[Drift]:
    """For each mode the version that serves: its card, what people said of it lately, what it answers now."""
    found = []
    for mode in MODES:
        version = cards[mode]["version"]
        measured, accuracy = measured_answers(cards[mode])
        samples = [_sample("the drawings on its card", measured, accuracy, measured.n)] if measured.n else []
        for one in recent:
            if (one.mode, one.version) == (mode, version):
                source, judged = f"feedback of {one.days} days", one.right + one.wrong
                samples.append(_sample(source, one.answers, judged and one.right / judged, judged, measured))
        samples.append(_sample("answers since the server began", live.of(mode, version), None, 0, measured))
        found.append(Drift(mode, version, samples))
    return found


def measured_answers(card: Mapping) -> tuple[Tally, float | None]:
    """What the model of a card answered to drawings by writers it never saw, all such tests together, and its accuracy.

    Empty, and None, where the card has no such tests.
    """
    tally, right = Tally(), 0.0
    for name, test in card.get("tests", {}).items():
        if not (name.startswith(DRAWN) and {"reliability", "confusion"} <= test.keys()):
            continue
        for point in test["reliability"]:
            tally.confidences[bin_of(point["confidence"])] += point["n"]
            tally.total_confidence += point["n"] * point["confidence"]
            right += point["n"] * point["accuracy"]
        for row in test["confusion"]:
            tally.labels.update(dict(zip(card["labels"], row, strict=True)))
    return tally, right / tally.n if tally.n else None


def shift(expected: Sequence[int], found: Sequence[int]) -> Shift:
    """How far the counts `found` are distributed otherwise than those `expected`, bin by bin.

    The population stability index is the symmetric Kullback-Leibler divergence of the two. Where nothing changed it is
    about chi-square distributed times 1/n + 1/m, with one degree of freedom less than bins (B. Yurdakul and J. Naranjo,
    "Statistical properties of the population stability index", Journal of Risk Model Validation 14, 2020). So with few
    answers it is large by chance alone, and only what is larger than that says something.
    """
    n, m = sum(expected), sum(found)
    if m < FEWEST or n < FEWEST:
        return Shift(0.0, TOO_FEW)
    if len(pairs := _pooled(expected, found)) < 2:
        return Shift(0.0, TOO_FEW)
    # Half an answer more in every bin keeps an empty one from being infinitely far away.
    shares = [((a + 0.5) / (n + 0.5 * len(pairs)), (b + 0.5) / (m + 0.5 * len(pairs))) for a, b in pairs]
    index = sum((b - a) * log(b / a) for a, b in shares)
    by_chance = chi_square_quantile(1 - CHANCE, len(pairs) - 1) * (1 / n + 1 / m)
    if index < SOMEWHAT or index <= by_chance:
        return Shift(index, SAME)
    return Shift(index, MOVED if index < MUCH else OTHER)


def chi_square_quantile(share: float, freedom: int) -> float:
    """Below which `share` of a chi-square distribution lies (E. B. Wilson and M. M. Hilferty, 1931)."""
    part = 2 / (9 * freedom)
    return freedom * (1 - part + NormalDist().inv_cdf(share) * sqrt(part)) ** 3


def _pooled(expected: Sequence[int], found: Sequence[int]) -> list[tuple[int, int]]:
    """The bins, those together in which one would expect less than LEAST_EXPECTED of the answers found."""
    enough = LEAST_EXPECTED * sum(expected) / min(sum(expected), sum(found))
    pairs = list(zip(expected, found, strict=True))
    large, small = ([pair for pair in pairs if (pair[0] >= enough) == wanted] for wanted in (True, False))
    rest = [(sum(a for a, _ in small), sum(b for _, b in small))] if small else []
    return large + [pair for pair in rest if any(pair)]


def _sample(source: str, answers: Tally, right: float | None, judged: int, measured: Tally | None = None) -> Sample:
    low, high = interval(right, judged) if judged else (None, None)
    shifts = {}
    if measured is not None and measured.n:
        labels = sorted(measured.labels.keys() | answers.labels.keys())
        shifts = {
            "confidence": shift(measured.confidences, answers.confidences),
            "labels": shift([measured.labels[one] for one in labels], [answers.labels[one] for one in labels]),
        }
    return Sample(source, answers.n, right if judged else None, low, high, answers.mean_confidence, **shifts)
