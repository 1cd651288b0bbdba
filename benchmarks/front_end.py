"""The pages in Chromium, served as shipped: from input to ink, from pen-up to the answer, and what each page weighs.

python -m benchmarks.front_end [--rounds 5]
"""

import argparse
import asyncio
import json
import random
import shutil
import tempfile
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
from playwright.async_api import Browser, Page, async_playwright
from tqdm import tqdm

from app.specimens import STROKES
from benchmarks.drawings import by_hand
from benchmarks.servers import Server
from benchmarks.traces import INPUT, LOADING, Latency, Load, latencies, load
from tests.browser.conftest import FLAGS

PAGES = {"home": "/", "draw": "/canvas", "import": "/import", "game": "/game", "model": "/model", "API": "/api/docs"}
SCREENS = {"1280 × 800": (1280, 800), "360 × 740": (360, 740)}
LABELS = "38ARgk5ewQ"
HERTZ = 125  # of a mouse
PAUSE = 0.5  # seconds after a character, until its answer has come

# What a browser takes with next to no page: a canvas, and a line from point to point.
BARE = """<canvas data-pad width="600" height="600"></canvas><script>
    const context = document.querySelector("canvas").getContext("2d");
    addEventListener("pointerdown", () => context.beginPath());
    addEventListener("pointermove", ({ offsetX, offsetY }) => {
        context.lineTo(offsetX, offsetY);
        context.stroke();
    });
</script>"""


class Case(NamedTuple):
    """What is drawn on, and how many times its thread is throttled."""

    bare: bool
    slower: int

    def __str__(self) -> str:
        return ("a bare canvas" if self.bare else "the draw page") + (
            f", CPU {self.slower} × slower" * (self.slower > 1)
        )


CASES = [Case(bare, slower) for slower in (1, 4) for bare in (False, True)]

# Milliseconds from the pen's last lift to the answer in the page, and to the frame after it.
WATCH = """() => {
    window.answered = [];
    let lifted = null;
    const pad = document.querySelector("[data-pad]");
    pad.addEventListener("pointerup", ({ timeStamp }) => { lifted = timeStamp; }, true);
    new MutationObserver(() => {
        if (lifted === null) return;
        const began = lifted, inPage = performance.now() - began;
        lifted = null;
        requestAnimationFrame(() => setTimeout(() => window.answered.push([inPage, performance.now() - began])));
    }).observe(document.querySelector("[data-sure]"), { childList: true });
}"""


async def write(page: Page, label: str, rng: random.Random) -> None:
    """A specimen drawn as a mouse sends it: at its own pace, whether or not the page keeps up."""
    devtools = await page.context.new_cdp_session(page)
    box = await page.locator("[data-pad]").bounding_box()
    sent = []

    async def send(kind: str, x: float, y: float) -> None:
        at = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        event = {"type": kind, "button": "left", "buttons": 1, "clickCount": 1} | at
        sent.append(asyncio.create_task(devtools.send("Input.dispatchMouseEvent", event)))
        await asyncio.sleep(rng.uniform(0.5, 1.5) / HERTZ)  # never in step with the frames

    for stroke in STROKES[label]:
        points = [(0.1 + x / 1250, 0.05 + y / 1250) for x, y in stroke]
        await send("mousePressed", *points[0])
        for point in points[1:]:
            await send("mouseMoved", *point)
        await send("mouseReleased", *points[-1])
    await asyncio.gather(*sent)
    await asyncio.sleep(PAUSE)
    await devtools.detach()


async def drawing(browser: Browser, address: str, case: Case, rng: random.Random) -> tuple[list[Latency], list[list]]:
    """Input to ink, and on the draw page pen-up to answer, over LABELS."""
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    if case.bare:
        await page.set_content(BARE)
    else:
        await page.goto(f"{address}/canvas", wait_until="networkidle")
        await page.evaluate(WATCH)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": case.slower})
    await write(page, "1", rng)  # not counted: what is used first is compiled then
    await page.evaluate("window.answered = []")
    traced = []
    for label in LABELS:
        if not case.bare:
            await page.locator("[data-clear]").click()
        await browser.start_tracing(page=page, categories=INPUT)
        await write(page, label, rng)
        traced += latencies(json.loads(await browser.stop_tracing())["traceEvents"])
    answered = await page.evaluate("window.answered")
    await page.close()
    return traced, answered


