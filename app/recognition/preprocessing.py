"""Picture in, 28 x 28 ink out: the one function that training and serving share.

grey     one channel: the one in which ink and paper differ most
ink      how much ink each pixel holds: polarity and threshold found by themselves
crop     the character alone, without specks and page edges, its pen brought to one width
input    centred by mass: what the models read
"""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from app.recognition.character import find_character
from app.recognition.errors import NothingDrawn
from app.recognition.pen import FINENESS, to_one_pen
from app.recognition.thresholding import find_ink, to_grey

__all__ = ["INK_SIZE", "Ink", "NothingDrawn", "preprocess", "to_picture"]

INK_SIZE = 28  # side of what the models read, pixels
WORKING_SIDE = 512  # larger pictures are reduced first: beyond this a character gains nothing


@dataclass(frozen=True)
class Ink:
    """What the models read, and how it came about.

    input: (28, 28) float32 in [0, 1], ink bright. box: left, top, right, bottom of the character, pixels of the picture
    that was given. steps: "grey", "ink", "crop" and "input" as pictures of mode "L", where they were asked for.
    """

    input: np.ndarray
    box: tuple[int, int, int, int]
    steps: dict[str, Image.Image] = field(default_factory=dict)


def preprocess(picture: Image.Image, *, keep_steps: bool = False) -> Ink:
    """Find the character in an opaque "L" or "RGB" picture of any size, and bring it to what the models read.

    Raises NothingDrawn where no ink is found.
    """
    factor = -(-max(picture.size) // WORKING_SIDE)
    reduced = picture.reduce(factor) if factor > 1 else picture
    grey = to_grey(reduced)
    ink, box = find_character(find_ink(grey))
    crop = to_one_pen(ink, box)
    centred = centre(crop)
    steps = {}
    if keep_steps:
        steps = {"grey": grey, "ink": Image.fromarray(ink), "crop": Image.fromarray(crop), "input": to_picture(centred)}
    left, top, right, bottom = (int(edge) * factor for edge in box)
    return Ink(centred, (left, top, min(right, picture.width), min(bottom, picture.height)), steps)


def to_picture(ink: np.ndarray) -> Image.Image:
    """A float array in [0, 1] as a picture of mode "L"."""
    return Image.fromarray(np.rint(ink * 255).astype(np.uint8))


def centre(crop: np.ndarray) -> np.ndarray:
    """The crop with its centre of mass in the middle, none of it outside, reduced to (28, 28) float32 in [0, 1].

    Raises NothingDrawn where the ink is so fine that the one pen left nothing of it.
    """
    side = INK_SIZE * FINENESS
    rows, columns = (crop.any(axis).nonzero()[0] for axis in (1, 0))
    if not len(rows):
        raise NothingDrawn()
    crop = crop[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1][:side, :side]
    canvas = np.zeros((side, side), np.float32)
    place = []
    for axis, length in enumerate(crop.shape):
        mass = crop.sum(axis=1 - axis, dtype=np.float32)
        middle = mass @ np.arange(0.5, length) / mass.sum()
        place.append(min(max(round(side / 2 - middle), 0), side - length))
    canvas[place[0] : place[0] + crop.shape[0], place[1] : place[1] + crop.shape[1]] = crop
    return canvas.reshape(INK_SIZE, FINENESS, INK_SIZE, FINENESS).mean((1, 3)) / np.float32(255)
