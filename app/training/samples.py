"""What a batch holds: which pictures, how often, each drawn anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from app.training.datasets import ALL, LABELS, TRAIN, Corpus, Scans
from app.training.rendering import deform, draw, read

# How often a batch turns to each set. Pens are what people use; scans keep the models from forgetting paper.
SHARES = {
    "digit": {"unipen": 0.44, "mnist": 0.38, "emnist": 0.08, "emnist_merged": 0.10},
    "character": {"unipen": 0.66, "emnist": 0.14, "emnist_merged": 0.20},
    "any": {"unipen": 0.60, "mnist": 0.08, "emnist": 0.12, "emnist_merged": 0.20},
}


def positions(mode: str) -> np.ndarray:
    """Where each of the 62 labels stands among the mode's, -1 where it is none of them."""
    return np.array([LABELS[mode].find(label) for label in ALL])


def one_or_two_hot(labels: np.ndarray, alternatives: np.ndarray, mode: str) -> np.ndarray:
    """Targets (n, classes) float32 with a one for each label that may be the true one; labels are positions in ALL."""
    targets = np.zeros((len(labels), len(LABELS[mode])), np.float32)
    rows = np.arange(len(labels))
    targets[rows, positions(mode)[labels]] = 1
    targets[rows, positions(mode)[alternatives]] = 1
    return targets


@dataclass
class Source:
    """The training pictures of one set that a mode learns from, and how likely each is drawn."""

    members: np.ndarray
    cumulative: np.ndarray

    @classmethod
    def of(cls, dataset, mode: str, *, even: bool) -> "Source":
        members = np.flatnonzero((dataset.splits == TRAIN) & (positions(mode)[dataset.labels] >= 0))
        weights = np.ones(len(members))
        if even:  # every class equally often: nobody draws `e` ten times as often as `X` to try a recogniser
            weights /= np.bincount(dataset.labels[members], minlength=len(ALL))[dataset.labels[members]]
        return cls(members, np.cumsum(weights) / weights.sum())

    def choose(self, rng: np.random.Generator) -> int:
        return int(self.members[np.searchsorted(self.cumulative, rng.random(), "right")])


class Artist:
    """Draws any batch of a run; batch `step` of a seed is always the same, so that a resumed run goes on as it was."""

    def __init__(
        self,
        folder: Path,
        mode: str,
        seed: int,
        shares: Mapping[str, float] | None = None,
        more: Mapping[str, tuple[Scans, float]] | None = None,
    ):
        """shares: how often a batch turns to each of the data folder's sets; SHARES where None. more: further sets,
        each with its share of a batch, which those share the rest of.
        """
        cv2.setNumThreads(1)
        self.mode, self.seed, corpus = mode, seed, Corpus(folder)
        self.sets, self.sources = {}, {}
        shares, more = shares or SHARES[mode], more or {}
        for name in shares:
            found = getattr(corpus, name)
            if found is not None and len((source := Source.of(found, mode, even=name == "unipen")).members):
                self.sets[name], self.sources[name] = found, source
        base, added = np.array([shares[name] for name in self.sets]), [share for _, share in more.values()]
        self.shares = np.concatenate([base / base.sum() * (1 - sum(added)), added])
        for name, (found, _) in more.items():
            self.sets[name], self.sources[name] = found, Source.of(found, mode, even=False)

    def batch(self, step: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (size, 28, 28) uint8 and targets (size, classes) float32."""
        rng = np.random.default_rng([self.seed, step])
        inputs, labels, alternatives = [], [], []
        names = list(self.sets)
        while len(inputs) < size:
            name = names[rng.choice(len(names), p=self.shares)]
            found, member = self.sets[name], self.sources[name].choose(rng)
            picture = (
                deform(found.images[member], rng) if isinstance(found, Scans) else draw(found.strokes(member), rng)
            )
            if (seen := read(picture)) is not None:
                inputs.append(seen)
                labels.append(found.labels[member])
                alternatives.append(found.alternatives[member] if isinstance(found, Scans) else found.labels[member])
        return np.stack(inputs), one_or_two_hot(np.array(labels), np.array(alternatives), self.mode)
