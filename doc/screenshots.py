"""The README's pictures: every page in Chromium as it is, and drawing with live answers as an animation.

python -m doc.screenshots
"""

import io
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from app import create_app
from app.specimens import STROKES
from doc.painting import curve, dense
from tests.browser.conftest import FLAGS
from tests.browser.hand import Mouse, Stroke

IMAGES = Path(__file__).parent / "images"
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "has_touch": True, "is_mobile": True}
SETTLED = 600  # milliseconds until bars have grown and the guess stands
WRITTEN, SIZE = "3gR", (720, 450)  # of the animation; pixels
STEP = 45  # of a hand: thousandths of a specimen's box between points
POINTS, FRAME, REST = 2, 70, 1500  # points between frames; milliseconds of a frame, and of a finished character


def specimen(label: str) -> list[Stroke]:
    """Its strokes on the canvas, the last point of each included."""
    lines = [dense(curve(stroke)) for stroke in STROKES[label]]
    return [[(0.1 + x / 1250, 0.08 + y / 1250) for x, y in [*line[:-1:STEP], line[-1]]] for line in lines]


def home(page: Page) -> None:
    Mouse(page).write(specimen("g"))
    expect(page.locator("[data-name]")).to_have_text("Small g")


def draw(page: Page) -> None:
    Mouse(page).write(specimen("R"))
    expect(page.locator("[data-name]")).to_have_text("Capital R")


def imported(page: Page) -> None:
    page.get_by_role("button", name="7, a photograph").click()
    expect(page.locator("[data-name]")).to_have_text("Digit 7")
    page.mouse.move(0, 0)


def game(page: Page) -> None:
    """Three rounds won, the fourth under way."""
    page.get_by_role("button", name="Start").click()
    number, prompt = page.locator("[data-number]"), page.locator("[data-prompt]")
    for at in range(1, 5):
        expect(number).to_contain_text(f"{at}")
        strokes = specimen(prompt.inner_text())
        if at < 4:
            Mouse(page).write(strokes)
    Mouse(page).write([strokes[0][: len(strokes[0]) * 2 // 3]])


def model(page: Page) -> None:
    page.evaluate("document.fonts.ready")


SHOTS: list[tuple[str, str, dict, Callable[[Page], None]]] = [
    ("home", "/", DESKTOP, home),
    ("draw", "/canvas", DESKTOP, draw),
    ("import", "/import", DESKTOP, imported),
    ("game", "/game", DESKTOP, game),
    ("model", "/model", DESKTOP, model),
    ("phone", "/canvas", PHONE, draw),
]


def shoot(browser: Browser, address: str) -> None:
    for name, path, screen, act in SHOTS:
        page = browser.new_page(**screen)
        page.goto(address + path, wait_until="networkidle")
        act(page)
        page.wait_for_timeout(SETTLED)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
        page.close()


def film(browser: Browser, address: str) -> None:
    """WRITTEN, character by character, with the answers that come meanwhile."""
    page = browser.new_page(viewport={"width": 1120, "height": 700})
    page.goto(f"{address}/canvas", wait_until="networkidle")
    mouse, frames = Mouse(page), []
    for label in WRITTEN:
        for stroke in specimen(label):
            mouse.down(*stroke[0])
            for at, point in enumerate(stroke[1:], 1):
                mouse.move(*point)
                if at % POINTS == 0:
                    frames.append((still(page), FRAME))
            mouse.up()
        expect(page.locator("[data-glyph]")).to_have_text(label)
        page.wait_for_timeout(SETTLED)
        frames.append((still(page), REST))
        page.locator("[data-clear]").click()
    page.close()
    (first, _), *rest = frames
    first.save(
        IMAGES / "drawing.webp",
        save_all=True,
        append_images=[picture for picture, _ in rest],
        duration=[shown for _, shown in frames],
        loop=0,
        quality=60,
        method=4,
    )


def still(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)


@contextmanager
def serving() -> Iterator[str]:
    """The app with stores of its own; its address."""
    with tempfile.TemporaryDirectory() as folder:
        stores = {"FEEDBACK_URL": f"sqlite:///{folder}/feedback.db", "GAME_URL": f"sqlite:///{folder}/game.db"}
        server = make_server("127.0.0.1", 0, create_app(stores), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def main() -> None:
    with serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        shoot(browser, address)
        film(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
