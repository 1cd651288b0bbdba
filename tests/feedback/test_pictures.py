import base64
import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app.feedback.pictures import LARGEST, LONGEST_SIDE, from_kept, picture_hash, to_kept
from app.recognition import images
from app.recognition.errors import PictureError
from app.recognition.preprocessing import preprocess
from tests.drawings import data_url, draw, encode


def kept(picture: Image.Image) -> str:
    """As the server keeps it, once it has read it."""
    return to_kept(picture, preprocess(picture).box)


def test_drawing_of_the_page_is_kept_as_it_is():
    drawing = draw("3", size=280)
    assert from_kept(kept(drawing)).tobytes() == drawing.tobytes()


@pytest.mark.parametrize("size", [(1200, 1200), (281, 100), (300, 1500), (3000, 40)])
def test_larger_picture_is_reduced(size):
    picture = Image.new("RGB", size, "white")
    picture.paste("black", (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    assert max(from_kept(kept(picture)).size) <= LONGEST_SIDE


def test_noise_fits_into_a_cell_too():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (280, 280), np.uint8))
    url = to_kept(noise, (0, 0, 280, 280))
    assert 20_000 < len(url) <= LARGEST
    assert min(from_kept(url).size) > 150


@pytest.mark.parametrize(("ink", "paper"), [("#ffee00", "#ffffff"), ("#ff0000", "#008200"), ("white", "black")])
def test_colour_becomes_the_grey_that_shows_the_ink(ink, paper):
    picture = Image.new("RGB", (200, 200), paper)
    picture.paste(ink, mask=draw("5", ink=255, paper=0))
    grey = from_kept(kept(picture))
    assert grey.mode == "L"
    np.testing.assert_allclose(preprocess(grey).input, preprocess(picture).input, atol=0.02)


def test_small_character_on_a_large_page_is_kept_legible(recognizer):
    page = Image.new("L", (3000, 2400), 240)
    page.paste(draw("3", size=220, paper=240), (2200, 300))
    small = from_kept(kept(page))
    assert small.width < 280 or small.height < 280
    probabilities = recognizer.predict(preprocess(small).input[None], "digit")[0]
    assert recognizer.cards["digit"]["labels"][int(probabilities.argmax())] == "3"


def test_nothing_but_pixels_is_kept():
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Someone")
    exif = Image.Exif()
    exif[0x013B] = "Someone"
    data = encode(draw("3"), pnginfo=text, exif=exif, icc_profile=b"a profile", dpi=(300, 300))
    picture = images.from_bytes(data, max_bytes=10**6, max_pixels=10**6)
    head, _, body = kept(picture).partition(",")
    assert head == "data:image/png;base64"
    png = base64.b64decode(body)
    with Image.open(io.BytesIO(png)) as opened:
        opened.load()
        assert (opened.info, opened.format) == ({}, "PNG")
        assert not opened.getexif()
    assert b"Someone" not in png


def test_hash_is_the_same_for_the_same_drawing_and_another_for_another():
    three = picture_hash(kept(draw("3")))
    assert picture_hash(data_url(draw("3").convert("RGB"))) == three
    assert picture_hash(data_url(draw("3", ink=255, paper=0))) == three
    assert picture_hash(kept(draw("3", height=0.72))) != three
    assert picture_hash(kept(draw("5"))) != three
    assert len(three) == 64


@pytest.mark.parametrize(
    "url",
    ["", "=1+1", "data:image/png;base64,AAAA", data_url(Image.new("L", (280, 280))), data_url(draw("3", size=400))],
)
def test_what_is_no_kept_picture_is_a_picture_error(url):
    with pytest.raises(PictureError):
        picture_hash(url)
