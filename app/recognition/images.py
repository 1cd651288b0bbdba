"""A data URL or the bytes of a file -> an opaque, upright picture of mode "L" or "RGB", within limits."""

import base64
import binascii
import io
import math
import warnings
from contextlib import nullcontext
from threading import Lock

import numpy as np
from PIL import ExifTags, Image, ImageStat
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from app.recognition.errors import MalformedPicture, PictureError, PictureTooLarge, UnsupportedPicture

# What a file of each kind begins with. WebP's length lies between its two marks.
SIGNATURES = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "BMP": (b"BM",),
}

# Each opened by its own class: what `Image.open` would try besides reads files that nobody asked for.
READERS = {"PNG": PngImageFile, "JPEG": JpegImageFile, "GIF": GifImageFile, "BMP": BmpImageFile, "WEBP": WebPImageFile}
SIDEWAYS = (5, 6, 7, 8)  # of EXIF's orientations those that swap width and height
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

UNPACKED = 25_000_000  # pixels of grey, or fewer that weigh as much, may be unpacked whatever `max_pixels` says
# What a pixel costs to unpack, in memory or time, compared with one byte of grey; `_weight` names the rest.
WEBP_WEIGHT = 9  # libwebp holds two canvases of four bytes, Pillow two copies
RUN_LENGTH_WEIGHT = 25  # decoded in Python
SEVERAL_SCANS_WEIGHT = 1.25  # for each sample: libjpeg holds the coefficients of the whole picture, two bytes each
MOST_SCANS = 32  # encoders write a dozen; each goes over the whole picture, however short it is (LJT-01-005)
SCAN_WEIGHT = 1 / 12
MOST_READS = 20_000  # of a file by its parser: more are of pieces so small that they only cost time
LARGE = 3_000_000  # pixels, above which a picture is unpacked smaller
START_OF_SCAN, END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"  # JPEG's markers
_turn = Lock()  # large pictures are unpacked one at a time, so that threads do not multiply their memory

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
        max_bytes, max_pixels: limits, checked before a pixel is decoded. Large ones are of grey and of ordinary JPEG;
            of what costs more to unpack (`_weight`) fewer pixels are taken, as many as weigh the same.

    Returns:
        A picture of mode "L" or "RGB", 8 bits a channel; one of more than LARGE pixels made smaller by a whole factor,
        and `in_full` leads back.

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
        with READERS[kind](_File(data)) as picture:
            full_size = picture.size
            pixels = picture.width * picture.height
            weight = _weight(picture, data)
            if pixels > max_pixels or pixels * weight > max(max_pixels, UNPACKED):
                raise _too_many_pixels(f"{picture.width} × {picture.height} pixels", max_pixels, weight)
            with _turn if pixels * weight > LARGE else nullcontext():
                upright = _upright(_opaque(_unpacked(picture)), orientation := _orientation(picture))
            # Nothing of what the file says of itself: that is a stranger's.
            upright.info = {"full size": full_size[::-1] if orientation in SIDEWAYS else full_size}
            return upright
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(str(error), max_pixels) from error
    except Exception as error:  # Pillow's parsers raise whatever a damaged file happens to break in them
        raise MalformedPicture(f"The {kind} file is damaged or cut short. Send it again, or save it anew.") from error


