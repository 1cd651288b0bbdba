import asyncio
import random
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.async_api import async_playwright

from benchmarks.front_end import SCREENS, Case, drawing, drawing_table, pages_table, visit
from benchmarks.traces import Latency, Load, latencies, load
from tests.browser.conftest import FLAGS

OURS = "http://127.0.0.1:8080"


def slice_of(name: str, began: int, ended: int, **about) -> list[dict]:
    """The two events of a trace that a span of time is, microseconds."""
    key = {"pid": 7, "id2": {"local": "0x1"}, "name": name}
    return [key | {"ph": "b", "ts": began, "args": about}, key | {"ph": "e", "ts": ended, "args": {}}]


def an_input(began: int, kind: str = "MOUSE_DRAGGED", *, shown: bool = True) -> list[dict]:
    """Taken up after 4 ms, handled in 2 ms, on the screen after 13 ms."""
    about = {"event_type": kind} | ({"display_trace_id": 1} if shown else {})
    whole = slice_of("EventLatency", began, began + 13_000, event_latency=about)
    waiting = slice_of("RendererCompositorToMain", began, began + 4_000)
    handling = slice_of("RendererMainProcessing", began + 4_000, began + 6_000)
    return [whole[0], *waiting, *handling, whole[1]]


def test_an_input_counts_until_the_frame_that_shows_it():
    assert list(latencies(an_input(1_000))) == [Latency(total=13, waiting=4, handling=2)]


def test_inputs_are_told_apart_where_a_trace_uses_a_number_again():
    assert len(list(latencies(an_input(50_000) + an_input(1_000)))) == 2


def test_what_leaves_no_ink_or_made_no_frame_is_not_counted():
    assert not list(latencies(an_input(1_000, shown=False) + an_input(50_000, "MOUSE_MOVED_EVENT")))


def resource(number: int, url: str, *, wire: int, body: int, frame: str = "F") -> list[dict]:
    about = {"requestId": str(number)}
    return [
        {"name": "ResourceSendRequest", "args": {"data": about | {"url": url, "frame": frame}}},
        {"name": "ResourceFinish", "args": {"data": about | {"encodedDataLength": wire, "decodedBodyLength": body}}},
    ]


def shift(score: float, frame: str) -> dict:
    return {"name": "LayoutShift", "args": {"frame": frame, "data": {"score": score}}}


def test_a_load_counts_what_comes_from_the_server_and_not_the_browsers_own_pages():
    trace = [
        {"name": "navigationStart", "ts": 1_000, "args": {"frame": "F"}},
        *resource(1, f"{OURS}/", wire=600, body=500),
        *resource(2, f"{OURS}/static/a.js", wire=300, body=200),
        *resource(3, "chrome://newtab/", wire=9_000, body=9_000, frame="G"),
        {"name": "firstContentfulPaint", "ts": 41_000, "args": {"frame": "F"}},
        {"name": "firstContentfulPaint", "ts": 99_000, "args": {"frame": "G"}},
        *(shift(0.25, "F"), shift(0.5, "F"), shift(0.9, "G")),
    ]
    assert load(trace, OURS) == Load(paint=40, shift=0.75, wire=900, uncompressed=700, requests=2)


def test_a_page_that_never_painted_is_an_error():
    with pytest.raises(ValueError, match="no first contentful paint"):
        load(resource(1, f"{OURS}/", wire=600, body=500), OURS)


def test_tables_show_medians_and_the_95th_percentile():
    inputs = [Latency(total, 2, 1) for total in range(101)]
    answers = [[30.0, 40.0]]
    table = drawing_table({Case(False, 1): (inputs, answers), Case(True, 4): (inputs, [])})
    assert "| p50 / p95, ms | the draw page | a bare canvas, CPU 4 × slower |" in table
    assert "| a pointer event → the frame that shows its ink | 50.0 / 95.0 | 50.0 / 95.0 |" in table
    assert "| pen-up → the frame after it is made | 40.0 / 40.0 | – |" in table
    loads = [Load(paint, 0, 2_000, 1_500, 3) for paint in (10, 20, 90)]
    assert "| home | wide | 20 ms | 0 | 2.0 kB | 1.5 kB | 3 |" in pages_table({("home", "wide"): loads})


@pytest.mark.thorough
def test_chromium_measures_a_page_and_a_character_drawn_on_it(live_server, monkeypatch):
    if (chromium := shutil.which("chromium")) is None:
        pytest.skip("There is no Chromium on this machine; Debian's package chromium brings it.")
    monkeypatch.setattr("benchmarks.front_end.LABELS", "3")

    async def measured():
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = await visit(browser, live_server, "/canvas", SCREENS["360 × 740"])
            drawn = await drawing(browser, live_server, Case(bare=False, slower=1), random.Random(1))
            bare = await drawing(browser, live_server, Case(bare=True, slower=1), random.Random(1))
            await browser.close()
            return page, drawn, bare

    with ThreadPoolExecutor() as pool:  # other tests' browser keeps this thread's event loop
        page, (inputs, answers), (bare_inputs, _) = pool.submit(asyncio.run, measured()).result()
    assert 10 < page.requests < 40
    assert 10_000 < page.wire < page.uncompressed  # compressed, its headers included
    assert page.paint > 0
    assert all(0 <= each.waiting + each.handling <= each.total for each in inputs)
    assert min(len(inputs), len(bare_inputs)) >= 2
    assert [each[0] <= each[1] for each in answers] == [True]
