"""How reading holds out: scans corrupted as in MNIST-C, drawings turned, shrunk, moved, and with other pens.

    DATA_DIR=... python -m benchmarks.usual_training   # once: the usual app's networks
    DATA_DIR=... python -m benchmarks.robustness [--chart doc/images/robustness.svg]

Inkloop's preprocessing and models, and the usual app's, in this process, on the same pictures. Scans are of MNIST's
test, drawings by the writers that nobody trains on.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from app.recognition.preprocessing import NothingDrawn, preprocess
from app.recognition.recognizer import Recognizer
from app.training.datasets import ALL, TEST, Corpus, data_folder
from app.training.report import TRAINED
from benchmarks.corruptions import CORRUPTIONS
from benchmarks.drawings import draw, mode_of
from benchmarks.usual_app import models, prepare
from benchmarks.usual_network import LABELS
from tests.drawings import data_url

SEED = 1
READERS = ("Inkloop", "the usual app")
KINDS = {"digit": "digits", "character": "letters, case ignored"}
CONDITIONS: dict[str, tuple[str, Sequence[float]]] = {
    "turned, degrees": ("turn", (-30, -20, -10, 0, 10, 20, 30)),
    "pen, pixels of 280": ("pen", (2, 4, 8, 12, 18, 24, 32, 40)),
    "size, share of the canvas": ("size", (0.08, 0.12, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 0.95)),
    "place, from the middle to a corner": ("place", (0, 0.25, 0.5, 0.75, 1)),
}
PLACED_SIZE = 0.4  # of the canvas: at its full size a character cannot be moved

Read = Callable[[Iterable[Image.Image], str], list[str | None]]


class Character(NamedTuple):
    label: str
    strokes: list[np.ndarray]


def ours() -> Read:
    """Labels of pictures in a mode; None where there is nothing to read."""
    recognizer = Recognizer.load(TRAINED)

    def read(pictures: Iterable[Image.Image], mode: str) -> list[str | None]:
        labels = recognizer.cards[mode]["labels"]
        found = []
        for picture in pictures:
            try:
                ink = preprocess(picture).input
            except NothingDrawn:
                found.append(None)
            else:
                found.append(labels[int(recognizer.predict(ink[None], mode)[0].argmax())])
        return found

    return read


def usual(pictures: Iterable[Image.Image], mode: str) -> list[str]:
    inputs = np.concatenate([prepare(data_url(picture)) for picture in pictures])
    found = models[mode].predict(inputs, batch_size=512, verbose=0).argmax(1)
    return [LABELS[mode][i] for i in found]


def share_right(found: Sequence[str | None], labels: Sequence[str]) -> float:
    """Case ignored."""
    return float(np.mean([(one or "").lower() == label.lower() for one, label in zip(found, labels, strict=True)]))


def corrupted(corpus: Corpus, count: int, readers: Sequence[Read]) -> dict[str, list[list[float]]]:
    """For no corruption and each: for every severity, the share of `count` scans that each reader reads rightly."""
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(np.flatnonzero(corpus.mnist.splits == TEST))[:count]
    scans, labels = corpus.mnist.images[chosen], [ALL[i] for i in corpus.mnist.labels[chosen]]

    def shares(pictures: list[Image.Image]) -> list[float]:
        return [share_right(read(pictures, "digit"), labels) for read in readers]

    found = {"none": [shares([Image.fromarray(scan) for scan in scans])]}
    for name, corruption in tqdm(CORRUPTIONS.items(), desc="corruptions", leave=False):
        found[name] = [
            shares([Image.fromarray(corruption(scan, severity, rng)) for scan in scans])
            for severity in range(1, len(corruption.severities) + 1)
        ]
    return found


def characters(corpus: Corpus, per_class: int) -> dict[str, list[Character]]:
    """`per_class` characters of every label by unseen writers, by mode."""
    rng = np.random.default_rng(SEED)
    drawings, found = corpus.unipen, {mode: [] for mode in KINDS}
    for position, label in enumerate(ALL):
        members = np.flatnonzero((drawings.splits == TEST) & (drawings.labels == position))
        for member in rng.permutation(members)[:per_class]:
            found[mode_of(label)].append(Character(label, drawings.strokes(member)))
    return found


def drawn(chosen: Sequence[Character], mode: str, readers: Sequence[Read]) -> dict[str, list[list[float]]]:
    """For each of CONDITIONS: for every value, the share that each reader reads rightly."""
    found = {}
    labels = [each.label for each in chosen]
    for name, (argument, values) in tqdm(CONDITIONS.items(), desc=KINDS[mode], leave=False):
        found[name] = []
        for value in values:
            how = {"size": PLACED_SIZE, "place": (value, value)} if argument == "place" else {argument: value}
            pictures = [draw(each.strokes, **how) for each in chosen]
            found[name].append([share_right(read(pictures, mode), labels) for read in readers])
    return found


def per_cent(share: float) -> str:
    return f"{100 * share:.1f}"


def corruptions_table(found: dict[str, list[list[float]]]) -> str:
    """A row a corruption, MNIST-C's own severity in bold, in Markdown."""
    lines = [f"| % read rightly: {' / '.join(READERS)} | 1 | 2 | 3 | 4 | 5 |", "| --- |" + " ---: |" * 5]
    standard = []
    for name, severities in found.items():
        cells = [" / ".join(map(per_cent, shares)) for shares in severities]
        if name in CORRUPTIONS:
            which = CORRUPTIONS[name].standard - 1
            standard.append(severities[which])
            cells[which] = f"**{cells[which]}**"
        lines.append(f"| {name} | {' | '.join(cells + [''] * (5 - len(cells)))} |")
    mean = " / ".join(map(per_cent, np.mean(standard, 0)))
    return "\n".join([*lines, f"| mean of the bold | **{mean}** | | | | |"])