def in_full(box: tuple[int, int, int, int], picture: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in a picture that `from_bytes` gave, as pixels of the picture in the file, upright."""
    across, down = (full / side for full, side in zip(picture.info["full size"], picture.size, strict=True))
    left, top, right, bottom = box
    return round(left * across), round(top * down), round(right * across), round(bottom * down)


def excerpt(text: str | bytes, length: int = 60) -> str:
    """What was received, as a literal short enough to be shown."""
    shown = repr(text[: length + 1])
    return shown if len(shown) <= length else shown[:length] + "…"


def _too_many_bytes(size: int, limit: int) -> PictureTooLarge:
    return PictureTooLarge(f"A picture may have {limit / 1e6:g} MB. Send a smaller one. Received: {size / 1e6:.2f} MB")


def _too_many_pixels(received: str, limit: int, weight: float = 1) -> PictureTooLarge:
    most = f"A picture may have {limit / 1e6:g} megapixels"
    if (lighter := max(limit, UNPACKED) / weight) < limit:
        most += f", one that unpacks like this {lighter / 1e6:.2g}"
    return PictureTooLarge(f"{most}. Send a smaller one. Received: {received}")


class _File(io.BytesIO):
    """A file that is not read in more pieces than MOST_READS."""

    def __init__(self, data: bytes):
        super().__init__(data)
        self._left = MOST_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise MalformedPicture("The picture's file is in too many small pieces. Save it anew.")
        return super().read(size)


def _weight(picture: Image.Image, data: bytes) -> float:
    """What a pixel of an opened picture that is not loaded costs, compared with one byte of grey.

    Raises MalformedPicture where a JPEG has more scans than MOST_SCANS.
    """
    if picture.format == "WEBP":
        return WEBP_WEIGHT
    if picture.format == "JPEG":
        return _weight_of_jpeg(picture, data)
    decoder, *_, how = picture.tile[0]
    if decoder == "bmp_rle":
        return RUN_LENGTH_WEIGHT
    sixteen_bits = "16" in (how if isinstance(how, str) else str(how[0]))
    return (len(picture.getbands()) + ("transparency" in picture.info)) * (2 if sixteen_bits else 1)


def _weight_of_jpeg(picture: Image.Image, data: bytes) -> float:
    """1 where the picture is in one scan and can be unpacked smaller, block by block."""
    first = picture.fp.tell()  # Pillow stops there
    end = data.find(END_OF_IMAGE, first)
    scans = 1 + data.count(START_OF_SCAN, first, end if end >= 0 else len(data))
    if scans > MOST_SCANS:
        raise MalformedPicture(f"A JPEG may have {MOST_SCANS} scans. Save it anew. Received: {scans}")
    if scans == 1 and not picture.info.get("progressive"):
        return 1
    finest = max(across * down for _, across, down, _ in picture.layer)
    samples = sum(across * down for _, across, down, _ in picture.layer) / finest
    return max(SEVERAL_SCANS_WEIGHT * samples, SCAN_WEIGHT * scans)


def _unpacked(picture: Image.Image) -> Image.Image:
    """The picture loaded; of more than LARGE pixels made smaller by a whole factor, and "L", "RGB" or "RGBA"."""
    if (pixels := picture.width * picture.height) > LARGE:
        least = math.ceil(math.sqrt(pixels / LARGE))
        picture.draft(None, tuple(max(side // (1 << (least - 1).bit_length()), 1) for side in picture.size))  # JPEG's
    picture.load()
    factor = math.ceil(math.sqrt(picture.width * picture.height / LARGE))
    return picture if factor == 1 else _reduced(picture, factor)


def _reduced(picture: Image.Image, factor: int) -> Image.Image:
    """A loaded picture of any of Pillow's modes `factor` times smaller, as "L", "RGB" or "RGBA".

    It is converted strip by strip, because colour takes four bytes a pixel where a palette takes one.
    """
    mode = _plain_mode(picture)
    size = tuple(-(-side // factor) for side in picture.size)
    smaller = Image.new(mode, size)
    rows = max(LARGE // 4 // picture.width // factor, 1)
    for top in range(0, size[1], rows):
        strip = picture.crop((0, top * factor, picture.width, min((top + rows) * factor, picture.height)))
        strip = _eight_bits(strip) if strip.mode == "I;16" else strip
        smaller.paste((strip if strip.mode == mode else strip.convert(mode)).reduce(factor), (0, top))
    return smaller


def _plain_mode(picture: Image.Image) -> str:
    if picture.has_transparency_data:
        return "RGBA"
    return "L" if picture.mode in ("1", "L", "I;16") else "RGB"


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
    mode = _plain_mode(picture)
    plain = picture if picture.mode == mode else picture.convert(mode)
    return _on_paper(plain) if mode == "RGBA" else plain


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
