"""The pictures that are kept: small, grey, and nothing but pixels."""

import hashlib

from PIL import Image

from app.recognition import images
from app.recognition.preprocessing import preprocess, to_picture
from app.recognition.thresholding import to_grey

LONGEST_SIDE = 280  # pixels: the canvas page's own, which is kept as it is
LARGEST = 49_000  # characters of a data URL; a cell of Google Sheets holds 50,000
MARGIN = 0.5  # of paper around a character cut out of a larger picture, in lengths of its longer side


def to_kept(picture: Image.Image, box: tuple[int, int, int, int]) -> str:
    """An opaque "L" or "RGB" picture as it is kept: a grey PNG without metadata, as a base64 data URL.

    Args:
        picture: of any size. One larger than LONGEST_SIDE is cut to the character and its surroundings, and reduced.
        box: left, top, right, bottom of the character, pixels.

    Returns:
        At most LARGEST characters, sides of at most LONGEST_SIDE pixels.
    """
    part = (0, 0, *picture.size) if max(picture.size) <= LONGEST_SIDE else _around(box, picture.size)
    side = LONGEST_SIDE
    while len(url := _data_url(to_grey(_reduced(picture, part, side)))) > LARGEST:
        side = side * 7 // 8
    return url


def from_kept(url: str) -> Image.Image:
    """The picture of mode "L" in a record. Raises PictureError where it is not as `to_kept` makes them."""
    return images.from_data_url(url, max_bytes=LARGEST, max_pixels=LONGEST_SIDE**2).convert("L")


def picture_hash(url: str) -> str:
    """SHA-256 of what the models read of a kept picture: the same for the same drawing. Raises PictureError."""
    return hashlib.sha256(to_picture(preprocess(from_kept(url)).input).tobytes()).hexdigest()


def _around(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    margin = round(MARGIN * max(right - left, bottom - top, LONGEST_SIDE / 4))
    return max(left - margin, 0), max(top - margin, 0), min(right + margin, size[0]), min(bottom + margin, size[1])


def _reduced(picture: Image.Image, part: tuple[int, int, int, int], side: int) -> Image.Image:
    left, top, right, bottom = part
    scale = min(1, side / max(right - left, bottom - top))
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    return picture.resize(size, Image.Resampling.BICUBIC, box=part, reducing_gap=3)


def _data_url(picture: Image.Image) -> str:
    pixels_alone = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    return images.to_data_url(pixels_alone, optimize=True)
