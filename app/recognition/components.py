"""Connected components of a bitmap, in NumPy alone: what serves carries no image-processing library."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Components:
    """The 8-connected components of a mask, as horizontal runs.

    rows, starts, stops: (runs,) where each run lies; stop is exclusive. labels: (runs,) its component, 0 to count - 1.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    labels: np.ndarray
    count: int

    def areas(self) -> np.ndarray:
        """Pixels in each component, (count,)."""
        return np.bincount(self.labels, self.stops - self.starts, self.count)

    def totals(self, picture: np.ndarray) -> np.ndarray:
        """The sum of a (height, width) picture over each component, (count,)."""
        sums = np.zeros((self.shape[0], self.shape[1] + 1))
        np.cumsum(picture, axis=1, out=sums[:, 1:])
        return np.bincount(self.labels, sums[self.rows, self.stops] - sums[self.rows, self.starts], self.count)

    def boxes(self) -> np.ndarray:
        """Left, top, right, bottom of each component (right and bottom exclusive), (count, 4)."""
        boxes = np.tile([self.shape[1], self.shape[0], 0, 0], (self.count, 1))
        np.minimum.at(boxes[:, 0], self.labels, self.starts)
        np.minimum.at(boxes[:, 1], self.labels, self.rows)
        np.maximum.at(boxes[:, 2], self.labels, self.stops)
        np.maximum.at(boxes[:, 3], self.labels, self.rows + 1)
        return boxes

    def mask(self, keep: np.ndarray) -> np.ndarray:
        """A bool picture of the components that `keep`, (count,) bool, names."""
        height, width = self.shape
        kept = keep[self.labels]
        edges = np.zeros(height * (width + 1), np.int8)
        first = self.rows[kept] * (width + 1)
        edges[first + self.starts[kept]] = 1
        edges[first + self.stops[kept]] -= 1
        return np.cumsum(edges, dtype=np.int8).reshape(height, width + 1)[:, :width].astype(bool)


def connected_components(mask: np.ndarray) -> Components:
    """Label the 8-connected components of a (height, width) bool mask.

    Runs of a row are joined to the overlapping runs of the row above, then each run takes the smallest number it is
    joined to until nothing changes, halving paths as it goes (Shiloach and Vishkin, 1982).
    """
    filled = mask.any(1).nonzero()[0], mask.any(0).nonzero()[0]
    if not len(filled[0]):
        nothing = np.zeros(0, np.intp)
        return Components(mask.shape, nothing, nothing, nothing, nothing, 0)
    (top, bottom), (left, right) = ((where[0], where[-1] + 1) for where in filled)
    height, width = bottom - top, right - left  # of what is looked at: most of a canvas is empty
    padded = np.zeros((height, width + 2), bool)
    padded[:, 1:-1] = mask[top:bottom, left:right]
    edges = np.flatnonzero(padded[:, 1:] != padded[:, :-1])  # flat: NumPy finds them several times faster than by axes
    rows, columns = np.divmod(edges, width + 1)
    rows, starts, stops = rows[::2], columns[::2], columns[1::2]
    # On one line, with rows further apart than any run is long, "overlaps a run of the row above" is a sorted search.
    line = rows * (width + 2)
    above = line - (width + 2)
    low = np.searchsorted(line + stops, above + starts, "left")  # the first that ends at or after our start: diagonal
    high = np.searchsorted(line + starts, above + stops, "right")
    joins = np.maximum(high - low, 0)
    lower = np.repeat(np.arange(len(rows)), joins)
    upper = np.repeat(low - (np.cumsum(joins) - joins), joins) + np.arange(joins.sum())
    parents = np.arange(len(rows))
    while not np.array_equal(a := parents[lower], b := parents[upper]):
        np.minimum.at(parents, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(grand := parents[parents], parents):
            parents = grand
    roots, labels = np.unique(parents, return_inverse=True)
    return Components(mask.shape, rows + top, starts + left, stops + left, labels, len(roots))
