import re

import pytest
from playwright.sync_api import expect

from tests.browser.hand import Finger, Mouse, Pen, ink, strokes

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 3, "has_touch": True, "is_mobile": True}
FRESH = re.compile("fresh")


def answer(page):
    return page.locator("[data-glyph]")


def state(page):
    return page.locator("[data-result]")


def questions(page) -> list[dict]:
    """Every body that the page sends to be read, from now on."""
    sent = []
    page.on("request", lambda request: sent.append(request.post_data_json) if request.method == "POST" else None)
    return sent


def settled(page):
    """Waits until the answer is to all that was drawn."""
    expect(state(page)).to_have_attribute("data-state", FRESH)
    page.wait_for_function("() => !window.underWay")
    page.wait_for_timeout(300)


@pytest.fixture
def page(visit):
    return visit("/canvas?mode=digit")


@pytest.fixture
def three(page):
    """The page with a 3 drawn on it, and read."""
    Mouse(page).write(strokes("3"))
    expect(answer(page)).to_have_text("3")
    return page


@pytest.mark.parametrize("label", ["3", "7"])
def test_a_digit_drawn_with_the_mouse_is_read(page, label):
    Mouse(page).write(strokes(label))
    expect(answer(page)).to_have_text(label)
    expect(page.locator("[data-name]")).to_have_text(f"Digit {label}")
    expect(page.locator("[data-sure]")).to_have_text(re.compile(r"^(Very|Fairly) sure, .+\s%$"))


def test_a_small_three_in_a_corner_is_read(page):
    Mouse(page).write(strokes("3", left=0.05, top=0.72, height=0.22))
    expect(answer(page)).to_have_text("3")


def test_a_three_drawn_with_a_finger_is_read(visit):
    page = visit("/canvas?mode=digit", **PHONE)
    Finger(page).write(strokes("3"))
    expect(answer(page)).to_have_text("3")


def test_a_three_drawn_with_a_pen_is_read(page):
    Pen(page).write(strokes("3"))
    expect(answer(page)).to_have_text("3")


def test_a_palm_leaves_no_ink_once_a_pen_was_seen(visit):
    page = visit("/canvas?mode=digit", **PHONE)
    Finger(page).write(strokes("3"))
    with_finger = ink(page)
    assert with_finger > 0
    Pen(page).write([[(0.1, 0.1), (0.2, 0.1)]])
    with_pen = ink(page)
    assert with_pen > with_finger
    Finger(page).write([[(0.8, 0.9), (0.9, 0.9)]])
    assert ink(page) == with_pen


def test_a_letter_of_several_strokes_is_read(visit):
    page = visit("/canvas?mode=character")
    Mouse(page).write(strokes("A"))
    expect(answer(page)).to_have_text("A")
    expect(page.locator("[data-name]")).to_have_text("Capital A")


def test_answers_come_while_the_pen_is_still_down(page):
    mouse = Mouse(page)
    ((first, *rest),) = strokes("3")
    mouse.down(*first)
    for point in rest:
        mouse.move(*point)
    expect(answer(page)).to_have_text("3")
    mouse.up()


def test_one_request_is_under_way_at_a_time_and_the_last_state_is_answered(visit):
    page = visit("about:blank")
    page.add_init_script(
        """window.underWay = window.most = 0;
        const real = window.fetch;
        window.fetch = async (...args) => {
            window.most = Math.max(window.most, ++window.underWay);
            await new Promise((resolve) => setTimeout(resolve, 120));
            return real(...args).finally(() => { window.underWay -= 1; });
        };"""
    )
    page.goto("/canvas?mode=digit")
    sent = questions(page)
    Mouse(page).write([*strokes("3", left=0.1), *strokes("7", left=0.5)])
    settled(page)
    last = sent[-1]["image"]
    page.get_by_text("Letter", exact=True).click()
    expect(page.locator("[data-name]")).to_have_text(re.compile("capital|small", re.I))
    assert sent[-1]["image"] == last
    assert page.evaluate("most") == 1


