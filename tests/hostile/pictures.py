"""Pictures that mean harm, or are merely odd: made here from a seed, none of them kept as a file."""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
from PIL import Image, TiffImagePlugin

from tests.drawings import draw, encode

KINDS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")  # all that are taken
OTHERS = ("TIFF", "ICO", "PCX", "TGA", "PPM", "SGI", "JPEG2000", "ICNS", "DDS", "PDF", "EPS", "AVIF")
FOREIGN = {  # what the tests' library does not write
    "psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 200, 200, 8, 3) + bytes(200),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>',
    "xml entities": b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "'
    + b"a" * 999
    + b'">]><svg>'
    + b"&a;" * 999
    + b"</svg>",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "zip": b"PK\3\4" + bytes(200),
    "elf": b"\x7fELF" + bytes(200),
    "text": b"3",
    "zeros": bytes(10_000),
    "imagemagick": b"push graphic-context\nfill 'url(https://127.0.0.1/|touch /tmp/x)'\npop graphic-context",
    "xbm": b"#define a_width 200\n#define a_height 200\nstatic char a_bits[] = {0x00};",
    "fli": bytes(4) + b"\x11\xaf" + bytes(200),
}
MEGAPIXELS_25 = (5000, 5000)
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of grey, RGB, palette, grey and alpha, RGBA


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG's."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    size: tuple[int, int],
    depth: int,
    colour: int,
    rows: bytes,
    extra: bytes = b"",
    *,
    interlaced: bool = False,
    after: bytes = b"",
) -> bytes:
    """A PNG written by hand. colour: as in PNG_CHANNELS. rows: deflated, with filters."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", rows) + after + chunk(b"IEND", b"")


@cache
def deflated(data: bytes, times: int = 1) -> bytes:
    """`data` so many times over, without ever holding all of it."""
    packer = zlib.compressobj(6)
    return b"".join([*(packer.compress(data) for _ in range(times)), packer.flush()])


def large_png(
    depth: int,
    colour: int,
    filter_type: int = 4,
    *,
    interlaced: bool = False,
    size: tuple[int, int] = MEGAPIXELS_25,
) -> bytes:
    """Pixels that are really there: bars of ink on paper, in a file of kilobytes. filter_type: of every row."""
    width, height = size
    pixel = PNG_CHANNELS[colour] * depth // 8
    row = bytearray(width * pixel)
    if filter_type == 0:
        row[:] = b"\xff" * len(row)
        row[: len(row) // 5] = bytes(len(row) // 5)
    else:
        row[:pixel] = b"\xff" * pixel
    filtered = bytes([filter_type]) + bytes(row)
    palette = chunk(b"PLTE", bytes(range(256)) * 3) if colour == 3 else b""
    # Seven interlaced passes take a few more rows' filter bytes; what is too much is left unread.
    return png(size, depth, colour, deflated(filtered, height + interlaced * height), palette, interlaced=interlaced)


@cache
def paper(mode: str, size: tuple[int, int] = MEGAPIXELS_25) -> Image.Image:
    """A large drawing of a 3. mode: Pillow's."""
    return draw("3", size=200).resize(size, Image.Resampling.NEAREST).convert(mode)


def noise(size: tuple[int, int], channels: int = 3) -> Image.Image:
    pixels = np.random.default_rng(5).integers(0, 256, (size[1], size[0], channels), np.uint8)
    return Image.fromarray(pixels.squeeze())


