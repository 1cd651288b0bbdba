"""A specimen of each label, drawn by this project: strokes as people write them.

static/specimens.json holds each label's strokes, each a list of points [x, y], y down, in a box of 1000 x 1000 with the
lines of an exercise book at LINES. They are drawn as the canvas draws (static/strokes.js): a point given twice is a
corner.
"""

import json
from itertools import pairwise
from pathlib import Path

LINES = {"capital": 120, "small": 420, "base": 760, "descender": 980}
FILE = Path(__file__).parent / "static" / "specimens.json"

Stroke = list[list[int]]


def path_of(strokes: list[Stroke]) -> str:
    """The strokes as an SVG path: curves through the midpoints of their points; a lone point is a dot."""
    return "".join(_curve(stroke) for stroke in strokes)


def _curve(stroke: Stroke) -> str:
    (first_x, first_y), (last_x, last_y) = stroke[0], stroke[-1]
    curves = [f"Q{x} {y} {(x + to_x) / 2:g} {(y + to_y) / 2:g}" for (x, y), (to_x, to_y) in pairwise(stroke)]
    return f"M{first_x} {first_y}" + "".join(curves) + (f"L{last_x} {last_y}" if curves else "h0")


STROKES: dict[str, list[Stroke]] = json.loads(FILE.read_text(encoding="utf-8"))
PATHS = {label: path_of(strokes) for label, strokes in STROKES.items()}
