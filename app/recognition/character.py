"""Which of the ink is the character: its parts kept together, everything else dropped."""

import numpy as np

from app.recognition.components import Components, connected_components
from app.recognition.errors import NothingDrawn
from app.recognition.pen import pen_width


def find_character(ink: np.ndarray) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Keep the parts that make up the character; drop specks, far-off marks and page edges.

    Returns the ink with the rest cleared, and left, top, right, bottom of what is left. Raises NothingDrawn.
    """
    parts = connected_components(ink > 0)
    if parts.count == 0:
        raise NothingDrawn()
    boxes = parts.boxes()
    keep = np.ones(1, bool)
    if parts.count > 1:
        keep = belongs(ink, parts, boxes)
        if not keep.all():
            ink = np.where(parts.mask(keep), ink, 0).astype(np.uint8)
    return ink, (*boxes[keep, :2].min(0).tolist(), *boxes[keep, 2:].max(0).tolist())


def belongs(ink: np.ndarray, parts: Components, boxes: np.ndarray) -> np.ndarray:
    """Which components make up the character: (count,) bool.

    A speck is smaller than the pen is wide, or nowhere more ink than paper. What is small, and further from the largest
    part than that part is large, belongs to something else. So does the edge of a page.
    """
    areas = parts.areas()
    keep = np.ones(parts.count, bool)
    edge = along_the_border(parts)
    if areas[~edge].sum() > 0.05 * areas.sum():
        keep &= ~edge
    main = int(np.argmax(np.where(keep, areas, 0)))
    left, top, right, bottom = boxes[main]
    pen = pen_width(ink[top:bottom, left:right])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(1)
    gaps = np.maximum(boxes[main, :2] - boxes[:, 2:], boxes[:, :2] - boxes[main, 2:]).max(1)
    keep &= (sides >= 0.6 * pen) & (parts.totals(ink > 127) > 0)
    keep &= (gaps <= sides[main]) | (areas >= 0.25 * areas[main])
    keep[main] = True
    return keep


def along_the_border(parts: Components) -> np.ndarray:
    """Which components lie along more than half of a side of the picture, as a page's edge does: (count,) bool."""
    height, width = parts.shape
    lengths = parts.stops - parts.starts
    left, right, top, bottom = (
        np.bincount(parts.labels, pixels, parts.count)
        for pixels in (
            parts.starts == 0,
            parts.stops == width,
            lengths * (parts.rows == 0),
            lengths * (parts.rows == height - 1),
        )
    )
    return (np.maximum(left, right) > height / 2) | (np.maximum(top, bottom) > width / 2)
