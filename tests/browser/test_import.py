import re
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from playwright.sync_api import expect

from app.routes.import_file import samples
from tests.drawings import draw, encode


def picture(name: str, data: bytes, kind: str = "image/png") -> dict:
    return {"name": name, "mimeType": kind, "buffer": data}


def answer(page):
    return page.locator("[data-glyph]")


def message(page):
    return page.locator("[data-message]")


def choose(page, file: dict):
    page.get_by_label("Choose a picture").set_input_files(file)


def drop(page, *paths: Path, text: str = ""):
    """Drags files, or a text, over the page and lets go of them in its upper left, on the leaf."""
    devtools = page.context.new_cdp_session(page)
    items = [{"mimeType": "text/plain", "data": text}] if text else []
    data = {"items": items, "files": [str(path) for path in paths], "dragOperationsMask": 1}
    box = page.locator("[data-drop]").bounding_box()
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        devtools.send("Input.dispatchDragEvent", {"type": kind, "data": data} | at)


def copy(page, what: str, data: bytes):
    """Puts a picture or a text on the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """([type, bytes]) => navigator.clipboard.write(
            [new ClipboardItem({ [type]: new Blob([new Uint8Array(bytes)], { type }) })])""",
        [what, list(data)],
    )


@pytest.fixture
def page(visit):
    return visit("/import?mode=digit")


@pytest.fixture(scope="module")
def three() -> dict:
    return picture("three.png", encode(draw("3")))


@pytest.mark.thorough
def test_a_chosen_picture_is_read_and_shown(page, three):
    choose(page, three)
    expect(answer(page)).to_have_text("3")
    expect(page.get_by_role("img", name="The picture you gave: three.png")).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize("opener", ["text=Choose a picture", "[data-drop]"])
def test_the_button_and_the_leaf_open_the_file_picker(page, three, opener):
    with page.expect_file_chooser() as chooser:
        page.locator(opener).click()
    chooser.value.set_files(three)
    expect(answer(page)).to_have_text("3")


@pytest.mark.thorough
def test_the_file_picker_opens_from_the_keyboard(page, three):
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Choose a picture").press("Enter")
    chooser.value.set_files(three)
    expect(answer(page)).to_have_text("3")


@pytest.mark.thorough
def test_a_photograph_can_be_taken_on_a_phone(visit, three):
    page = visit("/import?mode=digit", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    assert page.get_by_label("Take a photo").get_attribute("capture") == "environment"
    with page.expect_file_chooser() as camera:
        page.get_by_text("Take a photo").tap()
    camera.value.set_files(three)
    expect(answer(page)).to_have_text("3")
    for part in ("[data-preview]", "[data-name]", "[data-sure]"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)


@pytest.mark.thorough
def test_a_camera_is_offered_on_phones_alone(page):
    expect(page.get_by_text("Take a photo")).to_be_hidden()


@pytest.mark.thorough
def test_a_file_dropped_is_read(page, three, tmp_path):
    file = tmp_path / "three.png"
    file.write_bytes(three["buffer"])
    drop(page, file)
    expect(answer(page)).to_have_text("3")
    expect(page.get_by_role("img", name="The picture you gave: three.png")).to_be_visible()
    expect(page.locator("[data-drop]")).not_to_have_class(re.compile("over"))


@pytest.mark.thorough
def test_a_picture_pasted_is_read(page, three):
    copy(page, "image/png", three["buffer"])
    page.keyboard.press("Control+v")
    expect(answer(page)).to_have_text("3")
    expect(page.locator("[data-picture]")).to_be_visible()


@pytest.mark.thorough
def test_a_text_dropped_is_said_to_be_no_picture(page):
    drop(page, text="three")
    expect(message(page)).to_contain_text("There is no picture in what was dropped")


@pytest.mark.thorough
def test_a_text_pasted_is_said_to_be_no_picture(page):
    copy(page, "text/plain", b"three")
    page.keyboard.press("Control+v")
    expect(message(page)).to_contain_text("There is no picture in what was pasted")


def test_each_of_ten_samples_is_read_rightly_and_boxed(visit):
    page = visit("/import")
    assert len(samples()) == 10
    for sample in samples():
        page.get_by_role("button", name=f"{sample['label']}, {sample['manner']}").click()
        expect(page.locator("[data-name]")).to_have_text(re.compile(f" {sample['label']}$"))
        expect(page.get_by_role("img", name=f"The picture you gave: {sample['file']}")).to_be_visible()
        expect(page.locator("[data-found] rect").last).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_samples_fit_a_phone_with_the_answer_below(visit, scheme):
    page = visit("/import", viewport={"width": 360, "height": 740}, color_scheme=scheme, has_touch=True, is_mobile=True)
    for sample in samples():
        picture = page.get_by_role("img", name=f"{sample['label']}, {sample['manner']}")
        expect(picture).to_be_in_viewport(ratio=1)
        expect(picture).to_have_js_property("naturalWidth", sample["side"])
    page.get_by_role("button", name="R, small").tap()
    expect(page.locator("[data-name]")).to_have_text("Capital R")
    for part in ("[data-preview]", "[data-name]", "[data-sure]"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)


@pytest.mark.thorough
def test_a_sample_is_taken_from_the_keyboard(page):
    page.get_by_role("button", name="3, ").press("Enter")
    expect(answer(page)).to_have_text("3")


@pytest.mark.thorough
def test_a_sample_on_the_page_is_shown_also_without_a_connection(page):
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.get_by_role("button", name="3, ").click()
    expect(page.get_by_role("img", name="The picture you gave: biro.webp")).to_be_visible()
    page.context.set_offline(False)
    expect(answer(page)).to_have_text("3")


@pytest.mark.thorough
def test_the_same_picture_can_be_chosen_again(page, three):
    choose(page, three)
    expect(answer(page)).to_have_text("3")
    with page.expect_request("**/api/predict"):
        choose(page, three)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["JPEG", "BMP", "GIF", "WEBP"])
def test_every_kind_of_picture_is_read(page, kind):
    choose(page, picture(f"three.{kind.lower()}", encode(draw("3"), kind), f"image/{kind.lower()}"))
    expect(answer(page)).to_have_text("3")
    expect(page.locator("[data-picture]")).to_be_visible()


@pytest.mark.thorough
def test_the_found_character_is_framed(page):
    paper = Image.new("L", (400, 300), 255)
    paper.paste(draw("3", size=120), (230, 40))
    left, top, right, bottom = Image.eval(paper, lambda level: 255 * (level < 128)).getbbox()
    choose(page, picture("corner.png", encode(paper)))
    frame = page.locator("[data-found] rect").last
    expect(frame).to_be_visible()
    found = [float(frame.get_attribute(name)) for name in ("x", "y", "width", "height")]
    assert found == pytest.approx([left, top, right - left, bottom - top], abs=4)
    expect(page.locator("[data-found]")).to_have_attribute("viewBox", "0 0 400 300")


@pytest.mark.thorough
def test_a_picture_turned_by_its_camera_is_framed_upright(page):
    upright = Image.new("L", (300, 200), 255)
    upright.paste(draw("3", size=120), (10, 60))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned a quarter clockwise when shown
    turned = encode(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)
    choose(page, picture("turned.jpg", turned, "image/jpeg"))
    expect(answer(page)).to_have_text("3")
    expect(page.locator("[data-found]")).to_have_attribute("viewBox", "0 0 300 200")


@pytest.mark.thorough
def test_a_mode_switch_reads_the_picture_again(page, three):
    choose(page, three)
    expect(answer(page)).to_have_text("3")
    page.get_by_text("Letter", exact=True).click()
    expect(page.locator("[data-name]")).to_have_text(re.compile("^(Capital|Small) "))


@pytest.mark.thorough
def test_the_steps_of_a_picture_are_shown_on_request(page, three):
    choose(page, three)
    page.get_by_role("button", name="Show the steps").click()
    for step in page.locator("[data-step]").all():
        expect(step).to_be_visible()


@pytest.mark.thorough
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


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "size"), [("BMP", (1500, 1200)), ("PNG", (6400, 4200))], ids=["bytes", "pixels"])
def test_a_picture_larger_than_the_server_takes_is_made_smaller_first(page, kind, size):
    large = Image.new("RGB", size, "white")
    large.paste(draw("3", size=1000, pen=60), (100, 100))
    choose(page, picture("large", encode(large, kind), f"image/{kind.lower()}"))
    expect(answer(page)).to_have_text("3")
    expect(page.locator("[data-found] rect").last).to_be_visible()


@pytest.mark.thorough
def test_without_a_connection_the_picture_is_read_once_there_is_one(page, three):
    page.context.set_offline(True)
    choose(page, three)
    expect(message(page)).to_contain_text("No connection")
    page.context.set_offline(False)
    expect(answer(page)).to_have_text("3")
    expect(message(page)).to_be_empty()
