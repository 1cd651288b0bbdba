"""Draws the sample pictures of the import page into app/static/samples: this project's own strokes in many manners.

python -m doc.samples
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from doc.painting import SIDE, as_picture, ground, lay, photographed, ruled, written

FOLDER = Path(__file__).parents[1] / "app" / "static" / "samples"


def biro(label: str, rng) -> Image.Image:
    paper = ruled(ground((250, 248, 240), rng, grain=1.2), (168, 192, 222), 23)
    paper[:, 21:23] = paper[:, 21:23] * 0.4 + np.array((226, 120, 128)) * 0.6
    return as_picture(lay(paper, (28, 44, 140), written(label, rng, pen=4, slant=0.14, at=(0.53, 0.5))))


def chalk(label: str, rng) -> Image.Image:
    board = ground((44, 66, 58), rng, grain=5, blur=5)
    worn = written(label, rng, pen=11, slant=0.05) * (rng.random((SIDE, SIDE, 1)) < 0.8)
    return as_picture(lay(board, (236, 236, 226), 0.95 * worn)).filter(ImageFilter.GaussianBlur(0.5))


def photo(label: str, rng) -> Image.Image:
    page = lay(ground((240, 236, 226), rng, grain=2), (38, 36, 48), written(label, rng, pen=6, height=0.5, turn=4))
    return photographed(page, rng)


def corner(label: str, rng) -> Image.Image:
    small = written(label, rng, pen=3, side=240, height=0.13, at=(0.82, 0.14), slant=0.1)
    return as_picture(lay(np.full((240, 240, 3), 255.0), (20, 24, 40), small)).convert("L")


def coloured(label: str, rng) -> Image.Image:
    paper = ruled(np.full((SIDE, SIDE, 3), 255.0), (214, 226, 240), 16, squared=True)
    return as_picture(lay(paper, (160, 32, 168), written(label, rng, pen=7, slant=0.08, turn=-5)))


def marker(label: str, rng) -> Image.Image:
    card = ground((214, 190, 150), rng, grain=4, blur=2)
    return as_picture(lay(card, (24, 22, 26), 0.94 * written(label, rng, pen=21, height=0.58, uneven=0.06)))


def screen(label: str, rng) -> Image.Image:
    glow = written(label, rng, pen=7, height=0.55, uneven=0)
    return as_picture(lay(np.full((SIDE, SIDE, 3), (16.0, 22.0, 40.0)), (126, 240, 214), glow))


def fax(label: str, rng) -> Image.Image:
    mask = written(label, rng, pen=7, side=128, height=0.6, slant=0.12)[..., 0]
    ragged = np.asarray(as_picture(255 * (mask + rng.normal(0, 0.18, mask.shape))).filter(ImageFilter.MedianFilter(3)))
    specks = rng.random(mask.shape) < 0.0012
    return Image.fromarray((ragged < 128) & ~specks)


def pencil(label: str, rng) -> Image.Image:
    paper = ground((238, 234, 224), rng, grain=4, blur=0.8)
    lead = written(label, rng, pen=4, height=0.6, slant=0.2, uneven=0.35) * (0.45 + 0.4 * rng.random((SIDE, SIDE, 1)))
    return as_picture(lay(paper, (70, 70, 76), lead)).convert("L")


def highlighter(label: str, rng) -> Image.Image:
    strokes = written(label, rng, pen=14, height=0.6, uneven=0.05)
    return as_picture(lay(np.full((SIDE, SIDE, 3), (253.0, 253.0, 250.0)), (250, 226, 40), strokes))


class Sample(NamedTuple):
    file: str
    label: str
    manner: str  # what it is, as the page says it
    drawn: Callable[[str, np.random.Generator], Image.Image]
    colours: int | None = None  # of a palette
    how: Mapping = MappingProxyType({})  # Pillow's options for the kind of file


SAMPLES = [
    Sample("biro.webp", "3", "a biro on lined paper", biro, how={"quality": 55, "method": 6}),
    Sample("chalk.jpg", "A", "chalk on a board", chalk, how={"quality": 45, "optimize": True}),
    Sample("photo.jpg", "7", "a photograph, askew and in shadow", photo, how={"quality": 50, "optimize": True}),
    Sample("corner.png", "R", "small, in a corner", corner, 16, {"optimize": True}),
    Sample("coloured.gif", "h", "violet ink on squared paper", coloured, 16),
    Sample("marker.webp", "5", "a thick marker on cardboard", marker, how={"quality": 50, "method": 6}),
    Sample("screen.png", "e", "light on a dark screen", screen, 16, {"optimize": True}),
    Sample("fax.bmp", "4", "a fax with specks", fax),
    Sample("pencil.jpg", "Q", "a pencil on rough paper", pencil, how={"quality": 45, "optimize": True}),
    Sample("highlighter.gif", "2", "a yellow highlighter", highlighter, 8),
]


def draw(sample: Sample) -> Image.Image:
    """The same each time."""
    picture = sample.drawn(sample.label, np.random.default_rng(ord(sample.label)))
    return picture.quantize(sample.colours, dither=Image.Dither.NONE) if sample.colours else picture


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    listed = []
    for sample in SAMPLES:
        picture = draw(sample)
        picture.save(FOLDER / sample.file, **sample.how)
        listed.append({"file": sample.file, "label": sample.label, "manner": sample.manner, "side": picture.width})
    (FOLDER / "samples.json").write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