async def visit(browser: Browser, address: str, path: str, screen: tuple[int, int]) -> Load:
    """The page's load by a new visitor."""
    context = await browser.new_context(viewport={"width": screen[0], "height": screen[1]})
    page = await context.new_page()
    await browser.start_tracing(page=page, categories=LOADING)
    await page.goto(address + path, wait_until="networkidle")
    traced = load(json.loads(await browser.stop_tracing())["traceEvents"], address)
    await context.close()
    return traced


def drawing_table(measured: dict[Case, tuple[Sequence[Latency], Sequence[list]]]) -> str:
    """Median and 95th percentile of each measure, a column a case, in Markdown."""
    rows = {
        "a pointer event → the frame that shows its ink": lambda traced, _: [each.total for each in traced],
        "of this, until the page's thread takes it up": lambda traced, _: [each.waiting for each in traced],
        "of this, the page's own code": lambda traced, _: [each.handling for each in traced],
        "pen-up → the answer is in the page": lambda _, answered: [each[0] for each in answered],
        "pen-up → the frame after it is made": lambda _, answered: [each[1] for each in answered],
    }
    lines = [f"| p50 / p95, ms | {' | '.join(map(str, measured))} |", f"| --- |{' ---: |' * len(measured)}"]
    for name, values in rows.items():
        lines.append(f"| {name} | {' | '.join(percentiles(values(*each)) for each in measured.values())} |")
    return "\n".join(lines)


def percentiles(values: Sequence[float]) -> str:
    return "{:.1f} / {:.1f}".format(*np.percentile(values, [50, 95])) if values else "–"


def pages_table(measured: dict[tuple[str, str], list[Load]]) -> str:
    """A row a page and screen, medians of its loads, in Markdown."""
    lines = [
        "| page | screen | first contentful paint | layout shift | over the wire | uncompressed | requests |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (name, screen), loads in measured.items():
        paint, shift, wire, uncompressed, requests = (median(values) for values in zip(*loads, strict=True))
        lines.append(
            f"| {name} | {screen} | {paint:.0f} ms | {f'{shift:.4f}' if shift else '0'} | {wire / 1e3:.1f} kB "
            f"| {uncompressed / 1e3:.1f} kB | {requests:.0f} |"
        )
    return "\n".join(lines)


async def measure(address: str, rounds: int) -> tuple[dict, dict]:
    """Of the server at `address`: what drawing_table and pages_table show."""
    if (chromium := shutil.which("chromium")) is None:
        raise SystemExit("There is no Chromium on this machine; Debian's package chromium brings it.")
    rng = random.Random(1)
    drawn = {case: ([], []) for case in CASES}
    visited = {(name, screen): [] for name in PAGES for screen in SCREENS}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for _ in tqdm(range(rounds), desc="rounds"):
            for (name, screen), loads in visited.items():
                loads.append(await visit(browser, address, PAGES[name], SCREENS[screen]))
            for case, (traced, answered) in drawn.items():
                more_traced, more_answered = await drawing(browser, address, case, rng)
                traced += more_traced
                answered += more_answered
        inputs, lifts = drawn[CASES[0]]
        print(f"Chromium {browser.version}, {rounds} rounds, {len(inputs)} inputs and {len(lifts)} answers.\n")
        await browser.close()
    return drawn, visited


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stores = {"FEEDBACK_URL": f"sqlite:///{folder}/feedback.db", "GAME_URL": f"sqlite:///{folder}/game.db"}
        with Server("main:app", stores) as server:
            address = f"http://127.0.0.1:{server.port}"
            server.first_answer(by_hand(1, np.random.default_rng(1))[0], expected=None)
            drawn, visited = asyncio.run(measure(address, arguments.rounds))
    print(drawing_table(drawn), pages_table(visited), sep="\n\n")


if __name__ == "__main__":
    main()
