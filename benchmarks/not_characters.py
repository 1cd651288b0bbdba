"""What the models say of pictures that show no character: does `not_a_character`, or confidence, tell?

    DATA_DIR=... python -m benchmarks.not_characters [--per-kind 300] [--sheet sheet.png]

Both are what POST /api/predict answers. Of each kind: the share refused as blank, doubted by the pages (not_a_character
from 0.98 on), called "not sure" (by confidence), any of these, and none of these though confidence is 0.9 or more; and
how often one of these is found less of a character than a character by an unseen writer, drawn freely, by each of the
two measures (AUROC; what is refused counts as least).
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont
from scipy.stats import rankdata

from app.certainty import sure_from
from app.feedback.contact_sheet import sheet
from app.recognition.preprocessing import NothingDrawn, preprocess
from app.recognition.recognizer import Recognizer
from app.training.datasets import Corpus, data_folder
from app.training.rendering import distort, longer_side
from app.training.report import TRAINED
from benchmarks.drawings import SIDE, draw, free
from benchmarks.robustness import Character, characters

SEED = 1
HIGH = 0.9
DOUBT = 0.98  # as in app/static/result.js
MODE_OF = {"digits": "digit", "letters": "character", "digits and letters": "any"}
PHOTOGRAPHS = (
    *("astronaut", "brick", "camera", "chelsea", "coffee", "coins"),
    *("grass", "gravel", "hubble_deep_field", "moon", "retina", "rocket"),
)
# What could pass for a Latin letter or a digit is left out.
SYMBOLS = "&@#%$€§¶+=*<>?~^«»÷±√∞∑♥★☺☂♫✂✈☎→↔⇒"
FOREIGN = "ΓΔΘΛΞΠΣΦΨΩαβγδζθλμξπφψωБДЖИЛПФЦШЩЪЫЭЮЯбджйлфцшщюяאבגדהחטכלמנעפצקרשתअकखगघचजझ"
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
# Drawn as a hand would, y down.
SHAPES = {
    "triangle": [[(0, 10), (5, 0), (10, 10), (0, 10)]],
    "star": [[(2, 10), (5, 0), (8, 10), (0, 4), (10, 4), (2, 10)]],
    "house": [[(1, 10), (1, 5), (5, 0), (9, 5), (9, 10), (1, 10)], [(1, 5), (9, 5)]],
    "arrow": [[(0, 5), (10, 5)], [(6, 1), (10, 5), (6, 9)]],
    "heart": [[(5, 10), (0, 4), (1, 1), (3, 0), (5, 3), (7, 0), (9, 1), (10, 4), (5, 10)]],
    "tree": [[(5, 10), (5, 4)], [(2, 6), (0, 3), (3, 0), (7, 0), (10, 3), (8, 6), (2, 6)]],
    "fish": [[(0, 5), (3, 2), (7, 4), (10, 1), (10, 9), (7, 6), (3, 8), (0, 5)]],
    "grid": [[(3, 0), (3, 10)], [(7, 0), (7, 10)], [(0, 3), (10, 3)], [(0, 7), (10, 7)]],
}

Pictures = Iterator[Image.Image]


def blank(rng: np.random.Generator) -> Pictures:
    """Paper: plain, grainy, or in uneven light."""
    for kind in cycle(range(3)):
        paper = np.full((SIDE, SIDE), rng.uniform(180, 255))
        if kind:
            paper += rng.normal(0, rng.uniform(1, 4), paper.shape)
        if kind == 2:
            paper *= np.linspace(rng.uniform(0.6, 1), 1, SIDE)
        yield Image.fromarray(paper.clip(0, 255).astype(np.uint8))


def scribbles(rng: np.random.Generator) -> Pictures:
    """One to four strokes whose direction wanders."""
    while True:
        strokes = []
        for _ in range(rng.integers(1, 5)):
            turns = rng.normal(0, rng.uniform(0.1, 0.9), rng.integers(20, 120)).cumsum() + rng.uniform(0, 2 * np.pi)
            strokes.append(rng.uniform(-15, 15, 2) + np.stack([np.cos(turns), np.sin(turns)], 1).cumsum(0))
        yield draw(strokes, **free(rng))


def shapes(rng: np.random.Generator) -> Pictures:
    for shape in cycle(SHAPES.values()):
        points = np.concatenate([np.array(stroke, float) for stroke in shape])
        lengths = [len(stroke) for stroke in shape]
        points = distort(points / longer_side(points), lengths, rng)
        yield draw(np.split(points, np.cumsum(lengths)[:-1]), **free(rng))


def printed(characters: str) -> Callable[[np.random.Generator], Pictures]:
    def pictures(rng: np.random.Generator) -> Pictures:
        for character in cycle(characters):
            picture = Image.new("L", (SIDE, SIDE), 255)
            font = ImageFont.truetype(FONT, int(rng.uniform(80, 200)))
            ImageDraw.Draw(picture).text((SIDE / 2, SIDE / 2), character, fill=0, font=font, anchor="mm")
            yield picture

    return pictures


def photographs(rng: np.random.Generator) -> Pictures:
    """Square pieces of photographs and micrographs, as somebody would crop one."""
    originals = [Image.fromarray(getattr(skimage.data, name)()) for name in PHOTOGRAPHS]
    for original in cycle(originals):
        side = int(rng.uniform(0.25, 1) * min(original.size))
        left, top = (int(rng.uniform(0, length - side)) for length in original.size)
        yield original.convert("RGB").crop((left, top, left + side, top + side))


def several(drawn: Sequence[Character]) -> Callable[[np.random.Generator], Pictures]:
    def pictures(rng: np.random.Generator) -> Pictures:
        """Three characters side by side."""
        while True:
            strokes = []
            for place, i in enumerate(rng.choice(len(drawn), 3, replace=False)):
                points = np.concatenate(drawn[i].strokes)
                low, height = points.min(0), longer_side(points)
                strokes += [(stroke - low) / height + (1.15 * place, 0) for stroke in drawn[i].strokes]
            yield draw(strokes, **free(rng))

    return pictures


class Said(NamedTuple):
    """Of n pictures, (n,) each, NaN where one is refused as blank."""

    confidence: np.ndarray
    not_a_character: np.ndarray


def said_of(pictures: Sequence[Image.Image], recognizer: Recognizer, mode: str) -> Said:
    said = Said(np.full(len(pictures), np.nan), np.full(len(pictures), np.nan))
    for i, picture in enumerate(pictures):
        try:
            ink = preprocess(picture).input
        except NothingDrawn:
            continue
        probabilities, not_a_character = recognizer.read(ink[None], mode)
        said.confidence[i], said.not_a_character[i] = probabilities.max(), not_a_character[0]
    return said


def auroc(lower: np.ndarray, higher: np.ndarray) -> float:
    """How often one of `higher` is above one of `lower`, ties counted half (Mann and Whitney, 1947)."""
    ranks = rankdata(np.concatenate([lower, higher]))[len(lower) :]
    n, m = len(higher), len(lower)
    return float((ranks.sum() - n * (n + 1) / 2) / (n * m))


def row(name: str, said: Said, real: Said | None, sure: float) -> str:
    refused, doubted, unsure = np.isnan(said.confidence), said.not_a_character >= DOUBT, said.confidence < sure
    caught = refused | doubted | unsure
    shares = refused, doubted, unsure, caught, ~caught & (said.confidence >= HIGH)
    cells = [f"{100 * share.mean():.1f}" for share in shares]
    if real:
        cells.append(f"{auroc(np.nan_to_num(said.confidence), np.nan_to_num(real.confidence)):.3f}")
        odd, real_odd = (-np.nan_to_num(each.not_a_character, nan=np.inf) for each in (said, real))
        cells.append(f"**{auroc(odd, real_odd):.3f}**")
    return f"| {name} | {len(refused)} | {' | '.join(cells + [''] * (7 - len(cells)))} |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--per-kind", type=int, default=300, help="pictures of a kind (default %(default)s)")
    arguments.add_argument("--per-class", type=int, default=10, help="drawings of a label (default %(default)s)")
    arguments.add_argument("--sheet", type=Path, help="file for a picture of some of each kind")
    options = arguments.parse_args()
    rng = np.random.default_rng(SEED)
    drawn = characters(Corpus(data_folder()), options.per_class)
    drawn["any"] = drawn["digit"] + drawn["character"]
    kinds = {
        "blank paper": blank,
        "scribbles": scribbles,
        "shapes drawn": shapes,
        "symbols, printed": printed(SYMBOLS),
        "letters of other scripts, printed": printed(FOREIGN),
        "pieces of photographs": photographs,
        "three characters": several(drawn["any"]),
    }
    made = {
        name: [next(source) for source in [kind(rng)] for _ in range(options.per_kind)] for name, kind in kinds.items()
    }
    recognizer = Recognizer.load(TRAINED)
    for title, mode in MODE_OF.items():
        sure = sure_from(recognizer.cards[mode])
        real = said_of([draw(each.strokes, **free(rng)) for each in drawn[mode]], recognizer, mode)
        print(f"\nMode `{mode}`, not sure below {sure:.2f}\n")
        print("| pictures of | n | blank, % | doubted, % | not sure, % | any of these, % | read surely, % |", end="")
        print(" AUROC, confidence | AUROC, not_a_character |\n| --- |" + " ---: |" * 8)
        print(row(f"{title}, unseen writers", real, None, sure))
        said = {name: said_of(pictures, recognizer, mode) for name, pictures in made.items()}
        for name, each in said.items():
            print(row(name, each, real, sure))
    if options.sheet:
        sheet([(picture, name) for name, pictures in made.items() for picture in pictures[:12]]).save(options.sheet)


if __name__ == "__main__":
    main()
