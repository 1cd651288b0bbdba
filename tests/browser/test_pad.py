"""What a hand may do to the canvas besides writing neatly, on screens of every kind."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.hand import Finger, Mouse, Pen, ink, strokes

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
UPRIGHT, LYING = {"width": 360, "height": 740}, {"width": 740, "height": 360}
WIDE = {"width": 1280, "height": 800}
PAINTED_ANEW = """(width) => {
    const pad = document.querySelector("[data-pad]");
    return innerWidth === width && Math.abs(pad.width - pad.clientWidth * devicePixelRatio) <= 1;
}"""


@pytest.fixture
def phone(visit):
    return visit("/canvas?mode=digit", **PHONE)


def answer(page):
    return page.locator("[data-glyph]")


def canvas_side(page) -> tuple[float, float, float]:
    """Pixels of the canvas, pixels of the page, pixels of the screen for one of the page's."""
    return tuple(
        page.locator("[data-pad]").evaluate("canvas => [canvas.width, canvas.clientWidth, window.devicePixelRatio]")
    )


def drawn(page) -> list[dict]:
    """The strokes as they are kept."""
    return json.loads(page.evaluate("sessionStorage['inkloop.drawing']"))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("hand", "size", "scheme"),  # each two of them together
    [
        (Mouse, UPRIGHT, "light"),
        (Mouse, WIDE, "dark"),
        (Finger, UPRIGHT, "dark"),
        (Finger, WIDE, "light"),
        (Pen, UPRIGHT, "light"),
        (Pen, WIDE, "dark"),
    ],
)
def test_every_hand_writes_on_every_screen(visit, hand, size, scheme):
    page = visit("/?mode=digit", viewport=size, has_touch=True, color_scheme=scheme)
    hand(page).write(strokes("3"))
    expect(answer(page)).to_have_text("3")
    assert len(drawn(page)) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("density", [1, 2, 3])
def test_ink_is_as_fine_as_the_screen_and_covers_as_much(visit, density):
    page = visit("/canvas?mode=digit", device_scale_factor=density)
    Mouse(page).write(strokes("3"))
    pixels, shown, ratio = canvas_side(page)
    assert ratio == density
    assert pixels == pytest.approx(density * shown, abs=1)
    assert ink(page) == pytest.approx(0.0672, rel=0.03)


