"""A data URL or the bytes of a file -> an opaque, upright picture of mode "L" or "RGB", within limits."""

import base64
import binascii
import io
import warnings

import numpy as np
from PIL import ExifTags, Image, ImageStat

from app.recognition.errors import MalformedPicture, PictureError, PictureTooLarge, UnsupportedPicture

# What a file of each kind begins with. WebP's length lies between its two marks.
SIGNATURES = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "BMP": (b"BM",),
}

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow warns of oddities in files, which are strangers', and of size, which is refused here as an error.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.simplefilter("error", Image.DecompressionBombWarning)


def from_data_url(url: str, *, max_bytes: int, max_pixels: int) -> Image.Image:
    """The picture in a base64 data URL, whatever type it claims; `from_bytes` names the errors."""
    head, comma, body = url.partition(",")
    if not (comma and head[:5].lower() == "data:" and head[-7:].lower() == ";base64"):
        raise MalformedPicture(f"Send a data URL, as in data:image/png;base64,iVBORw0… Received: {excerpt(url)}")
    if len(body) // 4 * 3 > max_bytes + 2:
        raise _too_many_bytes(len(body) // 4 * 3, max_bytes)
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedPicture(f"The data URL is not valid base64: {error}. Received: {excerpt(body)}") from error
    return from_bytes(data, max_bytes=max_bytes, max_pixels=max_pixels)


def to_data_url(picture: Image.Image, **how) -> str:
    """The picture as a PNG in a base64 data URL. `how`: Pillow's options for PNG, such as compress_level."""
    png = io.BytesIO()
    picture.save(png, "PNG", **how)
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()


def from_bytes(data: bytes, *, max_bytes: int, max_pixels: int) -> Image.Image:
    """The first frame of a PNG, JPEG, BMP, GIF or WebP file, upright by its EXIF tag, transparency laid on paper.

    Args:
        data: the whole file; its kind is judged by how it begins.
        max_bytes, max_pixels: limits, checked before a pixel is decoded.

    Returns:
        A picture of mode "L" or "RGB", 8 bits a channel.

    Raises:
        MalformedPicture: empty, damaged or cut short.
        PictureTooLarge: over a limit.
        UnsupportedPicture: none of the five kinds.
    """
    if not data:
        raise MalformedPicture("The picture is empty. Received: 0 bytes")
    if len(data) > max_bytes:
        raise _too_many_bytes(len(data), max_bytes)
    kind = _kind(data)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as picture:
            if picture.width * picture.height > max_pixels:
                raise _too_many_pixels(f"{picture.width} × {picture.height} pixels", max_pixels)
            picture.load()
            return _upright(_opaque(picture), _orientation(picture))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(str(error), max_pixels) from error
    except Exception as error:  # Pillow's parsers raise whatever a damaged file happens to break in them
        raise MalformedPicture(f"The {kind} file is damaged or cut short. Send it again, or save it anew.") from error


def excerpt(text: str | bytes, length: int = 60) -> str:
    """What was received, as a literal short enough to be shown."""
    shown = repr(text[: length + 1])
    return shown if len(shown) <= length else shown[:length] + "…"


def _too_many_bytes(size: int, limit: int) -> PictureTooLarge:
    return PictureTooLarge(f"A picture may have {limit / 1e6:g} MB. Send a smaller one. Received: {size / 1e6:.2f} MB")


def _too_many_pixels(received: str, limit: int) -> PictureTooLarge:
    return PictureTooLarge(f"A picture may have {limit / 1e6:g} megapixels. Send a smaller one. Received: {received}")


def _kind(data: bytes) -> str:
    for kind, signatures in SIGNATURES.items():
        if data.startswith(signatures):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise UnsupportedPicture(
        f"Send a PNG, JPEG, BMP, GIF or WebP picture. Received: a file that begins with {excerpt(data[:12])}"
    )


def _orientation(picture: Image.Image) -> int:
    try:
        return picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a picture whose EXIF cannot be read is still a picture
        return 1


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else picture


def _opaque(picture: Image.Image) -> Image.Image:
    """A loaded picture of any of Pillow's modes as "L" or "RGB"."""
    if picture.mode == "I;16":
        picture = _eight_bits(picture)
    if picture.has_transparency_data:
        return _on_paper(picture.convert("RGBA"))
    if picture.mode in ("L", "RGB"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit grey scaled, where Pillow's own conversion clips."""
    scaled = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if "transparency" in picture.info:
        scaled.info["transparency"] = picture.info["transparency"] >> 8
    return scaled


def _on_paper(layer: Image.Image) -> Image.Image:
    """Lay an "RGBA" picture on an "RGB" paper that its ink stands out from."""
    alpha = layer.getchannel("A")
    faintest, strongest = alpha.getextrema()
    if faintest == 255:
        return layer.convert("RGB")
    paper = Image.new("RGB", layer.size, _paper_colour(layer, alpha.point(lambda level: 255 * (2 * level > strongest))))
    paper.paste(layer, mask=alpha)
    return paper


def _paper_colour(layer: Image.Image, visible: Image.Image) -> tuple[int, ...]:
    """What to put behind the visible part: the opposite of its tone where that is ink, its own where that is paper.

    Ink alone is of one tone, or covers little; a cut-out with paper and ink in it covers much and is of two tones.
    """
    grey = ImageStat.Stat(layer.convert("L"), visible)
    seen = grey.count[0]
    if seen > 0.5 * layer.width * layer.height and grey.stddev[0] > 10:
        return tuple(ImageStat.Stat(layer.convert("RGB"), visible).median)
    return (0, 0, 0) if seen and grey.mean[0] > 127 else (255, 255, 255)
