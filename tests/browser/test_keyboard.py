import re

import pytest
from playwright.sync_api import expect

from tests.browser.hand import Mouse, ink, strokes

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
PENS = {"1": "Thin pen", "2": "Medium pen", "3": "Thick pen", "e": "Eraser"}


@pytest.fixture
def page(visit):
    return visit("/canvas?mode=digit")


def pad(page):
    return page.locator("[data-pad]")


def press(page, *keys: str, times: int = 1):
    for key in keys * times:
        page.keyboard.press(key)


def draw_a_seven(page):
    press(page, "ArrowLeft", times=5)
    press(page, "Space")
    press(page, "ArrowRight", times=10)
    press(page, "ArrowDown", "ArrowDown", "ArrowLeft", times=5)
    press(page, "Space")


def test_a_digit_is_drawn_read_judged_and_cleared_by_keyboard_alone(page):
    for _ in range(30):
        press(page, "Tab")
        if pad(page).evaluate("canvas => canvas === document.activeElement"):
            break
    draw_a_seven(page)
    expect(page.locator("[data-glyph]")).to_have_text("7")
    expect(page.get_by_role("status")).to_have_text(re.compile("^Read as digit 7"))
    press(page, "Control+z")
    assert ink(page) == 0
    press(page, "Control+y")
    assert ink(page) > 0
    press(page, "Delete")
    assert ink(page) == 0


@pytest.mark.thorough
def test_nothing_is_drawn_while_the_pen_is_up(page):
    pad(page).focus()
    press(page, "ArrowLeft", "ArrowDown", times=3)
    assert ink(page) == 0
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


@pytest.mark.thorough
def test_a_key_on_the_canvas_chooses_the_pen(page):
    pad(page).focus()
    for key, pen in PENS.items():
        press(page, key)
        expect(page.get_by_role("radio", name=pen)).to_be_checked()


@pytest.mark.thorough
def test_the_pen_that_a_key_chose_draws(page):
    mouse = Mouse(page)
    mouse.write(strokes("3"))
    thin = ink(page)
    press(page, "Delete", "3")  # without a detour: the canvas has the focus since it was drawn on
    mouse.write(strokes("3"))
    assert ink(page) > 1.4 * thin
    press(page, "e")
    mouse.write(strokes("3"))
    assert ink(page) == 0


@pytest.mark.thorough
def test_elsewhere_these_keys_choose_nothing(page):
    page.get_by_role("radio", name="Digit").focus()
    press(page, "3", "e")
    expect(page.get_by_role("radio", name="Medium pen")).to_be_checked()


@pytest.mark.thorough
def test_every_key_is_listed_beside_the_canvas(page):
    keys = page.locator("#keys")
    expect(keys).to_be_visible()
    expect(pad(page)).to_have_attribute("aria-describedby", "keys")
    listed = keys.locator("kbd").all_inner_texts()
    assert listed == ["Arrows", "Space", "Shift", "1", "2", "3", "E", "Ctrl Z", "Ctrl Y", "Delete"]


@pytest.mark.thorough
def test_on_a_phone_the_keys_are_listed_once_there_is_a_keyboard(visit):
    page = visit("/canvas", **PHONE)
    expect(page.locator("#keys")).to_be_hidden()
    page.get_by_role("radio", name="Any").focus()
    press(page, "Tab")
    expect(pad(page)).to_be_focused()
    expect(page.locator("#keys")).to_be_visible()


@pytest.mark.thorough
def test_the_keyboard_s_pen_is_not_in_the_way_of_a_mouse(page):
    Mouse(page).write(strokes("3"))
    expect(page.locator(".key-pen")).to_be_hidden()
    assert pad(page).evaluate("canvas => getComputedStyle(canvas).outlineStyle") == "none"
    press(page, "ArrowDown")
    expect(page.locator(".key-pen")).to_be_visible()
