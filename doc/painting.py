"""A specimen of this project written by hand on many grounds, for the sample pictures."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from app.specimens import STROKES

FINE = 3  # drawn this many times larger, for soft edges
SIDE = 160  # pixels

Picture = np.ndarray  # (height, width, 3) float, 0 to 255
Mask = np.ndarray  # (height, width, 1) float, 0 to 1


def curve(stroke: list[list[int]], steps: int = 12) -> np.ndarray:
    """Points along a stroke as app.specimens draws it, through the midpoints of its points: (n, 2)."""
    points = np.array(stroke, float)
    middles = (points[:-1] + points[1:]) / 2
    starts = np.concatenate([points[:1], middles[:-1]])
    t = np.linspace(0, 1, steps)[:, None, None]
    bends = (1 - t) ** 2 * starts + 2 * t * (1 - t) * points[:-1] + t**2 * middles
    return np.concatenate([bends.swapaxes(0, 1).reshape(-1, 2), points[-1:]])


def written(label: str, rng, *, pen, side=SIDE, height=0.62, at=(0.5, 0.5), slant=0.0, turn=0.0, uneven=0.2) -> Mask:
    """A specimen written by hand, with a pen of so many pixels, on a square of `side` pixels.

    height: of a capital, and at: the middle of the character, both in sides. slant: to the right by this part of the
    height. turn: degrees. uneven: how much the pressure varies.
    """
    mask = Image.new("L", (side * FINE, side * FINE))
    brush = ImageDraw.Draw(mask)
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    shape = np.array([[1, 0], [-slant, 1]]) @ np.array([[cos, sin], [-sin, cos]]) * height * side / 640 * FINE
    every = np.concatenate(STROKES[label])
    middle = (every.min(0) + every.max(0)) / 2
    for stroke in STROKES[label]:
        line = dense((curve(stroke) - middle) @ shape + np.array(at) * side * FINE)
        way = np.linspace(0, 1, len(line))
        tremble = sum(np.sin(2 * np.pi * (f * way + rng.random())) / f for f in (1, 2, 5)) / 1.7
        for (x, y), radius in zip(line, pen * FINE / 2 * (1 + uneven * tremble), strict=True):
            brush.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return np.asarray(mask.resize((side, side), Image.Resampling.BOX), float)[..., None] / 255


def dense(line: np.ndarray) -> np.ndarray:
    """The line with a point at each of its fine pixels."""
    lengths = np.concatenate([[0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
    even = np.linspace(0, lengths[-1], max(2, int(lengths[-1])))
    return np.stack([np.interp(even, lengths, line[:, axis]) for axis in (0, 1)], 1)


def ground(colour: tuple[int, int, int], rng, *, grain=2.0, blur=0.7, side=SIDE) -> Picture:
    """Paper, board or card of one colour, with grain."""
    noise = Image.fromarray(rng.normal(128, 40, (side, side)).clip(0, 255).astype(np.uint8))
    noise = np.asarray(noise.filter(ImageFilter.GaussianBlur(blur)), float) - 128
    return np.array(colour, float) + noise[..., None] / max(noise.std(), 1) * grain


def lay(below: Picture, colour: tuple[int, int, int], mask: Mask) -> Picture:
    return below * (1 - mask) + np.array(colour, float) * mask


def ruled(paper: Picture, colour: tuple[int, int, int], every: int, *, squared: bool = False) -> Picture:
    """The paper with lines printed on it."""
    paper = paper.copy()
    paper[every // 2 :: every] = paper[every // 2 :: every] * 0.3 + np.array(colour) * 0.7
    return ruled(paper.swapaxes(0, 1), colour, every).swapaxes(0, 1) if squared else paper


def photographed(page: Picture, rng) -> Image.Image:
    """The page askew on a dark table, lit from one side, with the shadow of a hand across it."""
    y, x = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    shadow = 1 / (1 + np.exp(-(x + 0.55 * y - 0.62) * 14))
    light = (1.02 - 0.22 * y) * (0.62 + 0.38 * shadow)
    table = ground((62, 47, 38), rng, grain=5, blur=1.5)
    corners = np.array([(0.04, 0.1), (0.89, 0.01), (0.98, 0.93), (0.11, 0.99)]) * SIDE
    back = perspective(corners, np.array([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)]))
    paper = (
        as_picture(page)
        .convert("RGBA")
        .transform((SIDE, SIDE), Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC)
    )
    mask = np.asarray(paper.getchannel("A"), float)[..., None] / 255
    lit = (table * (1 - mask) + np.asarray(paper.convert("RGB"), float) * mask) * light[..., None]
    return as_picture(lit).filter(ImageFilter.GaussianBlur(0.6))


def perspective(shown: np.ndarray, flat: np.ndarray) -> list[float]:
    """Pillow's eight numbers of the view in which the corners of `flat` are seen at those of `shown`."""
    rows, values = [], []
    for (x, y), (u, v) in zip(shown.tolist(), flat.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()


def as_picture(pixels: Picture) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))
