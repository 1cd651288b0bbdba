import pytest
from playwright.sync_api import expect

from app import events
from app.feedback.store import PENDING
from tests.browser.test_accessibility import violations
from tests.browser.test_every_page import is_dark
from tests.feedback.conftest import made
from tests.owners_app import KEPT, PROMOTED, TOKEN, add_feedback, earlier, leave_report, owners_app
from tests.server import served

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
SCREENS = pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture(scope="module")
def live_server(tmp_path_factory):
    """The address of an app with a month of feedback and reports on retraining."""
    with owners_app(tmp_path_factory.mktemp("owned")) as app, served(app) as address:
        add_feedback(app)
        for days in range(1, 30):
            records = [made(label="8") for _ in range(days % 5)] + [made(status=PENDING)] * (days % 2)
            add_feedback(app, records, earlier(days=days))
        add_feedback(app, [made(model_version="m" * 64)])
        version = app.extensions["models"].recognizer.cards["digit"]["version"]
        for _ in range(60):
            events.predicted.send(app, mode="digit", version=version, label="3", confidence=0.3)
        leave_report(app, PROMOTED)
        leave_report(app, KEPT)
        yield address


def log_in(page, token: str = TOKEN):
    page.get_by_label("Token").fill(token)
    page.keyboard.press("Enter")


@SCREENS
def test_axe_finds_nothing_with_everything_open_and_it_fits_the_screen(visit, screen):
    page = visit("about:blank", **screen)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/status")
    assert not violations(page)
    log_in(page)
    page.get_by_text("Every day as a table").click()
    page.get_by_text("Week by week").click()
    expect(page.get_by_role("table")).to_have_count(4)
    expect(page.get_by_text("different", exact=True)).to_have_count(2)
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["viewport"]["width"]
    assert is_dark(page, "dark")
    assert not is_dark(page, "light")
    assert not said


@pytest.mark.thorough
def test_a_wrong_token_is_said_where_the_cursor_is(visit):
    page = visit("/status")
    log_in(page, "a wrong one")
    expect(page.get_by_role("alert")).to_contain_text("That is not the token")
    expect(page.get_by_label("Token")).to_be_focused()
    expect(page.get_by_label("Token")).to_have_value("")
    assert not violations(page)
    log_in(page)
    expect(page.get_by_role("heading", name="Feedback by day")).to_be_visible()


@pytest.mark.thorough
@SCREENS
def test_the_owner_is_known_until_they_log_out_and_scripts_cannot_see_why(visit, screen):
    page = visit("/status", **screen)
    log_in(page)
    expect(page.get_by_role("heading", name="Last retraining")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.goto("/")
    page.goto("/status")
    expect(page.get_by_role("heading", name="Agreement with people")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()


@pytest.mark.thorough
@SCREENS
def test_the_chart_stands_on_its_ground_and_says_what_a_day_had(visit, screen):
    page = visit("/status", **screen)
    log_in(page)
    chart = page.get_by_role("img", name="Feedback by day")
    expect(chart).to_be_visible()
    page.wait_for_load_state()  # with its styles
    parts = "[chart, ...document.querySelectorAll('.days g:last-of-type rect')]"
    box, *bars = chart.evaluate(f"chart => {parts}.map(part => part.getBoundingClientRect().toJSON())")
    assert len(bars) == 6
    for upper, lower in zip(bars[1:], bars, strict=False):
        assert upper["y"] + upper["height"] == pytest.approx(lower["y"], abs=1.5)
    assert bars[0]["y"] + bars[0]["height"] == pytest.approx(box["y"] + box["height"], abs=1.5)
    assert bars[-1]["y"] == pytest.approx(box["y"], abs=1.5)
    assert bars[0]["width"] > 5
    title = page.locator(".days g:last-of-type title").text_content()
    assert "3 right, 3 wrong, 1 not a character, 1 skip, 1 pending, 1 rejected" in title


@pytest.mark.thorough
def test_every_colour_of_the_chart_is_another(visit):
    page = visit("/status")
    log_in(page)
    expect(page.locator(".days li")).to_have_count(6)
    fills = page.locator(".days li rect").evaluate_all("all => all.map(bar => getComputedStyle(bar).fill)")
    assert len(fills) == len(set(fills)) == 6


@pytest.mark.thorough
def test_the_table_of_days_is_opened_by_keyboard(visit):
    page = visit("/status")
    log_in(page)
    page.get_by_text("Every day as a table").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table").first.get_by_role("row")).to_have_count(31)


@pytest.mark.thorough
def test_the_page_works_without_javascript(visit):
    page = visit("/status", java_script_enabled=False)
    log_in(page)
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
