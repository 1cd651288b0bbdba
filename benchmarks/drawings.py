"""The drawings that every app is asked to read, made as a canvas makes them: round pen, anti-aliased, 280 x 280.

"neat"  in the middle, 70 % of the canvas, pen 18 pixels wide
"free"  anywhere, 28-85 % of the canvas, pen 6-24 pixels wide
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from app.training.datasets import ALL, DIGITS, TEST, Corpus
from tests.drawings import STROKES, data_url

SIDE, FINENESS = 280, 4
STYLES = ("neat", "free")
NEAT_PEN, NEAT_SIZE = 18.0, 0.70  # pixels; share of the canvas
FREE_PENS, FREE_SIZES = (6.0, 24.0), (0.28, 0.85)


@dataclass(frozen=True)
class Drawing:
    """What is sent (body, JSON) and what it shows. style: "neat", "free", or "by hand" for what no person drew."""

    label: str
    style: str
    body: bytes

    @property
    def mode(self) -> str:
        return mode_of(self.label)


def mode_of(label: str) -> str:
    return "digit" if label in DIGITS else "character"


def by_writers(folder: Path, per_class: int, rng: np.random.Generator) -> list[Drawing]:
    """`per_class` characters of every label in both styles, by the writers that nobody trains on, in random order."""
    strokes = Corpus(folder).unipen
    measuring = np.flatnonzero(strokes.splits == TEST)
    drawings = []
    for position, label in enumerate(ALL):
        members = rng.permutation(measuring[strokes.labels[measuring] == position])[:per_class]
        drawings += [made(label, strokes.strokes(member), style, rng) for member in members for style in STYLES]
    return [drawings[i] for i in rng.permutation(len(drawings))]


def by_hand(per_class: int, rng: np.random.Generator) -> list[Drawing]:
    """The characters that the tests draw, for those without data: they time an app, but do not say how it reads."""
    characters = {label: [np.array(stroke) for stroke in strokes] for label, strokes in STROKES.items()}
    return [made(label, strokes, "by hand", rng) for _ in range(per_class) for label, strokes in characters.items()]


def made(label: str, strokes: list[np.ndarray], style: str, rng: np.random.Generator) -> Drawing:
    picture = draw(strokes) if style == "neat" else draw(strokes, **free(rng))
    return Drawing(label, style, json.dumps({"image": data_url(picture), "mode": mode_of(label)}).encode())


def free(rng: np.random.Generator) -> dict:
    """How draw() draws freely."""
    return {"pen": rng.uniform(*FREE_PENS), "size": rng.uniform(*FREE_SIZES), "place": rng.uniform(-1, 1, 2)}


def draw(
    strokes: list[np.ndarray],
    *,
    pen: float = NEAT_PEN,
    size: float = NEAT_SIZE,
    place: Sequence[float] = (0, 0),
    turn: float = 0,
) -> Image.Image:
    """Strokes, each (n, 2) with y down, black on white, mode "L".

    Args:
        pen: width, pixels.
        size: the longer side of the character as drawn, a share of the canvas.
        place: x and y from -1, as far left or up as all ink stays on the canvas, to 1.
        turn: degrees, clockwise.
    """
    room = max((SIDE * (1 - size) - pen) / 2, 0)
    angle = np.deg2rad(turn)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    strokes = [stroke @ rotation for stroke in strokes]
    points = np.concatenate(strokes)
    low, high = points.min(0), points.max(0)
    scale = SIDE * size / max(float((high - low).max()), 1e-6)
    radius = pen / 2 * FINENESS
    canvas = Image.new("L", (SIDE * FINENESS, SIDE * FINENESS), 255)
    ink = ImageDraw.Draw(canvas)
    for stroke in strokes:
        path = ((stroke - (low + high) / 2) * scale + SIDE / 2 + room * np.array(place)) * FINENESS
        ink.line([tuple(point) for point in path], fill=0, width=round(2 * radius))
        for x, y in path:  # every joint is round, and so are the ends
            ink.ellipse([x - radius, y - radius, x + radius, y + radius], fill=0)
    return canvas.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
