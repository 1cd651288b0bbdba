import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.hand import Mouse, strokes
from tests.browser.test_every_page import PAGES

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page) -> list[str]:
    found = Axe().run(page, options=WCAG | {"resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(visit, scheme):
    page = visit("about:blank", color_scheme=scheme)
    for path in PAGES:
        page.goto(path, wait_until="networkidle")
        assert not violations(page), path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_beside_an_answer(visit, scheme):
    page = visit("/canvas?mode=any", color_scheme=scheme, reduced_motion="reduce")
    Mouse(page).write(strokes("3"))
    expect(page.locator("[data-result]")).to_have_attribute("data-state", "fresh")
    assert not violations(page)
