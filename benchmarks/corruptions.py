"""The fifteen corruptions of MNIST-C, on scans.

N. Mu and J. Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019 (arXiv:1906.02337), with its
parameters; the code is this project's own, and motion blur, which they leave to ImageMagick, only like theirs. Each
takes a scan, (28, 28) float in [0, 1], ink bright, its severity's parameter, and a generator, and returns a scan.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.ndimage import correlate
from skimage.feature import canny
from skimage.filters import gaussian
from skimage.transform import AffineTransform, warp
from skimage.util import random_noise

SIDE = 28
MIDDLE = (SIDE - 1) / 2
REACH = 2.3  # pixels to either side of a line that it darkens

Scan = np.ndarray


class Corruption(NamedTuple):
    """severities: the parameter of each, mildest first; one where there is but one. standard: MNIST-C's own, from 1."""

    corrupt: Callable[[Scan, Any, np.random.Generator], Scan]
    severities: tuple
    standard: int

    def __call__(self, scan: np.ndarray, severity: int, rng: np.random.Generator) -> np.ndarray:
        """(28, 28) uint8 at a severity, from 1, to (28, 28) uint8."""
        found = self.corrupt(scan / 255, self.severities[severity - 1], rng)
        return (np.clip(found, 0, 1) * 255).astype(np.uint8)


def shot_noise(scan: Scan, photons: float, rng: np.random.Generator) -> Scan:
    return rng.poisson(scan * photons) / photons


def impulse_noise(scan: Scan, amount: float, rng: np.random.Generator) -> Scan:
    return random_noise(scan, mode="s&p", amount=amount, rng=rng)


def glass_blur(scan: Scan, parameter: tuple[float, int, int], rng: np.random.Generator) -> Scan:
    sigma, distance, times = parameter
    scan = gaussian(scan, sigma)
    for _ in range(times):
        for at in np.ndindex(SIDE - 2 * distance, SIDE - 2 * distance):
            if rng.random() < 0.5:
                here = tuple(SIDE - distance - 1 - np.array(at))
                there = tuple(here + rng.integers(-distance, distance, 2))
                scan[here], scan[there] = scan[there], scan[here]
    return gaussian(scan, sigma)


def motion_blur(scan: Scan, parameter: tuple[int, float], rng: np.random.Generator) -> Scan:
    """The mean along a line that fades with distance from its start, at up to 45 degrees."""
    radius, sigma = parameter
    angle = np.deg2rad(rng.uniform(-45, 45))
    steps = np.arange(radius + 1)
    along = np.rint(np.outer(steps, (np.sin(angle), np.cos(angle)))).astype(int) + radius
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1))
    np.add.at(kernel, tuple(along.T), np.exp(-((steps / sigma) ** 2) / 2))
    return correlate(scan, kernel / kernel.sum(), mode="constant")


def about_the_middle(scan: Scan, **how) -> Scan:
    matrix = AffineTransform(**how).params
    matrix[:2, 2] = MIDDLE - matrix[:2, :2] @ (MIDDLE, MIDDLE)
    return warp(scan, AffineTransform(matrix))


def either_way(rng: np.random.Generator) -> int:
    return rng.choice((-1, 1))


def shear(scan: Scan, radians: float, rng: np.random.Generator) -> Scan:
    return about_the_middle(scan, shear=radians * either_way(rng))


def scale(scan: Scan, size: float, rng: np.random.Generator) -> Scan:
    return about_the_middle(scan, scale=1 / size)


def rotate(scan: Scan, radians: float, rng: np.random.Generator) -> Scan:
    return about_the_middle(scan, rotation=radians * either_way(rng))


def brightness(scan: Scan, more: float, rng: np.random.Generator) -> Scan:
    return scan + more


def translate(scan: Scan, pixels: int, rng: np.random.Generator) -> Scan:
    return warp(scan, AffineTransform(translation=(pixels * either_way(rng), pixels * either_way(rng))))


def stripe(scan: Scan, width: int, rng: np.random.Generator) -> Scan:
    """A column of `width` pixels on either side is inverted."""
    scan = scan.copy()
    for side in (slice(None, width), slice(-width, None)):
        scan[:, side] = 1 - scan[:, side]
    return scan


def fog(scan: Scan, parameter: tuple[float, float], rng: np.random.Generator) -> Scan:
    density, decay = parameter
    return (scan + density * plasma(decay, rng)) * scan.max() / (scan.max() + density)


