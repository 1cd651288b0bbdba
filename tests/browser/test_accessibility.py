from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.hand import Mouse, strokes
from tests.browser.test_every_page import PAGES
from tests.browser.test_sureness import HASH

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page) -> list[str]:
    """Of what the page shows now, in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        rules = Axe().run(page, options=WCAG | {"resultTypes": ["violations"]}).response["violations"]
        found += [f"{scheme}: {rule['id']}: {node['html'][:200]}" for rule in rules for node in rule["nodes"]]
    return found


def test_axe_finds_nothing_on_any_page(visit):
    page = visit("about:blank")
    for path in PAGES:
        page.goto(path, wait_until="networkidle")
        assert not violations(page), path


def test_axe_finds_nothing_beside_an_answer(visit):
    page = visit("/canvas?mode=any", reduced_motion="reduce")
    Mouse(page).write(strokes("3"))
    expect(page.locator("[data-result]")).to_have_attribute("data-state", "fresh")
    assert not violations(page)
    page.get_by_role("button", name="Show the steps").click()
    page.get_by_role("button", name="Show what mattered").click()
    expect(page.locator("[data-heat-says]")).to_contain_text("rests")
    page.locator("[data-pad]").focus()
    page.keyboard.press("ArrowDown")
    assert not violations(page)


def test_axe_finds_nothing_where_the_answer_is_unsure_old_or_missing(visit):
    page = visit("/canvas?mode=digit", viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    state = page.locator("[data-result]")
    Mouse(page).write(HASH)
    expect(state).to_have_class("result unsure")
    expect(state).to_have_attribute("data-state", "fresh")
    assert not violations(page)
    page.context.set_offline(True)
    Mouse(page).write([[(0.1, 0.9), (0.2, 0.9)]])
    expect(state).to_have_attribute("data-state", "old")
    assert not violations(page)
    page.context.set_offline(False)
    page.get_by_role("button", name="Clear").click()
    page.get_by_title("Thin pen").click()
    Mouse(page).write([[(0.5, 0.5), (0.52, 0.5)]])
    page.get_by_title("Eraser").click()
    Mouse(page).write([[(0.45, 0.5), (0.58, 0.5)]])
    expect(page.locator("[data-name]")).to_have_text("No answer")
    assert not violations(page)
