"""How sure an answer is, in words, and when it is read aloud."""

import json
import re

import pytest
from playwright.sync_api import expect

from app import certainty
from tests.browser.hand import Mouse, strokes

HASH = [[(0.2, y), (0.8, y)] for y in (0.35, 0.65)] + [[(x, 0.2), (x, 0.8)] for x in (0.35, 0.65)]  # no digit
SAID = {
    0.9995: "Very sure, over 99.9\u00a0%",
    0.951: "Very sure, 95.1\u00a0%",
    0.94: "Fairly sure, 94.0\u00a0%",
    0.66: "Fairly sure, 66.0\u00a0%",
    0.6: "Leaning this way, 60.0\u00a0%",
    0.3: "Not sure, 30.0\u00a0%",
}


def part(page, name):
    return page.locator(f"[data-{name}]")


def aloud(page):
    """Every sentence that a screen reader gets from now on."""
    page.evaluate(
        """() => {
            window.said = [];
            const region = document.querySelector("[data-live]");
            new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true });
        }"""
    )


def answering(page, **given):
    """What the server answers from now on, but for `given`."""
    page.route("**/api/predict", lambda route: route.fulfill(json=route.fetch().json() | given))


def test_a_picture_that_looks_like_no_character_is_doubted(visit):
    page = visit("/canvas?mode=digit")
    Mouse(page).write(HASH)
    expect(part(page, "sure")).to_have_text("Maybe not a character")
    expect(page.locator(".result.unsure [data-glyph]")).to_have_text(re.compile(r"^\d$"))
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^Not clear: perhaps digit \d. Maybe not a char"))
    page.get_by_role("button", name="Clear").click()
    Mouse(page).write(strokes("3"))
    expect(part(page, "sure")).to_have_text(re.compile(r"^Very sure, "))


@pytest.mark.thorough
def test_a_digit_that_the_model_cannot_tell_is_marked_not_sure(visit):
    page = visit("/canvas?mode=digit")
    answering(page, confidence=0.5, not_a_character=0.5)
    Mouse(page).write(HASH)
    expect(part(page, "sure")).to_have_text(re.compile(r"^Not sure, 50\.0\s%$"))
    expect(part(page, "name")).to_have_text(re.compile(r"^Perhaps digit \d$"))
    expect(page.locator(".result.unsure [data-glyph]")).to_have_text(re.compile(r"^\d$"))
    expect(part(page, "runners").get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^Not clear: perhaps digit \d. Not sure, "))
    page.unroute_all(behavior="wait")
    page.get_by_role("button", name="Clear").click()
    Mouse(page).write(strokes("3"))
    expect(part(page, "name")).to_have_text("Digit 3")
    expect(page.locator(".result.unsure")).to_have_count(0)


@pytest.mark.thorough
def test_the_page_takes_the_threshold_of_each_mode_from_its_model_s_card(visit, recognizer):
    page = visit("/canvas")
    given = json.loads(part(page, "result").get_attribute("data-sure-from"))
    assert given == {mode: certainty.sure_from(card) for mode, card in recognizer.cards.items()}


@pytest.mark.thorough
def test_confidence_is_said_in_words_and_per_cent(visit):
    page = visit("/canvas?mode=any")
    confidence = 0.0

    def answer(route):
        found = route.fetch().json()
        probabilities = dict.fromkeys(found["probabilities"], 0) | {"3": confidence, "8": 1 - confidence}
        given = {"prediction": "3", "confidence": confidence, "not_a_character": 0, "probabilities": probabilities}
        route.fulfill(json=found | given)

    page.route("**/api/predict", answer)
    Mouse(page).write([[(0.3, 0.3), (0.6, 0.6)]])
    for confidence, says in SAID.items():  # noqa: B007 the route above answers it
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+y")
        expect(part(page, "sure")).to_have_text(says)
    page.unroute_all(behavior="wait")


@pytest.mark.thorough
def test_runners_up_are_the_next_likeliest_in_order(visit):
    page = visit("/canvas?mode=any")
    Mouse(page).write([[(0.2, 0.2), (0.8, 0.8)], [(0.8, 0.2), (0.2, 0.8)]])
    expect(page.get_by_role("status")).to_have_text(re.compile("Otherwise "))
    meters = page.get_by_role("meter").evaluate_all(
        "meters => meters.map((meter) => [Number(meter.ariaValueNow), meter.dataset.label])"
    )
    (_, best), *others = sorted(meters, reverse=True)
    assert part(page, "glyph").inner_text() == best
    shown = part(page, "runners").locator(".label").all_inner_texts()
    assert shown == [label for _, label in others[: len(shown)]]
    assert shown


@pytest.mark.thorough
def test_nothing_is_read_aloud_while_the_pen_is_down_and_once_it_is_lifted_all_of_it_once(visit):
    page = visit("/canvas?mode=digit")
    aloud(page)
    mouse = Mouse(page)
    ((first, *rest),) = strokes("3")
    mouse.down(*first)
    for point in rest:
        mouse.move(*point)
    expect(part(page, "glyph")).to_have_text("3")
    page.wait_for_timeout(1200)  # longer than an answer takes to settle
    assert page.evaluate("said") == []
    mouse.up()
    expect(page.get_by_role("status")).to_have_text(re.compile("^Read as digit 3"))
    assert len(page.evaluate("said")) == 1


def test_every_bar_is_a_meter_with_a_name_and_a_value_in_words(visit):
    page = visit("/canvas?mode=digit")
    Mouse(page).write(strokes("3"))
    bar = page.get_by_role("meter", name="digit 3")
    expect(bar).to_have_attribute("aria-valuetext", re.compile(r"^(over )?[89]\d\.\d\s%$"))
    assert float(bar.get_attribute("aria-valuenow")) > 80
    assert bar.locator("i").evaluate("bar => getComputedStyle(bar, '::before').transform") != "none"