def test_undo_takes_back_the_last_stroke_and_redo_brings_it_back(three):
    one = ink(three)
    Mouse(three).write([[(0.1, 0.9), (0.9, 0.95)]])
    both = ink(three)
    assert both > one
    three.get_by_role("button", name="Undo").click()
    assert ink(three) == one
    three.get_by_role("button", name="Redo").click()
    assert ink(three) == both


def test_undo_answers_again(three):
    Mouse(three).write([[(0.1, 0.1), (0.9, 0.9)], [(0.9, 0.1), (0.1, 0.9)]])
    three.get_by_role("button", name="Undo").click()
    three.get_by_role("button", name="Undo").click()
    expect(answer(three)).to_have_text("3")
    expect(state(three)).to_have_attribute("data-state", FRESH)


def test_the_keyboard_undoes_redoes_and_clears(three):
    drawn = ink(three)
    three.keyboard.press("Control+z")
    assert ink(three) == 0
    three.keyboard.press("Control+Shift+z")
    assert ink(three) == drawn
    three.keyboard.press("Control+z")
    three.keyboard.press("Control+y")
    assert ink(three) == drawn
    three.keyboard.press("Delete")
    assert ink(three) == 0


def test_clear_takes_drawing_and_answer_away_and_can_be_undone(three):
    three.get_by_role("button", name="Clear").click()
    assert ink(three) == 0
    expect(state(three)).to_have_attribute("data-state", "empty")
    expect(answer(three)).to_have_text("")
    three.get_by_role("button", name="Undo").click()
    expect(answer(three)).to_have_text("3")


def test_a_button_that_can_do_nothing_is_disabled(page):
    for name in ("Undo", "Redo", "Clear"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    Mouse(page).write(strokes("3"))
    for name in ("Undo", "Clear"):
        expect(page.get_by_role("button", name=name)).to_be_enabled()


def test_a_thicker_pen_leaves_more_ink(page):
    covered = []
    for pen in ("Thin pen", "Medium pen", "Thick pen"):
        page.get_by_title(pen).click()
        Mouse(page).write(strokes("3"))
        covered.append(ink(page))
        page.keyboard.press("Delete")
    assert covered[0] < 0.7 * covered[1] < 0.7 * covered[2]


@pytest.mark.thorough
def test_the_eraser_takes_ink_away(three):
    drawn = ink(three)
    three.get_by_title("Eraser").click()
    Mouse(three).write([[(0.1, 0.78), (0.9, 0.78)]])
    assert 0 < ink(three) < drawn


@pytest.mark.thorough
def test_a_tap_leaves_a_dot(visit):
    page = visit("/canvas?mode=digit", **PHONE)
    Finger(page).write([[(0.5, 0.5)]])
    assert ink(page) == pytest.approx(3.14159 * 0.0225**2, rel=0.1)


@pytest.mark.thorough
def test_a_resize_keeps_the_drawing(three):
    drawn = ink(three)
    side = three.locator("[data-pad]").bounding_box()["width"]
    three.set_viewport_size({"width": 500, "height": 640})
    three.wait_for_function("(side) => document.querySelector('[data-pad]').width !== side", arg=side)
    assert three.locator("[data-pad]").bounding_box()["width"] < side
    assert ink(three) == pytest.approx(drawn, rel=0.03)


@pytest.mark.thorough
def test_a_reload_keeps_the_drawing_and_answers_it(three):
    drawn = ink(three)
    three.reload()
    expect(answer(three)).to_have_text("3")
    assert ink(three) == drawn


@pytest.mark.thorough
def test_the_canvas_is_as_fine_as_the_screen(visit):
    pad = visit("/canvas", **PHONE).locator("[data-pad]")
    width, shown = pad.evaluate("canvas => [canvas.width, canvas.clientWidth]")
    assert width == pytest.approx(3 * shown, abs=1)


@pytest.mark.thorough
def test_theme_and_density_change_nothing_that_is_sent(visit):
    sent = []
    for options in ({}, {"color_scheme": "dark", "device_scale_factor": 2.5}):
        page = visit("/canvas?mode=digit", **options)
        bodies = questions(page)
        Mouse(page).write(strokes("3"))
        settled(page)
        sent.append(bodies[-1]["image"])
    assert sent[0] == sent[1]


@pytest.mark.thorough
def test_a_mode_switch_answers_the_drawing_again_without_a_reload(three):
    three.evaluate("window.stayed = true")
    three.get_by_text("Letter", exact=True).click()
    expect(three.locator("[data-name]")).to_have_text(re.compile("^(Capital|Small) "))
    three.get_by_text("Any", exact=True).click()
    expect(three.get_by_role("meter")).to_have_count(62)
    assert three.url.endswith("/canvas?mode=any")
    assert three.evaluate("window.stayed")


@pytest.mark.thorough
@pytest.mark.parametrize(("mode", "classes"), [("digit", 10), ("character", 52), ("any", 62)])
def test_every_class_of_the_mode_in_the_address_has_a_bar(visit, mode, classes):
    page = visit(f"/canvas?mode={mode}")
    expect(page.get_by_role("meter")).to_have_count(classes)
    Mouse(page).write(strokes("3"))
    settled(page)
    values = page.get_by_role("meter").evaluate_all("meters => meters.map((meter) => Number(meter.ariaValueNow))")
    assert sum(values) == pytest.approx(100, abs=0.05 * classes)


@pytest.mark.thorough
def test_the_mode_goes_along_to_the_other_pages(visit):
    page = visit("/?mode=character")
    page.get_by_role("navigation").get_by_role("link", name="Draw").click()
    expect(page.get_by_role("radio", name="Letter")).to_be_checked()


@pytest.mark.thorough
def test_the_drawing_goes_along_from_home_to_draw(visit):
    page = visit("/?mode=digit")
    Mouse(page).write(strokes("3"))
    expect(answer(page)).to_have_text("3")
    page.get_by_role("navigation").get_by_role("link", name="Draw").click()
    expect(answer(page)).to_have_text("3")


@pytest.mark.thorough
def test_what_the_model_saw_is_shown(three):
    saw = three.locator("[data-input]")
    expect(saw).to_be_visible()
    assert saw.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]
    assert saw.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"


