import pytest
from playwright.sync_api import expect

from tests.browser.hand import Mouse, strokes

PAGES = ["/", "/canvas", "/import", "/game", "/model", "/api/docs", "/no-such-page"]
SIZES = [(320, 568), (360, 740), (1280, 800)]


@pytest.mark.thorough
@pytest.mark.parametrize("path", PAGES)
def test_a_page_weighs_less_than_100_kb_and_loads_nothing_from_elsewhere(visit, live_server, path):
    page = visit("about:blank")
    answers = []
    page.on("response", lambda response: answers.append(response))
    page.goto(path, wait_until="networkidle")
    urls = [response.url for response in answers]
    weight = sum(len(response.body()) for response in answers)
    assert all(url.startswith(live_server) for url in urls), urls
    assert 1_000 < weight < 100_000


@pytest.mark.parametrize("path", PAGES[:-1])
def test_a_page_says_nothing_in_the_console(visit, path):
    page = visit("about:blank")
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path, wait_until="networkidle")
    if page.locator("[data-pad]:visible").count():
        Mouse(page).write(strokes("3"))
        expect(page.locator("[data-result]")).to_have_attribute("data-state", "fresh")
    assert not said


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_page_fits_the_screen_in_light_and_dark(visit, width, height):
    page = visit("about:blank", viewport={"width": width, "height": height})
    for path in PAGES:
        page.goto(path)
        for scheme in ("light", "dark"):
            assert is_dark(page, scheme) == (scheme == "dark"), path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def is_dark(page, scheme: str) -> bool:
    """Whether the page's ink is brighter than its paper where the system asks for a colour scheme."""
    page.emulate_media(color_scheme=scheme)
    paper, ink = (page.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color"))
    return brightness(ink) > brightness(paper)


def brightness(colour: str) -> float:
    return sum(float(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.thorough
@pytest.mark.parametrize(("width", "height"), SIZES[1:])
def test_the_home_page_is_ready_to_draw_on_and_shows_its_answer(visit, width, height):
    page = visit("/?mode=digit", viewport={"width": width, "height": height})
    Mouse(page).write(strokes("3"))
    expect(page.locator("[data-glyph]")).to_have_text("3")
    for part in ("[data-pad]", "[data-name]", "[data-sure]"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)


@pytest.mark.thorough
def test_the_mode_is_chosen_by_keyboard(visit):
    page = visit("/canvas")
    page.get_by_role("radio", name="Any").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Digit")).to_be_checked()
    expect(page.get_by_role("meter")).to_have_count(10)


@pytest.mark.thorough
def test_the_first_tab_leads_past_the_navigation(visit):
    page = visit("/canvas")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"


@pytest.mark.thorough
def test_bars_stand_still_where_motion_is_unwanted(visit):
    page = visit("/canvas", reduced_motion="reduce")
    bar = page.get_by_role("meter").first.locator("i")
    assert bar.evaluate("bar => getComputedStyle(bar, '::before').transitionDuration") == "0s"