@pytest.mark.thorough
def test_a_window_that_moves_to_a_denser_screen_is_as_crisp_there(visit):
    page = visit("/canvas?mode=digit")
    Mouse(page).write(strokes("3"))
    before = ink(page)
    screen = {"width": 1280, "height": 1000, "deviceScaleFactor": 3, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", screen)
    page.wait_for_function(
        "() => { const pad = document.querySelector('[data-pad]'); return pad.width > 2 * pad.clientWidth; }"
    )
    pixels, shown, _ = canvas_side(page)
    assert pixels == pytest.approx(3 * shown, abs=1)
    assert ink(page) == pytest.approx(before, rel=0.03)


def test_rotation_keeps_drawing_answer_and_what_can_be_undone(phone):
    Finger(phone).write(strokes("4"))
    expect(answer(phone)).to_have_text("4")
    before = ink(phone)
    for size in (LYING, UPRIGHT):
        phone.set_viewport_size(size)
        phone.wait_for_function(PAINTED_ANEW, arg=size["width"])
        assert ink(phone) == pytest.approx(before, rel=0.05)
        expect(answer(phone)).to_have_text("4")
        for name in ("data-pad", "data-undo"):
            box = phone.locator(f"[{name}]").bounding_box()
            assert box["y"] + box["height"] <= size["height"], (name, size)
    phone.get_by_role("button", name="Undo").click()
    assert 0 < ink(phone) < before


@pytest.mark.thorough
def test_a_reload_keeps_what_can_be_undone(phone):
    Finger(phone).write(strokes("4"))
    phone.reload()
    expect(answer(phone)).to_have_text("4")
    phone.get_by_role("button", name="Undo").click()
    assert len(drawn(phone)) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("kept", ["{", "null", "3", '[{"width": 0.04}, 7, {"width": 0.04, "points": [["x", 1]]}]'])
def test_a_drawing_that_was_kept_in_another_shape_is_left_out(visit, kept):
    page = visit("about:blank")
    page.add_init_script(f"sessionStorage['inkloop.drawing'] ??= {json.dumps(kept)}")
    page.goto("/canvas?mode=digit")
    Mouse(page).write(strokes("3"))
    expect(answer(page)).to_have_text("3")


@pytest.mark.thorough
def test_a_stroke_that_leaves_the_canvas_stays_one_stroke(visit):
    page = visit("/canvas?mode=digit")
    mouse = Mouse(page)
    mouse.down(0.5, 0.5)
    for place in ((0.9, 0.5), (1.2, 0.5), (1.2, 0.7), (0.5, 0.7)):
        mouse.move(*place)
    mouse.up()
    assert len(drawn(page)) == 1


@pytest.mark.thorough
def test_the_other_mouse_buttons_do_not_draw(visit):
    page = visit("/canvas?mode=digit")
    for button in ("right", "middle"):
        page.locator("[data-pad]").click(button=button)
    assert ink(page) == 0


@pytest.mark.thorough
def test_a_second_finger_neither_draws_nor_ends_the_stroke(phone):
    finger = Finger(phone)
    finger.down(0.2, 0.2)
    first, second = finger.at(0.2, 0.4), finger.at(0.8, 0.8)
    both = [{"x": first[0], "y": first[1], "id": 0}, {"x": second[0], "y": second[1], "id": 1}]
    finger._touch("touchStart", *both)
    for step in range(5):
        both[0]["y"] += 5
        both[1]["x"] -= 10 * step
        finger._touch("touchMove", *both)
    finger.up()
    (stroke,) = drawn(phone)
    assert {round(x, 2) for x, _ in stroke["points"]} == {0.2}


@pytest.mark.thorough
def test_a_stroke_that_the_system_takes_over_is_kept_as_far_as_it_came(phone):
    finger = Finger(phone)
    finger.down(0.2, 0.2)
    finger.move(0.5, 0.5)
    finger._touch("touchCancel")
    (stroke,) = drawn(phone)
    assert len(stroke["points"]) >= 2
    finger.write([[(0.7, 0.2), (0.7, 0.8)]])
    assert len(drawn(phone)) == 2


def test_a_palm_that_lands_before_the_pen_leaves_nothing(phone):
    palm = Finger(phone)
    palm.down(0.8, 0.9)
    palm.move(0.82, 0.92)
    Pen(phone).write(strokes("7"))
    palm.up()
    expect(answer(phone)).to_have_text("7")
    (stroke,) = drawn(phone)
    assert max(y for _, y in stroke["points"]) < 0.85


@pytest.mark.thorough
def test_a_slow_answer_is_marked_as_old_until_the_new_one_comes(visit):
    page = visit("/canvas?mode=digit")
    Mouse(page).write(strokes("3"))
    expect(answer(page)).to_have_text("3")
    held = []
    page.route("**/api/predict", lambda route: held.append(route))
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-message]")).to_have_text("Still reading …")
    held[-1].continue_()
    expect(page.locator("[data-message]")).to_be_empty()
    expect(page.locator("[data-result]")).to_have_attribute("data-state", "fresh")


@pytest.mark.thorough
def test_before_the_first_answer_a_missing_connection_is_said_and_the_drawing_read_once_it_is_back(visit):
    page = visit("/canvas?mode=digit")
    page.context.set_offline(True)
    Mouse(page).write(strokes("3"))
    expect(page.locator("[data-message]")).to_contain_text("No connection")
    page.context.set_offline(False)
    expect(answer(page)).to_have_text("3")


@pytest.mark.thorough
def test_an_unknown_mode_in_the_address_reads_anything(visit):
    page = visit("/canvas?mode=emoji")
    expect(page.get_by_role("radio", name="Any")).to_be_checked()
    Mouse(page).write(strokes("H"))
    expect(answer(page)).to_have_text("H")


def test_the_page_scrolls_at_the_canvas_s_margin_and_below_it(visit):
    page = visit("/?mode=digit", **PHONE)
    box = page.locator("[data-pad]").bounding_box()
    finger = Finger(page)
    for left in (box["x"] / 2, box["x"] + box["width"] + 6):
        page.evaluate("scrollTo(0, 0)")
        finger.swipe(left, box["y"] + box["height"] - 20, up=150)
        page.wait_for_function("() => scrollY > 75")
    assert ink(page) == 0


@pytest.mark.thorough
def test_what_is_sent_is_black_on_white_without_transparency(visit):
    page = visit("/canvas?mode=digit", color_scheme="dark", device_scale_factor=3)
    with page.expect_request("**/api/predict") as sent:
        Mouse(page).write(strokes("3"))
    picture = sent.value.post_data_json["image"]
    size, corner, opaque = page.evaluate(
        """async (url) => {
            const image = Object.assign(new Image(), { src: url });
            await image.decode();
            const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
            context.drawImage(image, 0, 0);
            const { data } = context.getImageData(0, 0, image.width, image.height);
            const opaque = !data.some((value, i) => i % 4 === 3 && value < 255);
            return [[image.width, image.height], [...data.slice(0, 3)], opaque];
        }""",
        picture,
    )
    assert size == [280, 280]
    assert corner == [255, 255, 255]
    assert opaque
    assert re.match("data:image/png", picture)
