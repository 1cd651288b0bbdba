"""The writers whose style a model reads worst, and a data folder without them."""

from collections import Counter
from pathlib import Path

import numpy as np

from app.recognition.recognizer import Model
from app.training.datasets import ALL, TEST, Corpus
from app.training.rendering import draw, read
from app.training.samples import positions

FEWEST_DRAWINGS = {"digit": 40, "character": 100, "any": 100}  # of a writer
REPEATED = {"digit": 2, "character": 5, "any": 5}  # times that a writer's label is misread alike: a style, not a slip


def worst_read(corpus: Corpus, model: Model, mode: str, count: int) -> np.ndarray:
    """The `count` writers, by number, of whose drawings most are misread in the same way as others of theirs.

    Never one of those who measure. Writers of few drawings are left out, and so are slips, which hardly repeat.
    """
    strokes = corpus.unipen
    members = np.flatnonzero((strokes.splits != TEST) & (positions(mode)[strokes.labels] >= 0))
    seen = [(member, ink) for member in members if (ink := read(draw(strokes.strokes(member), None))) is not None]
    found = model.predict(np.stack([ink for _, ink in seen]) / np.float32(255)).argmax(1)
    misread = Counter()
    for (member, _), position in zip(seen, found, strict=True):
        label = strokes.labels[member]
        if positions(mode)[label] != position:
            misread[strokes.writers[member], label, position] += 1
    style = Counter()
    for (writer, _, _), times in misread.items():
        style[writer] += times * (times >= REPEATED[mode])
    drawn = Counter(strokes.writers[members].tolist())
    share = {
        writer: times / drawn[writer]
        for writer, times in style.items()
        if times and drawn[writer] >= FEWEST_DRAWINGS[mode]
    }
    return np.array(sorted(share, key=lambda writer: (-share[writer], writer))[:count])


def drawings_of(corpus: Corpus, writers: np.ndarray, mode: str) -> np.ndarray:
    """Where the writers' drawings of the mode's labels stand among all."""
    strokes = corpus.unipen
    return np.flatnonzero(np.isin(strokes.writers, writers) & (positions(mode)[strokes.labels] >= 0))


def label_of(corpus: Corpus, member: int) -> str:
    return ALL[corpus.unipen.labels[member]]


def data_without(folder: Path, writers: np.ndarray, target: Path) -> Path:
    """The data folder at `target`, but without any drawing of these writers; the splits of all others stay."""
    target.mkdir(parents=True)
    for file in folder.glob("*.npz"):
        if file.name != "unipen-strokes.npz":
            (target / file.name).symlink_to(file.resolve())
    with np.load(folder / "unipen-strokes.npz") as arrays:
        content = dict(arrays)
    staying = ~np.isin(content["writers"], writers)
    strokes = np.repeat(staying, np.diff(content["character_starts"]))
    points = np.repeat(strokes, np.diff(content["stroke_starts"]))
    content["points"] = content["points"][points]
    content["stroke_starts"] = starts(np.diff(content["stroke_starts"])[strokes])
    content["character_starts"] = starts(np.diff(content["character_starts"])[staying])
    for name in ("labels", "writers", "validation"):
        content[name] = content[name][staying]
    np.savez(target / "unipen-strokes.npz", **content)
    return target


def starts(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)])
