"""Every pen brought to one: how wide the strokes are, and the character as the one pen would have written it."""

import numpy as np
from PIL import Image

BOX = 20  # the character's longer side, pixels of the input: MNIST's convention (LeCun et al., 1998)
PEN = 2.0  # the width every pen is brought to, pixels of the input
FINENESS = 4  # all of this is done on a grid this many times finer than the input
THINNING = 0.8  # of the way to PEN from thicker ones: a scan's stroke is not of one width, and its thin parts must last
# An edge that enlarging blurred, as a pen would leave it.
SHARPENED = (4 * np.arange(256) - 384).clip(0, 255).astype(np.uint8)


def pen_width(ink: np.ndarray) -> float:
    """The mean width of the strokes in (height, width) uint8 ink, pixels: twice the area over the outline.

    The outline's length is the ink's total variation, which blurring an edge does not change.
    """
    values = np.zeros((ink.shape[0] + 2, ink.shape[1] + 2), np.float32)
    values[1:-1, 1:-1] = ink
    here = values[:-1, :-1]
    down, across = values[1:, :-1] - here, values[:-1, 1:] - here
    outline = np.sqrt(down * down + across * across).sum()
    return float(2 * values.sum() / max(outline, 1e-6))


def to_one_pen(ink: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The character as the one pen would have written it: uint8, its longer side about BOX * FINENESS, with a margin.

    The scale is that of the pen's path, not of its outline, so that a thick pen does not make the character smaller.
    """
    left, top, right, bottom = box
    pen = pen_width(ink[top:bottom, left:right])
    side = max(right - left, bottom - top)
    scale = (BOX - PEN) * FINENESS / max(side - pen, side / 2)
    size = [max(round(length * scale), 1) for length in (right - left, bottom - top)]
    fitted = Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC, box, reducing_gap=1)
    change = (PEN * FINENESS - pen * scale) / 2  # how far the outline moves outwards, fine pixels
    change *= 1 if change > 0 else THINNING
    room = 2 + max(int(np.ceil(change)), 0)
    canvas = np.zeros((size[1] + 2 * room, size[0] + 2 * room), np.uint8)
    canvas[room:-room, room:-room] = SHARPENED[np.asarray(fitted)]
    written = grow(canvas, change) if change > 0 else shrink(canvas, -change)
    return written if written.any() else canvas


def spread(ink: np.ndarray, step: int, extreme: np.ufunc) -> np.ndarray:
    """A dilation (np.maximum) or erosion (np.minimum), by a square at odd steps, else a cross: nearly a disc."""
    across = ink.copy()
    extreme(across[:, 1:], ink[:, :-1], out=across[:, 1:])
    extreme(across[:, :-1], ink[:, 1:], out=across[:, :-1])
    source = across if step % 2 else ink
    out = across.copy()
    extreme(out[1:], source[:-1], out=out[1:])
    extreme(out[:-1], source[1:], out=out[:-1])
    return out


def grow(ink: np.ndarray, radius: float) -> np.ndarray:
    """Move the outline of (height, width) uint8 ink outwards by `radius` pixels, a fraction by blending."""
    whole = int(radius)
    for step in range(whole):
        ink = spread(ink, step, np.maximum)
    return blend(ink, spread(ink, whole, np.maximum), radius - whole)


def shrink(ink: np.ndarray, radius: float) -> np.ndarray:
    """Move the outline inwards by `radius` pixels, a fraction by blending; what would vanish stays as a thin line.

    What an opening removes at each step is kept, as in Lantuejoul's skeleton (Serra, 1982), and thickened within the
    outline.
    """
    whole, remains, outline = int(radius), np.zeros_like(ink), ink
    for step in range(whole + 1):
        before, ink = ink, spread(ink, step, np.minimum)
        if 2 <= step < whole:  # below that, what is lost is only the roughness of an outline
            remains = np.maximum(remains, before - np.minimum(before, spread(ink, step, np.maximum)))
    remains = np.minimum(outline, spread(spread(remains, 1, np.maximum), 0, np.maximum))
    return np.maximum(blend(before, ink, radius - whole), remains)


def blend(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    return np.asarray(Image.blend(Image.fromarray(first), Image.fromarray(second), share))
