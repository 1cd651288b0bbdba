"""Training pictures, drawn anew each time they are asked for and read by the function that serves.

Pen strokes are drawn with other pens, sizes and slants; scans are rotated, sheared, stretched and deformed. Smooth
random deformation follows Simard, Steinkraus and Platt (2003), from a coarse grid: that costs less than blurring noise.
"""

import cv2
import numpy as np
from PIL import Image

from app.recognition.preprocessing import INK_SIZE, NothingDrawn, preprocess

ROTATION = 6.0  # standard deviations: degrees,
SLANT = 0.14  # horizontal shift per height,
STRETCH = 0.12  # log of width over height,
BEND = 0.025  # smooth displacement, of the longer side,
STROKE_SHIFT = 0.015  # displacement of one stroke against the others, of the longer side
CANVAS = 280  # the pens below are those of a canvas of this side
PEN_WIDTHS = (5.0, 26.0)
SIZES = (0.26, 0.9)  # of the canvas
SMALL = 72.0  # pixels: the longer side of what training draws
SUBPIXEL_BITS = 4


def random_affine(rng: np.random.Generator) -> np.ndarray:
    """A (2, 2) matrix that rotates, slants and stretches a little."""
    angle, slant, stretch = rng.normal(size=3) * (np.deg2rad(ROTATION), SLANT, STRETCH)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return rotation @ np.array([[1, slant], [0, 1]]) @ np.diag([np.exp(stretch / 2), np.exp(-stretch / 2)])


def draw(
    strokes: list[np.ndarray], rng: np.random.Generator | None, *, pen: float = 18.0, size: float = 0.7
) -> Image.Image:
    """Draw strokes, each (n, 2) with y down, as a canvas does: round pen, anti-aliased, white on black, mode "L".

    Without a generator the pen is `pen` pixels wide and the character's longer side `size` of a canvas of 280 pixels.
    With one, pen, size and shape vary. The picture is cropped close: where a character stands means nothing.
    """
    points = np.concatenate(strokes)
    points = (points - (points.min(0) + points.max(0)) / 2) / longer_side(points)
    lengths = [len(stroke) for stroke in strokes]
    height = size * CANVAS
    if rng is not None:
        pen, size = rng.uniform(*PEN_WIDTHS), rng.uniform(*SIZES)
        # What a size changes is how wide the pen is beside it, which a small picture shows as well.
        height, pen = SMALL, pen * SMALL / (size * CANVAS)
        points = distort(points, lengths, rng)
    low, high = points.min(0), points.max(0)
    scale = height / longer_side(points)
    margin = pen / 2 + 3
    path = np.rint(((points - low) * scale + margin) * 2**SUBPIXEL_BITS).astype(np.int32)
    width, height = np.ceil((high - low) * scale + 2 * margin).astype(int)
    canvas = np.zeros((height, width), np.uint8)
    for stroke in np.split(path, np.cumsum(lengths)[:-1]):
        line = stroke if len(stroke) > 1 else np.repeat(stroke, 2, axis=0)  # OpenCV draws no line of one point
        cv2.polylines(canvas, [line], False, 255, max(round(pen), 1), cv2.LINE_AA, SUBPIXEL_BITS)
    return Image.fromarray(canvas)


def longer_side(points: np.ndarray) -> float:
    return max(float((points.max(0) - points.min(0)).max()), 1e-6)


def distort(points: np.ndarray, lengths: list[int], rng: np.random.Generator) -> np.ndarray:
    """Points (n, 2) of a character of size 1, rotated, slanted, stretched, bent, and each stroke shifted a little."""
    points = points @ random_affine(rng).T
    wave, phase = rng.normal(size=(2, 2)) * 4, rng.uniform(0, 2 * np.pi, 2)
    points = points + np.sin(points @ wave + phase) * rng.normal(size=2) * BEND * 2
    return points + np.repeat(rng.normal(size=(len(lengths), 2)) * STROKE_SHIFT, lengths, axis=0)


def deform(image: np.ndarray, rng: np.random.Generator) -> Image.Image:
    """A square scan, (n, n) uint8, at twice its size if that is small, rotated, slanted, stretched, bent and scaled."""
    size = len(image)
    zoom = 2 if size <= INK_SIZE else 1
    side = zoom * size
    inverse = random_affine(rng) / np.exp(rng.normal() * 0.06) / zoom
    grid = np.arange(side, dtype=np.float32) - (side - 1) / 2
    field = rng.normal(size=(5, 5, 2)).astype(np.float32) * BEND * 20 * size / INK_SIZE
    bend = cv2.resize(field, (side, side), interpolation=cv2.INTER_CUBIC)
    source = np.empty((side, side, 2), np.float32)
    for axis in range(2):
        source[..., axis] = inverse[axis, 0] * grid + inverse[axis, 1] * grid[:, None] + (size - 1) / 2
    source += bend
    return Image.fromarray(cv2.remap(image, source[..., 0], source[..., 1], cv2.INTER_CUBIC))


def read(picture: Image.Image) -> np.ndarray | None:
    """What a model would see of the picture, (28, 28) uint8, or None where it would see nothing."""
    try:
        return np.rint(preprocess(picture).input * 255).astype(np.uint8)
    except NothingDrawn:
        return None
