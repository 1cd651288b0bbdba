"""Isolated characters from files in the UNIPEN 1.0 format.

I. Guyon, L. Schomaker, R. Plamondon, M. Liberman, S. Janet, "UNIPEN project of on-line data exchange and recognizer
benchmarks", ICPR 1994. A file is a row of statements; a statement is a keyword with a dot in the first column, and all
that follows it up to the next. The pen's way is a row of components (`.PEN_DOWN`, `.PEN_UP`), and `.SEGMENT` says which
of them, by number, make up a character.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

SIDE = 4000

STATEMENT = re.compile(r"^\.([A-Z_]+)", re.MULTILINE)
SEGMENT = re.compile(r'(?P<level>\S+)\s+(?P<components>[\d:,-]+)\s+(?:\S+\s+)?"(?P<label>.*)"', re.DOTALL)
RANGE = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?")


class UnipenError(ValueError):
    """Text that is not UNIPEN's, or that contradicts itself."""


class Character(NamedTuple):
    """A labelled character: each stroke is (n, 2) float64 in the tablet's units, x to the right, y up."""

    label: str
    strokes: list[np.ndarray]


class _Component(NamedTuple):
    down: bool
    columns: list[str]
    text: str

    def points(self) -> np.ndarray:
        """(n, 2) float64."""
        try:
            numbers = np.array(self.text.split(), np.float64).reshape(-1, len(self.columns))
            points = numbers[:, [self.columns.index("X"), self.columns.index("Y")]]
        except ValueError as error:
            raise UnipenError(f"points that are not rows of {' '.join(self.columns)}: {error}") from None
        if not np.isfinite(points).all():
            raise UnipenError("points that are not finite")
        return points


def read_characters(path: Path, include_folder: Path) -> tuple[list[Character], list[str]]:
    """The segments of level CHARACTER in a file and in what it includes.

    Args:
        path: the file.
        include_folder: where the names in `.INCLUDE` begin. Some begin at the including file instead.

    Returns:
        The characters in the file's order, and a line for each segment that could not be read.

    Raises:
        UnipenError: a file that it includes is missing, or includes itself.
    """
    columns = ["X", "Y"]
    components: list[_Component] = []
    segments: list[str] = []
    for keyword, text in _statements(path, include_folder.resolve()):
        if keyword == "COORD":
            columns = text.split()
        elif keyword in ("PEN_DOWN", "PEN_UP") and text:  # one without points has no number
            components.append(_Component(keyword == "PEN_DOWN", columns, text))
        elif keyword == "SEGMENT":
            segments.append(text)
    characters, problems = [], []
    for segment in segments:
        try:
            match = SEGMENT.fullmatch(segment)
            if not match:
                raise UnipenError("not a level, components, a quality and a label")
            if match["level"] == "CHARACTER":
                characters.append(Character(match["label"].strip(), _strokes(match["components"], components)))
        except UnipenError as error:
            problems.append(f"{path.name}, .SEGMENT {segment[:60]}: {error}")
    return characters, problems


def fit_to_square(strokes: list[np.ndarray]) -> list[np.ndarray]:
    """UNIPEN's strokes as int16, y turned to point down, the longer side of the whole 0 to 4000, aspect kept."""
    flipped = [stroke * (1, -1) for stroke in strokes]
    points = np.concatenate(flipped)
    origin = points.min(axis=0)
    extent = (points.max(axis=0) - origin).max()
    scale = SIDE / extent if extent else 0
    return [np.round((stroke - origin) * scale).astype(np.int16) for stroke in flipped]


def _statements(path: Path, include_folder: Path, including: tuple[Path, ...] = ()) -> Iterator[tuple[str, str]]:
    path = path.resolve()
    if path in including:
        raise UnipenError(f"{path.name} includes itself")
    keywords_and_texts = STATEMENT.split(path.read_text("latin-1"))[1:]
    for keyword, text in zip(keywords_and_texts[::2], keywords_and_texts[1::2], strict=True):
        text = text.strip()
        if keyword == "INCLUDE":
            yield from _statements(_included(text, path, include_folder), include_folder, (*including, path))
        else:
            yield keyword, text


def _included(name: str, path: Path, include_folder: Path) -> Path:
    for folder in (include_folder, path.parent):
        file = (folder / name).resolve()
        if file.is_file() and file.is_relative_to(include_folder):
            return file
    raise UnipenError(f"{path.name} includes what is not there: {name[:60]}")


def _strokes(ranges: str, components: list[_Component]) -> list[np.ndarray]:
    """What the pen wrote in `3`, `0-2,5` or, from point 12 of component 3 to point 5 of component 4, `3:12-4:5`."""
    strokes = []
    for text in ranges.split(","):
        match = RANGE.fullmatch(text)
        if not match:
            raise UnipenError(f"no range of components: {text}")
        first, first_point, last, last_point = (int(number) if number else None for number in match.groups())
        if last is None:
            last, last_point = first, first_point
        if not first <= last < len(components):
            raise UnipenError(f"no such components: {text} of {len(components)}")
        for number in range(first, last + 1):
            if components[number].down:
                start = first_point if number == first else None
                stop = last_point + 1 if number == last and last_point is not None else None
                strokes.append(components[number].points()[start:stop])
    strokes = [stroke for stroke in strokes if len(stroke)]
    if not strokes:
        raise UnipenError("no ink")
    return strokes
