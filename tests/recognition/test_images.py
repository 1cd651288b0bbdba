import base64
import contextlib
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.recognition import images
from app.recognition.errors import MalformedPicture, PictureTooLarge, UnsupportedPicture
from tests.drawings import data_url, draw, encode

KINDS = ["PNG", "JPEG", "BMP", "GIF", "WEBP"]


def read(data: bytes, max_bytes: int = 5_000_000, max_pixels: int = 25_000_000) -> Image.Image:
    return images.from_bytes(data, max_bytes=max_bytes, max_pixels=max_pixels)


def read_url(url: str, max_bytes: int = 5_000_000) -> Image.Image:
    return images.from_data_url(url, max_bytes=max_bytes, max_pixels=25_000_000)


def difference(picture: Image.Image, expected: Image.Image) -> float:
    """Mean distance of two pictures, grey levels."""
    assert picture.size == expected.size
    return np.abs(np.asarray(picture.convert("L"), float) - np.asarray(expected.convert("L"), float)).mean()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG written by hand, for what Pillow does not write. colour: 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def sixteen_bit_png(levels: np.ndarray, colour: int, extra: bytes = b"") -> bytes:
    """levels: (height, width) or (height, width, channels)."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    return png(levels.shape[1], levels.shape[0], 16, colour, rows, extra)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_kind_of_file_gives_the_same_picture(kind, mode):
    drawing = draw("3")
    picture = read(encode(drawing.convert(mode), kind))
    assert picture.mode in ("L", "RGB")
    assert difference(picture, drawing) < 2


@pytest.mark.parametrize("kind", KINDS)
def test_data_url_and_bytes_give_the_same_picture_whatever_type_the_url_claims(kind):
    data = encode(draw("3"), kind)
    assert read_url(data_url(data)).tobytes() == read(data).tobytes()


def test_case_and_parameters_of_a_data_url_do_not_matter():
    data = encode(draw("3"))
    url = "DATA:image/png;charset=utf-8;BASE64," + base64.b64encode(data).decode()
    assert read_url(url).tobytes() == read(data).tobytes()


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("1", "BMP"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("P", "BMP"),
        ("CMYK", "JPEG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
    ],
)
def test_every_mode_of_pixels_gives_the_same_picture(mode, kind):
    drawing = draw("3")
    picture = read(encode(drawing.convert("RGB").convert(mode) if mode != "1" else drawing.convert("1"), kind))
    assert picture.mode in ("L", "RGB")
    assert difference(picture, drawing) < 3


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_may_be_progressive(progressive):
    drawing = draw("3")
    assert difference(read(encode(drawing, "JPEG", progressive=progressive)), drawing) < 2


@pytest.mark.parametrize("lossless", [False, True])
def test_webp_may_be_lossless(lossless):
    drawing = draw("3").convert("RGB")
    assert difference(read(encode(drawing, "WEBP", lossless=lossless)), drawing) < 2


def test_sixteen_bit_grey_is_scaled_not_clipped():
    drawing = draw("3")
    picture = read(sixteen_bit_png(np.asarray(drawing).astype(np.uint16) * 257, colour=0))
    assert picture.mode == "L"
    assert picture.tobytes() == drawing.tobytes()


def test_sixteen_bit_grey_with_a_transparent_level_is_laid_on_paper():
    levels = np.asarray(draw("3")).astype(np.uint16) * 257
    picture = read(sixteen_bit_png(levels, colour=0, extra=png_chunk(b"tRNS", struct.pack(">H", 65535))))
    assert difference(picture, draw("3")) < 1


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_sixteen_bit_colour_and_alpha_are_scaled(colour, channels):
    drawing = draw("3")
    levels = np.repeat(np.asarray(drawing)[..., None], channels, axis=2).astype(np.uint16) * 257
    if channels in (2, 4):
        levels[..., -1] = 65535
    assert difference(read(sixteen_bit_png(levels, colour)), drawing) < 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_camera_rotation_is_undone(orientation, kind):
    upright = draw("4").crop((0, 0, 200, 160))
    turned = {  # what a camera held this way stores
        1: lambda p: p,
        2: lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda p: p.rotate(180),
        4: lambda p: p.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda p: p.transpose(Image.Transpose.TRANSPOSE),
        6: lambda p: p.rotate(90, expand=True),
        7: lambda p: p.transpose(Image.Transpose.TRANSVERSE),
        8: lambda p: p.rotate(-90, expand=True),
    }[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert difference(read(encode(turned, kind, exif=exif)), upright) < 2


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_unknown_camera_rotation_is_ignored(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert difference(read(encode(draw("3"), "JPEG", exif=exif)), draw("3")) < 2


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # as the module asks for; pytest's own filters go before it
def test_damaged_exif_does_not_cost_the_picture():
    assert (
        difference(read(encode(draw("3"), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + b"\xff" * 40)), draw("3")) < 2
    )


def ink_on_nothing(colour: tuple[int, int, int], label: str = "3") -> Image.Image:
    """The character in one colour, all else transparent."""
    layer = Image.new("RGBA", (200, 200), (*colour, 0))
    layer.putalpha(draw(label, ink=255, paper=0))
    return layer


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 230, 0), (20, 20, 200), (220, 0, 0)]
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_ink_on_transparency_stands_out(colour, kind):
    picture = np.asarray(read(encode(ink_on_nothing(colour), kind)).convert("L"), float)
    ink = np.asarray(draw("3", ink=255, paper=0)) == 255
    assert abs(picture[ink].mean() - picture[0, 0]) > 100


def test_colour_hidden_under_full_transparency_does_not_matter():
    layer = Image.merge("RGBA", (*Image.new("RGB", (200, 200), "black").split(), draw("3", ink=255, paper=0)))
    hidden = Image.merge("RGBA", (*[draw("3")] * 3, draw("3", ink=255, paper=0)))
    assert difference(read(encode(layer)), read(encode(hidden))) < 5


def test_faint_ink_on_transparency_stands_out():
    layer = ink_on_nothing((255, 255, 255))
    layer.putalpha(layer.getchannel("A").point(lambda level: level * 0.3))
    levels = np.asarray(read(encode(layer)).convert("L"), int)
    assert levels[0, 0] == 0
    assert levels.max() > 60


def test_grey_and_palette_transparency_stand_out_too():
    grey = ink_on_nothing((255, 255, 255)).convert("LA")
    palette = Image.new("P", (200, 200), 0)
    palette.putpalette([255, 255, 255, 255, 255, 255])
    palette.paste(1, mask=draw("3", ink=255, paper=0).convert("1"))
    for data in (encode(grey), encode(palette, transparency=0), encode(palette, "GIF", transparency=0)):
        assert difference(read(data), draw("3", ink=255, paper=0)) < 3


def test_paper_cut_out_of_transparency_stays_paper():
    cut_out = draw("3").convert("RGBA")
    cut_out.paste((0, 0, 0, 0), (0, 0, 200, 20))
    assert difference(read(encode(cut_out)), draw("3")) < 1


def test_picture_that_is_all_transparent_is_blank():
    assert read(encode(Image.new("RGBA", (50, 50), (0, 0, 0, 0)))).convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_first_frame_of_an_animation_is_read(kind):
    first, others = draw("3"), [draw("8"), draw("1")]
    assert difference(read(encode(first, kind, save_all=True, append_images=others, duration=100)), first) < 2


def test_jpeg_with_further_pictures_in_it_is_read_as_its_first():
    first = draw("3").convert("RGB")
    assert difference(read(encode(first, "MPO", save_all=True, append_images=[draw("8").convert("RGB")])), first) < 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_file_cut_short_is_malformed(kind, share):
    data = encode(draw("3").convert("RGB"), kind)
    with pytest.raises(MalformedPicture, match="damaged or cut short"):
        read(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF89a", b"RIFF\x10\0\0\0WEBPVP8 ", b"RIFF\x10\0\0\0WEBPABCD"],
)
def test_signature_alone_is_malformed(data):
    for rest in (b"", b"\0" * 100, b"\xff" * 1000, bytes(range(256))):
        with pytest.raises(MalformedPicture):
            read(data + rest)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_bytes_never_raise_anything_but_picture_errors(kind):
    data = np.frombuffer(encode(draw("3", size=40).convert("RGB"), kind), np.uint8)
    rng = np.random.default_rng(3)
    for _ in range(150):
        damaged = data.copy()
        places = rng.integers(12, len(data), rng.integers(1, 10))
        damaged[places] = rng.integers(0, 256, len(places))
        with contextlib.suppress(MalformedPicture, PictureTooLarge):
            assert read(damaged.tobytes()).mode in ("L", "RGB")


def test_empty_file_is_malformed():
    with pytest.raises(MalformedPicture, match="empty"):
        read(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"II*\0\x08\0\0\0",
        b"\0\0\0\x1cftypheic",
        b"\0" * 99,
    ],
)
def test_other_kinds_of_file_are_unsupported(data):
    with pytest.raises(UnsupportedPicture, match="Send a PNG, JPEG, BMP, GIF or WebP") as refusal:
        read(data)
    assert len(refusal.value.detail) < 200


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "ICO", "TGA", "PCX"])
def test_kinds_that_the_library_could_read_are_unsupported_too(kind):
    with pytest.raises(UnsupportedPicture):
        read(encode(draw("3"), kind))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "Send a data URL"),
        ("hello", "Send a data URL"),
        ("https://example.org/3.png", "Send a data URL"),
        ("data:image/png,iVBOR", "Send a data URL"),
        ("data:image/png;base64", "Send a data URL"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png;base64,iVBO!", "not valid base64"),
        ("data:image/png;base64,iVBOR", "not valid base64"),
        ("data:image/png;base64,é", "not valid base64"),
        ("x" * 100_000, "Send a data URL"),
        ("data:image/png;base64," + "!" * 100_000, "not valid base64"),
    ],
)
def test_data_url_that_is_none_is_malformed(url, problem):
    with pytest.raises(MalformedPicture, match=problem) as refusal:
        read_url(url)
    assert len(refusal.value.detail) < 200


def test_picture_may_have_just_so_many_bytes():
    data = encode(draw("3"))
    assert read(data, max_bytes=len(data))
    assert read_url(data_url(data), max_bytes=len(data))
    with pytest.raises(PictureTooLarge, match=r"Received: .* MB"):
        read(data, max_bytes=len(data) - 1)
    with pytest.raises(PictureTooLarge, match=r"Received: .* MB"):
        read_url(data_url(data), max_bytes=len(data) - 1)


def test_picture_may_have_just_so_many_pixels():
    data = encode(Image.new("L", (100, 80)))
    assert read(data, max_pixels=8000).size == (100, 80)
    with pytest.raises(PictureTooLarge, match="Received: 100 × 80 pixels"):
        read(data, max_pixels=7999)


@pytest.mark.parametrize("side", [6_000, 12_000, 60_000, 2**31 - 1])
def test_decompression_bomb_is_refused_before_a_pixel_is_decoded(side):
    claims_much = png(side, side, 8, 0, b"")
    with pytest.raises(PictureTooLarge):
        read(claims_much)


def test_animation_whose_frame_is_larger_than_its_screen_is_refused():
    screen = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 20_000, 20_000, 0) + b"\x02\x02\x44\x01\x00;"
    with pytest.raises(PictureTooLarge):
        read(screen + frame)


def test_oddities_in_a_file_warn_nobody():
    script = """
from tests.recognition.test_images import draw, encode, png, read
from app.recognition.errors import PictureTooLarge
read(encode(draw("3"), "JPEG", exif=b"Exif\\0\\0II*\\0\\xff\\xff\\xff\\x7f" + b"\\xff" * 40))
try:
    read(png(12_000, 12_000, 8, 0, b""))
except PictureTooLarge:
    pass
"""
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
