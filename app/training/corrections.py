"""What people said of their drawings, as pictures to learn from and to be measured on."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from app.feedback.pictures import from_kept
from app.feedback.quality import learnable
from app.feedback.store import SYNTHETIC, Feedback
from app.recognition.pen import FINENESS
from app.recognition.preprocessing import INK_SIZE, preprocess
from app.training.datasets import ALL, LABELS, TEST, TRAIN, Scans

HELD_OUT = 4  # one record in so many measures and is never learned from
SIDE = INK_SIZE * FINENESS  # of the pictures that are deformed to learn from, pixels


@dataclass(frozen=True)
class Corrections:
    """The feedback that a model may learn from, by one row each.

    records: n. inks: (n, 28, 28) uint8, as the models read them. scans: the same at a finer grid, with their labels as
    positions in ALL, split into TRAIN and TEST by `split_of`; synthetic ones are all TRAIN.
    """

    records: list[Feedback]
    inks: np.ndarray
    scans: Scans

    def of(self, split: int) -> np.ndarray:
        """Where the records of a split stand."""
        return np.flatnonzero(self.scans.splits == split)


def split_of(record: Feedback) -> int:
    """TRAIN or TEST, by a hash of the record's id: it never moves, whatever comes or goes beside it."""
    if record.browser == SYNTHETIC:
        return TRAIN
    digest = hashlib.sha256(record.id.lower().encode()).digest()
    return TEST if int.from_bytes(digest[:8], "big") % HELD_OUT == 0 else TRAIN


def corrections(records: Iterable[Feedback], mode: str) -> Corrections:
    """What a mode's model may learn from: every learnable record whose label the mode has, whatever mode it came in.

    A drawing that came in several modes counts once, by its oldest record, so that it is never on both sides.
    """
    drawings = {}
    for record in learnable(records):
        if record.label in LABELS[mode]:
            seen = preprocess(from_kept(record.image), keep_steps=True)
            drawings.setdefault(seen.input.tobytes(), (record, seen))
    kept = [record for record, _ in drawings.values()]
    inks = np.zeros((len(kept), INK_SIZE, INK_SIZE), np.uint8)
    images = np.zeros((len(kept), SIDE, SIDE), np.uint8)
    for number, (_, seen) in enumerate(drawings.values()):
        inks[number] = np.asarray(seen.steps["input"])
        crop = np.asarray(seen.steps["crop"])[:SIDE, :SIDE]
        top, left = ((SIDE - length) // 2 for length in crop.shape)
        images[number, top : top + crop.shape[0], left : left + crop.shape[1]] = crop
    labels = np.array([ALL.index(record.label) for record in kept], np.uint8)
    splits = np.array([split_of(record) for record in kept], int)
    return Corrections(kept, inks, Scans(images, labels, labels, splits))
