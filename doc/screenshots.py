"""The README's picture: the draw page in Chromium, as it is.

python -m doc.screenshots
"""

import shutil
import threading
from pathlib import Path

from playwright.sync_api import expect, sync_playwright
from werkzeug.serving import make_server

from app import create_app
from tests.browser.conftest import FLAGS
from tests.browser.hand import Mouse, strokes

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 820})
        page.goto(f"http://127.0.0.1:{server.server_port}/canvas")
        Mouse(page).write(strokes("3"))
        expect(page.locator("[data-name]")).to_have_text("Digit 3")
        page.wait_for_timeout(500)  # the bars have grown by then
        page.screenshot(path=IMAGES / "draw.png")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