@pytest.mark.thorough
def test_the_steps_are_shown_on_request(three):
    steps = three.locator("[data-step]")
    expect(steps.first).to_be_hidden()
    three.get_by_role("button", name="Show the steps").click()
    expect(steps).to_have_count(4)
    for step in steps.all():
        expect(step).to_be_visible()
    three.get_by_role("button", name="Hide the steps").click()
    expect(steps.first).to_be_hidden()


@pytest.mark.thorough
def test_nothing_left_to_read_is_said_in_words(page):
    page.get_by_title("Thin pen").click()
    Mouse(page).write([[(0.5, 0.5), (0.52, 0.5)]])
    page.get_by_title("Eraser").click()
    Mouse(page).write([[(0.45, 0.5), (0.58, 0.5)]])
    assert ink(page) == 0
    expect(page.locator("[data-message]")).not_to_be_empty()
    expect(page.locator("[data-name]")).to_have_text("No answer")


@pytest.mark.thorough
def test_without_a_connection_the_last_answer_stays_marked_as_old(three):
    three.context.set_offline(True)
    Mouse(three).write([[(0.1, 0.9), (0.2, 0.9)]])
    expect(three.locator("[data-message]")).to_contain_text("No connection")
    expect(state(three)).to_have_attribute("data-state", "old")
    expect(answer(three)).to_have_text("3")
    three.get_by_role("button", name="Undo").click()
    three.context.set_offline(False)
    expect(state(three)).to_have_attribute("data-state", FRESH)
    expect(three.locator("[data-message]")).to_be_empty()


@pytest.mark.thorough
def test_the_answer_is_read_aloud_once_settled(three):
    expect(three.get_by_role("status")).to_have_text(re.compile("^Read as digit 3. Very sure, "))


@pytest.mark.thorough
def test_the_page_scrolls_beside_the_canvas_and_not_on_it(visit):
    page = visit("/canvas?mode=digit", **PHONE)
    box = page.locator("[data-pad]").bounding_box()
    Finger(page).swipe(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8, up=150)
    assert page.evaluate("scrollY") == 0
    assert ink(page) > 0
    Finger(page).swipe(box["x"] / 2, box["y"] + box["height"] * 0.8, up=150)
    page.wait_for_function("() => scrollY > 75")
