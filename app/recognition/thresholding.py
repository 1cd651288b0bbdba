"""Which pixels are ink: polarity and threshold found from the picture alone, also where the light is uneven."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from app.recognition.components import connected_components
from app.recognition.errors import NothingDrawn
from app.recognition.pen import pen_width

LEAST_CONTRAST = 20  # grey levels between ink and paper, below which nothing was drawn
PHOTOGRAPH = 150  # pixels a side, from which a picture may show a whole page; below, it was cut to its character
LEVELS = np.arange(256, dtype=np.float64)


@dataclass(frozen=True)
class Split:
    """Otsu's two classes, in grey levels: the threshold, and for dark and light the mean and the standard deviation.

    variance: between the classes, in squared grey levels.
    """

    threshold: float
    dark: float
    light: float
    dark_spread: float
    light_spread: float
    variance: float

    @property
    def contrast(self) -> float:
        return self.light - self.dark


def otsu(picture: Image.Image) -> Split:
    """Part a greyscale picture in two so that the classes differ most (Otsu, 1979).

    The threshold is halfway between the classes' means.
    """
    counts = np.asarray(picture.histogram(), np.float64)
    below, sums, squares = np.cumsum([counts, counts * LEVELS, counts * LEVELS**2], axis=1)
    total, above = below[-1], below[-1] - below
    dark, light = sums / np.maximum(below, 1), (sums[-1] - sums) / np.maximum(above, 1)
    variance = below * above * (light - dark) ** 2 / total**2
    best = int(np.argmax(variance))
    if variance[best] == 0:
        return Split(dark[-1], dark[-1], dark[-1], 0, 0, 0)
    dark, light = dark[best], light[best]
    dark_spread = np.sqrt(max(squares[best] / below[best] - dark**2, 0))
    light_spread = np.sqrt(max((squares[-1] - squares[best]) / above[best] - light**2, 0))
    return Split((dark + light) / 2, dark, light, dark_spread, light_spread, variance[best])


def to_grey(picture: Image.Image) -> Image.Image:
    """The channel in which an "L" or "RGB" picture parts best, so that yellow ink on white is ink too: mode "L"."""
    if picture.mode == "L":
        return picture
    channels = picture.split()
    if all(channel.tobytes() == channels[0].tobytes() for channel in channels[1:]):
        return channels[0]
    return max((picture.convert("L"), *channels), key=lambda channel: otsu(channel).variance)


def find_ink(grey: Image.Image) -> np.ndarray:
    """How much ink each pixel of a greyscale picture holds: (height, width) uint8, 0 paper, 255 ink.

    One threshold for the whole picture where the light is even, one relative to the surroundings where it is not.
    Raises NothingDrawn.
    """
    split = otsu(grey)
    if split.contrast < LEAST_CONTRAST:
        raise NothingDrawn()
    pixels = np.asarray(grey)
    paper_is_dark = np.mean(border_of(pixels) < split.threshold) >= 0.5
    ink = levels(grey, split, paper_is_dark)
    share = ink.mean() / 255
    if paper_is_dark and (page := page_on_a_table(ink, share)):
        inside = np.zeros_like(ink)
        inside[page[1] : page[3], page[0] : page[2]] = find_ink(grey.crop(page))
        return inside
    spread = split.dark_spread if paper_is_dark else split.light_spread
    even = spread < 0.15 * split.contrast and not too_wide_for_a_pen(ink, share)
    return ink if even else find_ink_locally(pixels)


def page_on_a_table(ink: np.ndarray, share: float) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of a page, a little inside its edges, where the ink is in truth a page on a dark table.

    `share` of the picture is ink. A page is large, nearly fills its bounding box, and ends sharply, as a gradient of
    light does not.
    """
    if min(ink.shape) < PHOTOGRAPH or share < 0.15 or np.mean((ink > 0) & (ink < 255)) > 0.15:
        return None
    parts = connected_components(ink > 127)
    areas = parts.areas()
    left, top, right, bottom = parts.boxes()[np.argmax(areas)].tolist()
    width, height = right - left, bottom - top
    if width < 0.35 * ink.shape[1] or height < 0.35 * ink.shape[0] or areas.max() < 0.6 * width * height:
        return None
    inset = 1 + (width + height) // 100
    smaller = width * height < 0.95 * ink.size  # else nothing was left out, and would be no next time
    return (left + inset, top + inset, right - inset, bottom - inset) if smaller else None


def too_wide_for_a_pen(ink: np.ndarray, share: float) -> bool:
    """Whether what was taken for ink, `share` of the picture, is more likely a shadow.

    One that comes in from the border is sooner suspected.
    """
    if share < 0.09:
        return False
    side = max(ink.shape)
    photograph = min(ink.shape) >= PHOTOGRAPH
    reaches_in = photograph and np.mean(border_of(ink) > 127) > 0.05
    return share > (0.5 if photograph else 0.8) or pen_width(ink) > (0.12 if reaches_in else 0.3) * side


def border_of(pixels: np.ndarray) -> np.ndarray:
    """The outermost pixels of a (height, width) picture, in a row."""
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def levels(grey: Image.Image, split: Split, paper_is_dark: bool) -> np.ndarray:
    """Grey levels as ink: a ramp half of the contrast wide, so that anti-aliased edges stay soft."""
    ramp = (LEVELS - split.threshold) / split.contrast * (2 if paper_is_dark else -2) + 0.5
    return np.asarray(grey.point(np.rint(ramp.clip(0, 1) * 255).astype(int).tolist()))


def find_ink_locally(pixels: np.ndarray) -> np.ndarray:
    """`find_ink` for uneven light: each pixel against the mean of its surroundings (Bradley and Roth, 2007).

    Whichever of dark and light stands out in few pixels and by much is the ink.
    """
    surroundings = Image.fromarray(pixels).filter(ImageFilter.BoxBlur(max(pixels.shape) / 10))
    mean = np.asarray(surroundings, np.float32)
    difference = pixels - mean
    if (difference**3).sum() < 0:  # dark ink: shadows scale what the paper reflects, so differences scale too
        difference *= -255 / np.maximum(mean, 32)
    standing_out = Image.fromarray(difference.clip(0, 255).astype(np.uint8))
    split = otsu(standing_out)
    if split.contrast < LEAST_CONTRAST:
        raise NothingDrawn()
    return drop_what_touches_the_border(levels(standing_out, split, paper_is_dark=True))


def drop_what_touches_the_border(ink: np.ndarray) -> np.ndarray:
    """Drop the edges of pages and shadows, which run out of the picture, unless little else is there."""
    parts = connected_components(ink > 0)
    boxes, areas = parts.boxes(), parts.areas()
    height, width = ink.shape
    inside = (boxes[:, 0] > 0) & (boxes[:, 1] > 0) & (boxes[:, 2] < width) & (boxes[:, 3] < height)
    if areas[inside].sum() < 0.1 * areas.sum():
        return ink
    return np.where(parts.mask(inside), ink, 0).astype(np.uint8)
