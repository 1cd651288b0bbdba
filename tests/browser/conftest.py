import shutil

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

# Chromium speaks to nobody but the test's own server.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000  # milliseconds; a busy machine is not a broken page

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser():
    if (chromium := shutil.which("chromium")) is None:
        pytest.skip("There is no Chromium on this machine; Debian's package chromium brings it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


class Visitors:
    """Browser contexts, taken again once they forgot everything: a new one costs the browser as much as two pages."""

    def __init__(self, browser: Browser, address: str):
        self.browser, self.address = browser, address
        self.waiting: dict[str, list[BrowserContext]] = {}

    def arrive(self, options: dict) -> BrowserContext:
        """Somebody who was never here. Playwright's `options` of a browser context; whoever leaves has the same."""
        waiting = self.waiting.get(repr(options))
        return waiting.pop() if waiting else self.browser.new_context(base_url=self.address, **options)

    def leave(self, context: BrowserContext, options: dict) -> None:
        empty = context.new_page()  # while a page is open, the context's storage can be spoken of
        for page in context.pages:
            if page != empty:
                page.close()
        context.set_offline(False)
        context.clear_permissions()
        context.clear_cookies()
        everything = {"origin": self.address, "storageTypes": "all"}
        context.new_cdp_session(empty).send("Storage.clearDataForOrigin", everything)
        empty.close()
        self.waiting.setdefault(repr(options), []).append(context)


@pytest.fixture(scope="module")
def visitors(browser, live_server):
    visitors = Visitors(browser, live_server)
    yield visitors
    for contexts in visitors.waiting.values():
        for context in contexts:
            context.close()


@pytest.fixture
def visit(visitors):
    """Opens a path of the app as a new visitor, with Playwright's options of a browser context. No page may throw."""
    arrived, thrown = [], []

    def visit(path: str, **options):
        options = {"viewport": {"width": 1280, "height": 800}} | options
        context = visitors.arrive(options)
        arrived.append((context, options))
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: thrown.append(error))
        page.goto(path)
        return page

    yield visit
    for context, options in arrived:
        visitors.leave(context, options)
    assert not thrown
