import re

import pytest
from playwright.sync_api import expect

from tests.browser.hand import Mouse, strokes

RESTS = re.compile("^Digit 3 rests (most on its|on no single part)")


def button(page):
    return page.get_by_role("button", name=re.compile("what mattered$"))


def says(page):
    return page.locator("[data-heat-says]")


def picture(page):
    return page.locator("[data-heat-picture]")


def colours(page) -> dict[str, int]:
    """How many pixels of the heat map are rather orange, and how many have any light at all."""
    return picture(page).evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
            const found = { orange: 0, lit: 0 };
            for (let i = 0; i < data.length; i += 4) {
                found.orange += data[i] > 1.5 * data[i + 2] && data[i] > 60;
                found.lit += data[i] + data[i + 1] + data[i + 2] > 150;
            }
            return found;
        }"""
    )


@pytest.fixture
def asked(visit):
    """The page with a 3 drawn and read, and every request for a heat map from now on."""
    page = visit("/canvas?mode=digit")
    sent = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/api/heat-map") else None)
    Mouse(page).write(strokes("3"))
    expect(page.locator("[data-glyph]")).to_have_text("3")
    expect(page.get_by_role("button", name="Right", exact=True)).to_be_enabled()
    return page, sent


def test_what_mattered_is_shown_on_request_alone(asked):
    page, sent = asked
    expect(picture(page)).to_be_hidden()
    assert not sent
    button(page).click()
    expect(says(page)).to_have_text(RESTS)
    expect(page.get_by_role("img", name=re.compile("^Heat map. Digit 3 rests"))).to_be_visible()
    expect(button(page)).to_have_attribute("aria-expanded", "true")
    found = colours(page)
    assert found["orange"] > 10
    assert 30 < found["lit"] < 28 * 28 / 2
    assert len(sent) == 1
    button(page).click()
    expect(picture(page)).to_be_hidden()


@pytest.mark.thorough
def test_while_it_is_open_it_follows_the_drawing_and_the_mode(asked):
    page, sent = asked
    button(page).click()
    expect(says(page)).to_have_text(RESTS)
    page.get_by_role("button", name="Clear").click()
    expect(says(page)).to_have_text("Draw something first.")
    assert colours(page)["lit"] == 0
    Mouse(page).write(strokes("7"))
    expect(says(page)).to_have_text(re.compile("^Digit 7 rests"))
    page.get_by_text("Letter", exact=True).click()
    expect(says(page)).to_have_text(re.compile("^(Capital|Small) . rests"))
    assert sent[-1].post_data_json["mode"] == "character"


@pytest.mark.thorough
def test_it_is_marked_as_old_while_the_pen_draws_on(asked):
    page, _ = asked
    button(page).click()
    expect(says(page)).to_have_text(RESTS)
    mouse = Mouse(page)
    mouse.down(0.7, 0.7)
    mouse.move(0.8, 0.8)
    expect(picture(page)).to_have_class(re.compile("old"))
    mouse.up()
    expect(picture(page)).not_to_have_class(re.compile("old"))


@pytest.mark.thorough
def test_without_a_connection_it_says_so(asked):
    page, _ = asked
    page.context.set_offline(True)
    button(page).click()
    expect(says(page)).to_contain_text("No connection to the server.")
    page.context.set_offline(False)
    button(page).click()
    button(page).click()
    expect(says(page)).to_have_text(RESTS)


@pytest.mark.thorough
def test_asked_too_often_it_says_when_to_go_on(app, asked, monkeypatch):
    page, _ = asked
    monkeypatch.setitem(app.config, "HEAT_MAP_RATE", "1 per 2 hour")
    for _ in range(3):
        button(page).click()
        expect(says(page)).not_to_have_text("Draw something first.")
    expect(says(page)).to_have_text(re.compile(r"^At most 1 .* Go on in \d+ s\."))
