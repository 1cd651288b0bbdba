"""What the models learn from and are measured on, read from one data folder.

The folder is the one that DATA_DIR names, or the one that `app.training.downloads` makes from the public sources.
Splits are drawn once by a fixed rule, so that no picture and no writer ever moves from one to another.
"""

import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from app.training.mnist_overlap import overlaps_mnist_test

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LABELS = {"digit": DIGITS, "character": LETTERS, "any": DIGITS + LETTERS}
ALL = LABELS["any"]  # the order in which the data folder numbers labels

TRAIN, VALIDATION, TEST, LEFT_OUT = range(4)  # VALIDATION chooses and calibrates; TEST only measures
VALIDATION_SHARE = 0.04
TEST_SHARE = 0.15  # of EMNIST ByClass; MNIST and UNIPEN bring test splits of their own


def cache_folder() -> Path:
    """Where what took long to make is kept, by the XDG convention."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "inkloop"


def data_folder() -> Path:
    """The folder that DATA_DIR names, else the downloads' folder, filled first where something is missing."""
    if named := os.environ.get("DATA_DIR"):
        folder = Path(named)
        if not (folder / "mnist.npz").exists():
            raise FileNotFoundError(f"DATA_DIR must name a folder with mnist.npz in it. Received: {named}")
        return folder
    from app.training import downloads

    return downloads.prepare()


@dataclass(frozen=True)
class Scans:
    """Scanned characters. images: (n, 28, 28) uint8, ink bright. labels, alternatives: (n,) positions in ALL.

    Where a letter's case is not known, labels holds the upper and alternatives the lower; elsewhere they are equal.
    splits: (n,) TRAIN, VALIDATION or TEST.
    """

    images: np.ndarray
    labels: np.ndarray
    alternatives: np.ndarray
    splits: np.ndarray


@dataclass(frozen=True)
class Drawings:
    """Characters as pen strokes; character i is `strokes(i)`. labels: (n,) positions in ALL. writers, splits: (n,)."""

    points: np.ndarray
    stroke_starts: np.ndarray
    character_starts: np.ndarray
    labels: np.ndarray
    writers: np.ndarray
    splits: np.ndarray

    def strokes(self, character: int) -> list[np.ndarray]:
        """The strokes of one character, each (n, 2) float32: x right, y down, the longer side 0 to 4000."""
        first, last = self.character_starts[character : character + 2]
        bounds = self.stroke_starts[first : last + 1]
        return [self.points[a:b].astype(np.float32) for a, b in pairwise(bounds)]


class Corpus:
    """The data folder's sets, each read when first asked for."""

    def __init__(self, folder: Path):
        self.folder = folder

    @cached_property
    def mnist(self) -> Scans:
        with np.load(self.folder / "mnist.npz") as arrays:
            images = np.concatenate([arrays["x_train"], arrays["x_test"]])
            labels = np.concatenate([arrays["y_train"], arrays["y_test"]]).astype(np.uint8)
            splits = drawn_splits(len(images), {VALIDATION: 5000 / 70000})
            splits[len(arrays["x_train"]) :] = TEST
        return Scans(images, labels, labels, splits)

    @cached_property
    def emnist(self) -> Scans:
        with np.load(file := self.folder / "emnist-byclass.npz") as arrays:
            images, labels = arrays["images"], arrays["labels"]
        splits = drawn_splits(len(images), {VALIDATION: VALIDATION_SHARE, TEST: TEST_SHARE})
        splits[self._scans_of_mnist_test(file, images, labels)] = LEFT_OUT
        return Scans(images, labels, labels, splits)

    @cached_property
    def emnist_merged(self) -> Scans | None:
        """EMNIST pictures whose letters' case is not always known; not every data folder has them."""
        if not (file := self.folder / "emnist-bymerge.npz").exists():
            return None
        with np.load(file) as arrays:
            images, labels, alternatives = arrays["images"], arrays["labels"], arrays["alternative_labels"]
        splits = drawn_splits(len(images), {})
        splits[self._scans_of_mnist_test(file, images, labels)] = LEFT_OUT
        return Scans(images, labels, alternatives, splits)

    @cached_property
    def unipen(self) -> Drawings:
        with np.load(self.folder / "unipen-strokes.npz") as arrays:
            writers = arrays["writers"]
            by_writer = drawn_splits(len(arrays["writer_names"]), {VALIDATION: VALIDATION_SHARE})
            splits = np.where(arrays["validation"], TEST, by_writer[writers])  # theirs measures; ours chooses
            names = ("points", "stroke_starts", "character_starts", "labels")
            return Drawings(*(arrays[name] for name in names), writers, splits)

    def _scans_of_mnist_test(self, file: Path, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Where EMNIST holds MNIST's own test scans; finding them takes minutes, so they are remembered."""
        remembered = cache_folder() / f"{file.stem}-{file.stat().st_size}-in-mnist-test.npy"
        if not remembered.exists():
            digits = np.flatnonzero(labels < len(DIGITS))
            found = digits[overlaps_mnist_test(images[digits], self.mnist.images[self.mnist.splits == TEST])]
            remembered.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=remembered.parent, delete=False) as partial:
                np.save(partial, found)
            Path(partial.name).replace(remembered)
        return np.load(remembered)


def drawn_splits(count: int, shares: dict[int, float]) -> np.ndarray:
    """A split for each of `count` items, TRAIN but for the `shares` of others: always the same for the same count."""
    chance = np.random.default_rng(count).random(count)
    splits = np.full(count, TRAIN)
    low = 0.0
    for split, share in shares.items():
        splits[(chance >= low) & (chance < low + share)] = split
        low += share
    return splits
