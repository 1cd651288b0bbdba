import re

import pytest
from PIL import ExifTags, Image
from playwright.sync_api import expect

from tests.drawings import draw, encode


def picture(name: str, data: bytes, kind: str = "image/png") -> dict:
    return {"name": name, "mimeType": kind, "buffer": data}


def answer(page):
    return page.locator("[data-glyph]")


def message(page):
    return page.locator("[data-message]")


def choose(page, file: dict):
    page.get_by_label("Choose a picture").set_input_files(file)


def give(page, event: str, file: dict | None):
    """Drops or pastes a file, or something that is none."""
    body = [file["name"], file["mimeType"], list(file["buffer"])] if file else ["", "", []]
    page.evaluate(
        """([event, [name, type, bytes]]) => {
            const data = new DataTransfer();
            if (name) data.items.add(new File([new Uint8Array(bytes)], name, { type }));
            else data.setData("text/plain", "three");
            const init = { bubbles: true, cancelable: true };
            const given = event === "paste"
                ? new ClipboardEvent("paste", { ...init, clipboardData: data })
                : new DragEvent(event, { ...init, dataTransfer: data });
            document.querySelector("[data-drop]").dispatchEvent(given);
        }""",
        [event, body],
    )


@pytest.fixture
def page(visit):
    return visit("/import?mode=digit")


@pytest.fixture(scope="module")
def three() -> dict:
    return picture("three.png", encode(draw("3")))


def test_a_chosen_picture_is_read_and_shown(page, three):
    choose(page, three)
    expect(answer(page)).to_have_text("3")
    expect(page.get_by_role("img", name="The picture you gave: three.png")).to_be_visible()


def test_a_photograph_can_be_taken_on_a_phone(visit, three):
    page = visit("/import?mode=digit", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    camera = page.get_by_label("Take a photo")
    expect(page.get_by_text("Take a photo")).to_be_visible()
    assert camera.get_attribute("capture") == "environment"
    camera.set_input_files(three)
    expect(answer(page)).to_have_text("3")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_dropped_or_pasted_is_read(page, three, event):
    give(page, event, three)
    expect(answer(page)).to_have_text("3")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_what_holds_no_picture_is_said_so(page, event):
    give(page, event, None)
    expect(message(page)).to_contain_text("There is no picture in what was")


def test_the_same_picture_can_be_chosen_again(page, three):
    choose(page, three)
    expect(answer(page)).to_have_text("3")
    with page.expect_request("**/api/predict"):
        choose(page, three)


@pytest.mark.parametrize("kind", ["JPEG", "BMP", "GIF", "WEBP"])
def test_every_kind_of_picture_is_read(page, kind):
    choose(page, picture(f"three.{kind.lower()}", encode(draw("3"), kind), f"image/{kind.lower()}"))
    expect(answer(page)).to_have_text("3")
    expect(page.locator("[data-picture]")).to_be_visible()


def test_the_found_character_is_framed(page):
    paper = Image.new("L", (400, 300), 255)
    paper.paste(draw("3", size=120), (230, 40))
    left, top, right, bottom = Image.eval(paper, lambda level: 255 * (level < 128)).getbbox()
    choose(page, picture("corner.png", encode(paper)))
    frame = page.locator("[data-found] rect")
    expect(frame).to_be_visible()
    found = [float(frame.get_attribute(name)) for name in ("x", "y", "width", "height")]
    assert found == pytest.approx([left, top, right - left, bottom - top], abs=4)
    expect(page.locator("[data-found]")).to_have_attribute("viewBox", "0 0 400 300")


def test_a_picture_turned_by_its_camera_is_framed_upright(page):
    upright = Image.new("L", (300, 200), 255)
    upright.paste(draw("3", size=120), (10, 60))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned a quarter clockwise when shown
    turned = encode(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)
    choose(page, picture("turned.jpg", turned, "image/jpeg"))
    expect(answer(page)).to_have_text("3")
    expect(page.locator("[data-found]")).to_have_attribute("viewBox", "0 0 300 200")


def test_a_mode_switch_reads_the_picture_again(page, three):
    choose(page, three)
    expect(answer(page)).to_have_text("3")
    page.get_by_text("Letter", exact=True).click()
    expect(page.locator("[data-name]")).to_have_text(re.compile("^(Capital|Small) "))


def test_the_steps_of_a_picture_are_shown_on_request(page, three):
    choose(page, three)
    page.get_by_role("button", name="Show the steps").click()
    for step in page.locator("[data-step]").all():
        expect(step).to_be_visible()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (picture("notes.txt", b"not a picture", "text/plain"), "PNG, JPEG, BMP, GIF or WebP"),
        (picture("cut.png", encode(draw("3"))[:200]), "damaged"),
        (picture("blank.png", encode(Image.new("L", (60, 60), 255))), "."),
        (picture("film.mp4", bytes(5_000_001), "video/mp4"), "larger than 5 MB"),
    ],
    ids=["415", "400", "422", "413"],
)
def test_a_picture_that_cannot_be_read_is_refused_in_words(page, three, file, words):
    choose(page, three)
    expect(answer(page)).to_have_text("3")
    choose(page, file)
    expect(message(page)).to_contain_text(words)
    expect(page.locator("[data-name]")).to_have_text("No answer")
    choose(page, three)
    expect(answer(page)).to_have_text("3")
    expect(message(page)).to_be_empty()


@pytest.mark.parametrize(("kind", "size"), [("BMP", (1500, 1200)), ("PNG", (6400, 4200))], ids=["bytes", "pixels"])
def test_a_picture_larger_than_the_server_takes_is_made_smaller_first(page, kind, size):
    large = Image.new("RGB", size, "white")
    large.paste(draw("3", size=1000, pen=60), (100, 100))
    choose(page, picture("large", encode(large, kind), f"image/{kind.lower()}"))
    expect(answer(page)).to_have_text("3")
    expect(page.locator("[data-found] rect")).to_be_visible()


def test_without_a_connection_the_picture_is_read_once_there_is_one(page, three):
    page.context.set_offline(True)
    choose(page, three)
    expect(message(page)).to_contain_text("No connection")
    page.context.set_offline(False)
    expect(answer(page)).to_have_text("3")
    expect(message(page)).to_be_empty()
