import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

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


@pytest.fixture
def visit(browser, live_server):
    """Opens a path of the app as a new visitor, with Playwright's options of a browser context. No page may throw."""
    contexts, thrown = [], []

    def visit(path: str, **options):
        context = browser.new_context(base_url=live_server, **({"viewport": {"width": 1280, "height": 800}} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: thrown.append(error))
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not thrown