def plasma(decay: float, rng: np.random.Generator) -> Scan:
    """Clouds, 0 to 1: a corner of 256 x 256 made by midpoint displacement (Fournier, Fussell and Carpenter, 1982)."""
    heights, wobble = np.zeros((1, 1)), 1.0
    while len(heights) < 256:
        finer = np.zeros((2 * len(heights), 2 * len(heights)))
        finer[::2, ::2] = heights
        corners = heights + np.roll(heights, -1, 0)
        finer[1::2, 1::2] = (corners + np.roll(corners, -1, 1)) / 4 + rng.uniform(-wobble, wobble, heights.shape)
        centres = finer[1::2, 1::2]
        across = heights + np.roll(heights, -1, 1) + centres + np.roll(centres, 1, 0)
        down = heights + np.roll(heights, -1, 0) + centres + np.roll(centres, 1, 1)
        finer[::2, 1::2] = across / 4 + rng.uniform(-wobble, wobble, heights.shape)
        finer[1::2, ::2] = down / 4 + rng.uniform(-wobble, wobble, heights.shape)
        heights, wobble = finer, wobble / decay
    clouds = heights - heights.min()
    return (clouds / clouds.max())[:SIDE, :SIDE]


def spatter(scan: Scan, parameter: tuple[float, float, float, float, float], rng: np.random.Generator) -> Scan:
    """Splashes of mud: dark grey where blurred noise is above a level."""
    mean, deviation, blur, level, edge = parameter
    drops = gaussian(rng.normal(mean, deviation, scan.shape), blur) > level
    mud = gaussian(drops.astype(float), edge)
    mud[mud < 0.8] = 0
    return scan * (1 - mud) + 63 / 255 * mud


def dotted_line(scan: Scan, period: int, rng: np.random.Generator) -> Scan:
    """A straight line from side to side, of which every other piece of `period` / 2 pixels is missing."""
    drawn = line((0, rng.integers(0, SIDE - 1)), (SIDE - 1, rng.integers(0, SIDE - 1)))
    return scan + drawn * (np.arange(SIDE) % period >= period / 2)


def zigzag(scan: Scan, length: float, rng: np.random.Generator) -> Scan:
    """A zigzag from left to right, its half periods twice and its height `length` pixels."""
    left, right = 2, 25
    start = rng.integers(0, SIDE - 1)
    rise = rng.integers(-5, 5)
    far = np.hypot(right - left, rise)
    along = [0, *np.arange(length, far, 2 * length), far]
    across = [0, *(length * (-1) ** i for i in range(len(along) - 2)), 0]
    direction = np.array((right - left, rise)) / far
    points = [
        (left, start) + a * direction + b * np.array((-direction[1], direction[0]))
        for a, b in zip(along, across, strict=True)
    ]
    for one, other in pairwise(points):
        scan = np.clip(scan + line(one, other), 0, 1)
    return scan


def line(one: tuple[float, float], other: tuple[float, float]) -> Scan:
    """Between two points (column, row), fading to either side."""
    (left, top), (right, bottom) = sorted((tuple(one), tuple(other)))
    columns, rows = np.arange(SIDE), np.arange(SIDE)[:, None]
    middle = top + (bottom - top) / max(right - left, 1e-6) * (columns - left)
    away = np.minimum(np.abs(rows - middle), REACH * (1 - 1e-10))
    drawn = np.clip(1 + np.log(1 - away / REACH), 0, 1)
    return drawn * ((columns >= np.floor(left)) & (columns < np.ceil(right)))


def canny_edges(scan: Scan, sigma: float, rng: np.random.Generator) -> Scan:
    return canny(scan, sigma)


CORRUPTIONS = {
    "shot noise": Corruption(shot_noise, (60, 25, 12, 5, 3), 5),
    "impulse noise": Corruption(impulse_noise, (0.03, 0.06, 0.09, 0.17, 0.27), 4),
    "glass blur": Corruption(glass_blur, ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)), 1),
    "motion blur": Corruption(motion_blur, ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)), 1),
    "shear": Corruption(shear, (0.2, 0.4, 0.6, 0.8, 1.0), 2),
    "scale": Corruption(scale, (0.9, 0.8, 0.7, 0.6, 0.5), 3),
    "rotate": Corruption(rotate, (0.2, 0.4, 0.6, 0.8, 1.0), 2),
    "brightness": Corruption(brightness, (0.1, 0.2, 0.3, 0.4, 0.5), 5),
    "translate": Corruption(translate, (1, 2, 3, 4, 5), 3),
    "stripe": Corruption(stripe, (7,), 1),
    "fog": Corruption(fog, ((1.5, 2), (2.0, 2), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4)), 5),
    "spatter": Corruption(
        spatter,
        (
            (0.65, 0.3, 4, 0.69, 0.6),
            (0.65, 0.3, 3, 0.68, 0.6),
            (0.65, 0.3, 2, 0.68, 0.5),
            (0.65, 0.3, 1, 0.65, 1.5),
            (0.67, 0.4, 1, 0.65, 1.5),
        ),
        4,
    ),
    "dotted line": Corruption(dotted_line, (4,), 1),
    "zigzag": Corruption(zigzag, (2.0,), 1),
    "canny edges": Corruption(canny_edges, (1.0,), 1),
}
