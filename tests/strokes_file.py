"""A file of pen strokes as the data folder has one, of the characters that tests draw."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from app.training.datasets import ALL
from tests.drawings import STROKES


def save_strokes(file: Path, drawn: Iterable[tuple[int, str, str]], writers: int, measuring: set[int]) -> None:
    """drawn: for each character its writer, whose strokes are drawn, and its label. measuring: writers who validate."""
    points, stroke_starts, character_starts, labels, by = [], [0], [0], [], []
    for writer, shape, label in drawn:
        for stroke in STROKES[shape]:
            points += [(round(x * 4000), round(y * 4000)) for x, y in stroke]
            stroke_starts.append(len(points))
        character_starts.append(len(stroke_starts) - 1)
        labels.append(ALL.index(label))
        by.append(writer)
    np.savez(
        file,
        points=np.array(points, np.int16),
        stroke_starts=np.array(stroke_starts, np.int32),
        character_starts=np.array(character_starts, np.int32),
        labels=np.array(labels, np.uint8),
        writers=np.array(by, np.int32),
        writer_names=np.array([f"them/{writer:02}.dat" for writer in range(writers)]),
        validation=np.isin(by, list(measuring)),
    )
