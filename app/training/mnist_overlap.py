"""The digits of EMNIST that are MNIST's own test scans.

Both sets were cut from NIST's special databases, so EMNIST holds the very scans that MNIST's test set consists of, cut
and scaled otherwise, and who trains on them measures nothing on that test. To find them, all pictures are brought into
one form and compared. There are two forms, because whole pixels hide from the first what the second still finds.
"""

import numpy as np
from PIL import Image
from tqdm import tqdm

FAINTEST_INK = 40  # of 255: fainter is EMNIST's blur, and would make the box too large
SPREAD = 6.7  # pixels: the median of MNIST's pictures
BLOCK = 1024


def overlaps_mnist_test(digits: np.ndarray, mnist_test: np.ndarray, *, progress: bool = True) -> np.ndarray:
    """Marks the digits that show a scan of MNIST's test set, and some that only look the same.

    Args:
        digits: (n, 28, 28) uint8, upright, ink bright.
        mnist_test: (m, 28, 28) uint8, MNIST's `x_test`.

    Returns:
        (n,) bool: in one of the forms, the correlation with some test picture is above that form's limit.
    """
    tests = [_unit_vectors(mnist_test, form) for form in HIGHEST_CORRELATION]  # each (m, 784)
    marks = np.zeros(len(digits), bool)
    for start in tqdm(range(0, len(digits), BLOCK), "comparing with MNIST's test", unit="block", disable=not progress):
        block = slice(start, start + BLOCK)
        for test, (form, limit) in zip(tests, HIGHEST_CORRELATION.items(), strict=True):
            marks[block] |= (_unit_vectors(digits[block], form) @ test.T).max(axis=1) > limit
    return marks


def fitted_to_box(picture: np.ndarray) -> np.ndarray:
    """Ink fitted into 20 x 20 and centred by mass, to a whole pixel, as MNIST's is: (28, 28) uint8 to the same."""
    framed = np.zeros((28, 28), np.uint8)
    rows, columns = (np.flatnonzero((picture > FAINTEST_INK).any(axis)) for axis in (1, 0))
    if not len(rows):
        return framed
    crop = Image.fromarray(picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = 20 / max(crop.size)
    fitted = np.asarray(crop.resize([max(1, round(side * scale)) for side in crop.size], Image.Resampling.LANCZOS))
    places = []
    for axis, length in enumerate(fitted.shape):
        middle = np.average(np.arange(length), weights=fitted.sum(axis=1 - axis))
        place = min(max(round(13.5 - middle), 0), 28 - length)
        places.append(slice(place, place + length))
    framed[tuple(places)] = fitted
    return framed


def fitted_to_spread(picture: np.ndarray) -> np.ndarray:
    """Ink centred by mass and scaled to one spread about it, neither rounded: (28, 28) uint8 to the same."""
    mass = picture.sum(dtype=float)
    if not mass:
        return picture
    rows, columns = np.mgrid[:28, :28] + 0.5
    row, column = (picture * rows).sum() / mass, (picture * columns).sum() / mass
    spread = np.sqrt((picture * ((rows - row) ** 2 + (columns - column) ** 2)).sum() / mass)
    step = max(spread, 1) / SPREAD
    corner = (step, 0, column - 14 * step, 0, step, row - 14 * step)
    return np.asarray(
        Image.fromarray(picture).transform((28, 28), Image.Transform.AFFINE, corner, Image.Resampling.BICUBIC)
    )


HIGHEST_CORRELATION = {fitted_to_box: 0.93, fitted_to_spread: 0.96}


def _unit_vectors(pictures: np.ndarray, form) -> np.ndarray:
    """(n, 28, 28) uint8 to (n, 784) float32, whose products are correlations; 0 for a blank picture."""
    vectors = np.stack([form(picture) for picture in pictures]).reshape(len(pictures), -1).astype(np.float32)
    vectors -= vectors.mean(axis=1, keepdims=True)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