def conditions_tables(found: dict[str, dict[str, list[list[float]]]]) -> str:
    """A table a condition: a column a value, a row a reader and kind of character, in Markdown."""
    tables = []
    for name, (_, values) in CONDITIONS.items():
        lines = [f"| {name} | {' | '.join(map(str, values))} |", "| --- |" + " ---: |" * len(values)]
        for mode, kind in KINDS.items():
            for reader, title in enumerate(READERS):
                cells = " | ".join(per_cent(shares[reader]) for shares in found[mode][name])
                lines.append(f"| {kind}, {title} | {cells} |")
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


def chart(found: dict[str, dict[str, list[list[float]]]], file: Path) -> None:
    """The curves of conditions_tables."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.6), layout="constrained")
    panels = figure.subplots(len(KINDS), len(CONDITIONS), sharey=True, sharex="col")
    for row, (mode, kind) in zip(panels, KINDS.items(), strict=True):
        row[0].set_ylabel(f"% of {kind}")
        for panel, (name, (_, values)) in zip(row, CONDITIONS.items(), strict=True):
            for reader, (title, style) in enumerate(zip(READERS, ("o-", "s--"), strict=True)):
                panel.plot(values, [100 * shares[reader] for shares in found[mode][name]], style, label=title)
            panel.set_ylim(0, 101)
            panel.grid(alpha=0.3)
    for panel, name in zip(panels[-1], CONDITIONS, strict=True):
        panel.set_xlabel(name)
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--scans", type=int, default=2000, help="of MNIST's test (default %(default)s)")
    arguments.add_argument("--per-class", type=int, default=10, help="drawings of a label (default %(default)s)")
    arguments.add_argument("--chart", type=Path, help="file for the curves, .svg or .png")
    options = arguments.parse_args()
    corpus, readers = Corpus(data_folder()), (ours(), usual)
    print(corruptions_table(corrupted(corpus, options.scans, readers)))
    chosen = characters(corpus, options.per_class)
    found = {mode: drawn(each, mode, readers) for mode, each in chosen.items()}
    print(f"\n{', '.join(f'{len(each)} {KINDS[mode]}' for mode, each in chosen.items())}\n")
    print(conditions_tables(found))
    if options.chart:
        chart(found, options.chart)


if __name__ == "__main__":
    main()