def seen_through(size: tuple[int, int]) -> Image.Image:
    """A large drawing whose paper is half transparent here and opaque there, so that all of it has to be looked at."""
    picture = paper("RGBA", size)
    picture.putalpha(paper("L", size).point(lambda level: level * 2 // 3 + 85))
    return picture


def progressive_scans(scans: int, size: tuple[int, int] = MEGAPIXELS_25) -> bytes:
    """A progressive grey JPEG whose last scan comes so many times more, each for the whole picture.

    libjpeg-turbo's LJT-01-005: a scan of some bytes costs as much time as one of megabytes.
    """
    data = encode(Image.new("L", size, 255), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * scans + b"\xff\xd9"


def damaged() -> Iterator[tuple[str, bytes]]:
    """Files of every kind that is taken, cut short and with bits and bytes changed."""
    rng = np.random.default_rng(11)
    for kind in KINDS:
        for mode in ("L", "RGB"):
            whole = encode(draw("3", size=120).convert(mode), kind)
            for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
                yield f"{kind} {mode} cut at {share:.0%}", whole[: int(len(whole) * share)]
            for number in range(12):
                data = np.frombuffer(whole, np.uint8).copy()
                # The first dozens of bytes decide the most, so half of the damage is done there.
                end = len(data) if number % 2 else min(len(data), 64)
                places = rng.integers(2, end, rng.integers(1, 9))
                data[places] ^= (1 << rng.integers(0, 8, len(places))).astype(np.uint8)
                yield f"{kind} {mode} bits flipped, {number}", data.tobytes()
            yield f"{kind} {mode} with its end twice", whole + whole[len(whole) // 2 :]


def turned(kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(draw("3"), kind, exif=exif)


def riff(kind: bytes, body: bytes) -> bytes:
    """A WebP file of one chunk."""
    inner = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def gif(screen: tuple[int, int], frame: tuple[int, int], data: bytes = b"\2\2\x44\1\0") -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + data + b";"


def bmp(size: tuple[int, int], bits: int, compression: int, data: bytes, colours: int = 256) -> bytes:
    palette = bytes(value for level in range(colours) for value in (level, level, level, 0))
    start = 54 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, *size, 1, bits, compression, len(data), 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + palette + data


def claimed_size(side: int) -> dict[str, bytes]:
    """Little files that claim to be `side` × `side`."""
    return {
        "PNG": png((side, side), 8, 2, b""),
        "GIF": gif((side % 65536, side % 65536), (side % 65536, side % 65536)),
        "GIF frame": gif((10, 10), (side % 65536, side % 65536)),
        "BMP": bmp((side, side), 8, 0, b""),
        "BMP upside down": bmp((side, -side), 8, 0, b""),
        "WEBP lossless": riff(
            b"VP8L", b"\x2f" + struct.pack("<I", (side - 1) % 16384 | (side - 1) % 16384 << 14) + bytes(20)
        ),
        "WEBP extended": riff(b"VP8X", bytes(4) + struct.pack("<I", side - 1)[:3] * 2),
        "JPEG": b"\xff\xd8\xff\xc0\0\x0b\x08" + struct.pack(">HH", side % 65536, side % 65536) + b"\1\1\x11\0\xff\xd9",
    }


def _animated(kind: str, frames: int, size: tuple[int, int] = (200, 200)) -> bytes:
    others = [Image.new("L", size, 255 - 5 * (number % 50)) for number in range(frames - 1)]
    return encode(draw("3").resize(size), kind, save_all=True, append_images=others, duration=10)


def _mpo() -> bytes:
    return encode(draw("3").convert("RGB"), "MPO", save_all=True, append_images=[draw("8").convert("RGB")])


def _tiff_in_exif() -> bytes:
    """Metadata that claims gigabytes, and points at itself."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[0x0112] = 6
    entry = struct.pack("<HHII", 0x9286, 7, 0xFFFFFFF0, 8) + struct.pack("<HHII", 0x8769, 4, 1, 8)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + entry + struct.pack("<I", 8)
    return encode(draw("3"), "JPEG", exif=exif)


def _text_bomb(kind: bytes, megabytes: int = 100) -> bytes:
    head = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0"}[kind]
    return _with_chunk(chunk(kind, head + deflated(bytes(1_000_000), megabytes)))


def _with_chunk(extra: bytes, *, last: bool = False) -> bytes:
    data = encode(draw("3"))
    place = data.index(b"IEND") - 4 if last else data.index(b"IDAT") - 4
    return data[:place] + extra + data[place:]


def _rle_bmp(size: tuple[int, int], data: bytes) -> bytes:
    return bmp(size, 8, 1, data)


def _nested_gif_blocks() -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0) + b"!\xfe\1a\0" * 200_000


def _patterns() -> dict[str, Callable[[], bytes]]:
    """Ink of very many parts, or of one very long one: what finding the character has the most to do with."""
    y, x = np.indices((512, 512))
    spiral = np.maximum(abs(x - 256), abs(y - 256)) + (x + y < 512)
    masks = {
        "checkerboard": (x + y) % 2,
        "dots": (x % 2) * (y % 2),
        "diagonals": (x + y) % 4 < 2,
        "comb": np.where(y < 500, x % 2, 1),
        "spiral": spiral % 4 < 2,
        "zigzag": (x % 2 == 0) | (y == np.where(x % 4 == 1, 0, 511)),
    }
    return {
        f"PNG 512 × 512 of a {name}": partial(encode, Image.fromarray((255 * (mask == 0)).astype(np.uint8)))
        for name, mask in masks.items()
    }


SMALL: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "one byte": lambda: b"\x89",
    "PNG 1 × 1": lambda: encode(Image.new("L", (1, 1))),
    "PNG 30,000 × 1": lambda: encode(Image.new("L", (30_000, 1), 255)),
    "PNG 1 × 30,000": lambda: encode(Image.new("L", (1, 30_000), 255)),
    "PNG 30,000 × 1, half ink": lambda: encode(Image.fromarray((np.arange(30_000)[None] % 2 * 255).astype(np.uint8))),
    "GIF 30,000 × 1": lambda: encode(Image.new("L", (30_000, 1), 255), "GIF"),
    "WEBP 16,383 × 1": lambda: encode(noise((16_383, 1)), "WEBP"),
    "JPEG 30,000 × 1": lambda: encode(noise((30_000, 1)), "JPEG"),
    "BMP 0 × 0": lambda: bmp((0, 0), 8, 0, b""),
    "PNG 0 × 5": lambda: png((0, 5), 8, 0, deflated(b"")),
    "GIF 0 × 0": lambda: gif((0, 0), (0, 0)),
    "GIF animated": partial(_animated, "GIF", 20),
    "GIF of 2,000 frames": partial(_animated, "GIF", 2000, (20, 20)),
    "GIF of comments": _nested_gif_blocks,
    "WEBP animated": partial(_animated, "WEBP", 20),
    "PNG animated": partial(_animated, "PNG", 20),
    "PNG of 2,000 frames": partial(_animated, "PNG", 2000, (20, 20)),
    "PNG that says it is animated and is not": lambda: _with_chunk(chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))),
    "PNG of 16 bits grey": lambda: png((90, 90), 16, 0, deflated(b"\0" + b"\xff\0\0\xff" * 45, 90)),
    "PNG of 16 bits RGBA": lambda: png((90, 90), 16, 6, deflated(b"\2" + bytes(range(256)) * 3, 90)),
    "PNG of 1 bit": lambda: encode(draw("3").convert("1")),
    "PNG palette": lambda: encode(draw("3").convert("RGB").quantize(7)),
    "PNG palette without colours": lambda: png((90, 90), 8, 3, deflated(bytes(91), 90)),
    "PNG palette, transparent beyond it": lambda: png(
        (90, 90), 8, 3, deflated(b"\0" + b"\xff" * 90, 90), chunk(b"PLTE", bytes(6)) + chunk(b"tRNS", bytes(900))
    ),
    "PNG LA": lambda: encode(draw("3").convert("LA")),
    "PNG RGBA": lambda: encode(draw("3").convert("RGBA")),
    "PNG with a wrong filter": lambda: png((90, 90), 8, 0, deflated(b"\7" + bytes(90), 90)),
    "PNG with too few rows": lambda: png((90, 90), 8, 0, deflated(bytes(91), 20)),
    "PNG with too many rows": lambda: png((90, 90), 8, 0, deflated(bytes(91), 90_000)),
    "PNG with a wrong checksum": lambda: encode(draw("3"))[:-16] + bytes(4) + encode(draw("3"))[-12:],
    "PNG with a chunk of 4 GB": lambda: _with_chunk(b"\xff\xff\xff\xfftEXt"),
    "PNG with 100,000 chunks": lambda: _with_chunk(chunk(b"teSt", b"") * 100_000),
    "PNG with 50,000 texts": lambda: _with_chunk(chunk(b"tEXt", b"a\0b") * 50_000),
    "PNG with an endless header": lambda: _with_chunk(
        chunk(b"IHDR", struct.pack(">IIBBBBB", 9**8, 9**8, 8, 2, 0, 0, 0))
    ),
    "PNG with gamma not a number": lambda: _with_chunk(chunk(b"gAMA", b"\0\0\0\0") + chunk(b"cHRM", b"\xff" * 32)),
    "PNG with physical size 0": lambda: _with_chunk(chunk(b"pHYs", bytes(9))),
    "PNG with EXIF that is none": lambda: _with_chunk(chunk(b"eXIf", b"\xff" * 50)),
    "PNG with EXIF at its end": lambda: _with_chunk(chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff"), last=True),
    "JPEG CMYK": lambda: encode(draw("3").convert("CMYK"), "JPEG"),
    "JPEG progressive": lambda: encode(draw("3"), "JPEG", progressive=True),
    "JPEG with further pictures": _mpo,
    "JPEG with EXIF of gigabytes": _tiff_in_exif,
    "JPEG with 60,000 markers": lambda: b"\xff\xd8" + b"\xff\xe1\0\2" * 60_000 + encode(draw("3"), "JPEG")[2:],
    "JPEG with an XMP orientation": lambda: encode(
        draw("3"), "JPEG", xmp=b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="999999999999999999999"/>'
    ),
    "JPEG of 12 bits": lambda: b"\xff\xd8\xff\xc1\0\x0b\x0c\0\x10\0\x10\1\1\x11\0\xff\xd9",
    "JPEG arithmetic": lambda: b"\xff\xd8\xff\xc9\0\x0b\x08\0\x10\0\x10\1\1\x11\0\xff\xd9",
    "JPEG lossless": lambda: b"\xff\xd8\xff\xc3\0\x0b\x08\0\x10\0\x10\1\1\x11\0\xff\xd9",
    "BMP of RLE that goes nowhere": lambda: _rle_bmp((100, 100), b"\0\2\xff\xff" * 1000),
    "BMP of 16 bits": lambda: bmp((16, 16), 16, 0, bytes(512), 0),
    "BMP with masks of nothing": lambda: bmp((16, 16), 32, 3, bytes(1024), 0),
    "BMP of 4 billion colours": lambda: bmp((16, 16), 8, 0, bytes(256))[:46] + b"\xff" * 4 + bytes(2000),
    "PNG and HTML": lambda: encode(draw("3")) + b"<html><script>alert(1)</script></html>",
    "HTML and PNG": lambda: _with_chunk(chunk(b"tEXt", b"Comment\0<script>alert(document.domain)</script>")),
    "GIF and JavaScript": lambda: b"GIF89a/*" + encode(draw("3"), "GIF")[8:] + b"*/=alert(1);",
    "JPEG and ZIP": lambda: encode(draw("3"), "JPEG") + b"PK\3\4" + bytes(100) + b"PK\5\6" + bytes(18),
    "BMP and nothing": lambda: b"BM" + bytes(100),
    "PNG bomb of text": partial(_text_bomb, b"zTXt"),
    "PNG bomb of international text": partial(_text_bomb, b"iTXt"),
    "PNG bomb of a colour profile": partial(_text_bomb, b"iCCP"),
    **_patterns(),
}
LARGE: dict[str, Callable[[], bytes]] = {
    "PNG grey of 25 megapixels": partial(large_png, 8, 0),
    "PNG grey of 25 megapixels, 16 bits": partial(large_png, 16, 0),
    "PNG RGB of 25 megapixels": partial(large_png, 8, 2),
    "PNG RGB of 25 megapixels, 16 bits": partial(large_png, 16, 2),
    "PNG RGBA of 25 megapixels": partial(large_png, 8, 6),
    "PNG RGBA of 25 megapixels, 16 bits": partial(large_png, 16, 6),
    "PNG LA of 25 megapixels": partial(large_png, 8, 4),
    "PNG palette of 25 megapixels": partial(large_png, 8, 3, 0),
    "PNG interlaced of 25 megapixels": partial(large_png, 8, 2, interlaced=True),
    "PNG grey interlaced of 25 megapixels": partial(large_png, 8, 0, interlaced=True),
    "PNG of 1 bit of 25 megapixels": lambda: encode(paper("1")),
    "PNG of noise": lambda: encode(noise((1250, 1300)), compress_level=1),
    "JPEG of 25 megapixels": lambda: encode(paper("RGB"), "JPEG"),
    "JPEG grey of 25 megapixels": lambda: encode(paper("L"), "JPEG"),
    "JPEG CMYK of 25 megapixels": lambda: encode(paper("CMYK"), "JPEG"),
    "JPEG progressive of 25 megapixels": lambda: encode(paper("RGB"), "JPEG", progressive=True, subsampling=0),
    "JPEG progressive of 500 scans": partial(progressive_scans, 500, (3000, 3000)),
    "JPEG of noise": lambda: encode(noise((2000, 1700)), "JPEG", quality=95),
    "JPEG progressive of noise": lambda: encode(noise((2000, 1700)), "JPEG", quality=95, progressive=True),
    "GIF of 25 megapixels": lambda: encode(paper("L"), "GIF"),
    "GIF transparent of 25 megapixels": lambda: encode(paper("L"), "GIF", transparency=255),
    "GIF interlaced of noise": lambda: encode(noise((1900, 1900), 1), "GIF", interlace=1),
    "GIF of many 25-megapixel frames": lambda: (
        gif(MEGAPIXELS_25, MEGAPIXELS_25)[:-1] + gif(MEGAPIXELS_25, MEGAPIXELS_25)[19:-1] * 2000
    ),
    "BMP of 1 bit of 25 megapixels": lambda: encode(paper("1"), "BMP"),
    "BMP RLE of 25 megapixels": lambda: _rle_bmp(MEGAPIXELS_25, b"\xff\0" * 98_040),
    "BMP RLE of 5 MB": lambda: _rle_bmp((4990, 4990), b"\1\0" * 2_400_000),
    "BMP RGB of 5 MB": lambda: encode(noise((1280, 1280)), "BMP"),
    "WEBP of 25 megapixels": lambda: encode(paper("L"), "WEBP", method=0),
    "WEBP lossless of 25 megapixels": lambda: encode(paper("RGB"), "WEBP", lossless=True, method=0),
    "WEBP of noise": lambda: encode(noise((1800, 1800)), "WEBP", quality=95, method=0),
    "WEBP lossless of noise": lambda: encode(noise((1270, 1280)), "WEBP", lossless=True, method=0),
    "WEBP of 2.7 megapixels": lambda: encode(paper("RGB", (1650, 1640)), "WEBP", method=0),
    "WEBP of 2.7 megapixels with alpha": lambda: encode(seen_through((1650, 1640)), "WEBP", method=0),
    "WEBP of 2.7 megapixels of noise": lambda: encode(noise((1650, 1640)), "WEBP", quality=95, method=0),
    "PNG RGB of 12 megapixels": lambda: encode(paper("RGB", (4000, 3000)), compress_level=1),
    "PNG RGB of 8 megapixels": partial(large_png, 8, 2, size=(2880, 2880)),
    "PNG RGBA of 6 megapixels": partial(large_png, 8, 6, size=(2500, 2500)),
    "PNG RGBA of 3 megapixels": lambda: encode(seen_through((2000, 1500)), compress_level=1),
    "PNG of 16 bits of 12 megapixels": partial(large_png, 16, 0, size=(3500, 3500)),
    "JPEG progressive of 13 megapixels": lambda: encode(paper("RGB", (3650, 3650)), "JPEG", progressive=True),
    "JPEG progressive of 32 scans": partial(progressive_scans, 22, (3000, 3000)),
    "GIF transparent of 12 megapixels": lambda: encode(paper("L", (3500, 3500)), "GIF", transparency=255),
}


def odd() -> Iterator[tuple[str, bytes]]:
    """Everything that is neither cut short nor large."""
    for name, make in SMALL.items():
        yield name, make()
    for kind in ("JPEG", "PNG", "WEBP"):
        for orientation in range(1, 9):
            yield f"{kind} turned by EXIF {orientation}", turned(kind, orientation)
    for kind in OTHERS:
        yield f"{kind} named .png", encode(draw("3").convert("RGBA" if kind == "ICNS" else "RGB"), kind)
    for name, data in FOREIGN.items():
        yield f"{name} named .png", data
    for side in (6000, 16_000, 65_535, 2**31 - 1):
        for kind, data in claimed_size(side).items():
            yield f"{kind} that claims {side:,} × {side:,}", data


def large() -> Iterator[tuple[str, bytes]]:
    """What takes the most time and memory of all that fits into 5 MB and 25 megapixels."""
    for name, make in LARGE.items():
        yield name, make()
    paper.cache_clear()


def every() -> Iterator[tuple[str, bytes]]:
    """The whole corpus: what it is, and the file."""
    yield from damaged()
    yield from odd()
    yield from large()
