import base64
import io
import json
import math
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import psutil
import pytest
from PIL import Image

from benchmarks.client import Answer, Client, throughput
from benchmarks.drawings import SIDE, Drawing, by_hand, draw, free, made
from benchmarks.installed_size import closure, read_requirements, size_here
from benchmarks.measuring import Side, in_turn, measure_cold_starts
from benchmarks.protocols import gradio
from benchmarks.report import BEGIN, END, Row, table, with_comparison
from benchmarks.servers import ROOT, Memory, Server
from benchmarks.serving import PAGES, rows

CORNERS = [np.array([[0.0, 0.0], [400.0, 1000.0]])]


def box(picture: Image.Image) -> np.ndarray:
    """Left, top, right, bottom of the dark pixels."""
    return np.array(picture.point(lambda level: 255 * (level < 128)).getbbox())


def side(answers: list[tuple[str, str]], *, trained: bool = True) -> Side:
    made_up = Side("", Server, trained=trained)
    made_up.answers = [(Drawing(label, "neat", b""), Answer(read, 0.01)) for label, read in answers]
    made_up.throughputs, made_up.cold_starts, made_up.memory = [50.0], [2.0], Memory(10**8, 10**8)
    return made_up


class Handler(BaseHTTPRequestHandler):
    """What stand-ins for servers share."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.connections += 1

    def received(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class PlainHandler(Handler):
    """Answers "3", and 503 to a body that says so."""

    def do_POST(self):
        self.answer(b'{"prediction": "3"}', 503 if self.received() == b"fail" else 200)


class GradioHandler(Handler):
    """Gradio's three steps; reads everything as the mode that it was asked in, and fails at "any"."""

    def do_POST(self):
        body = self.received()
        if self.path == "/gradio_api/upload":
            self.server.uploads.append(body)
            self.answer(b'["/kept/drawing.png"]')
        elif self.path == "/gradio_api/call/predict":
            sketch, mode = json.loads(body)["data"]
            known = sketch["composite"]["path"] == "/kept/drawing.png"
            self.answer(json.dumps({"event_id": mode}).encode(), 200 if known else 400)

    def do_GET(self):
        mode = self.path.removeprefix("/gradio_api/call/predict/")
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        end = "error\ndata: null" if mode == "any" else f'complete\ndata: [{{"label": "{mode}", "confidences": []}}]'
        for chunk in (b"event: heartbeat\ndata: null\n\n", f"event: {end}\n\n".encode(), b""):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))  # each by itself, as events come


@pytest.fixture
def serve():
    """Start a stand-in with a handler; it counts connections and keeps uploads."""
    started = []

    def start(handler: type[Handler]) -> ThreadingHTTPServer:
        found = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        found.connections, found.uploads = 0, []
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        started.append((found, thread))
        return found

    yield start
    for found, thread in started:
        found.shutdown()
        thread.join()
        found.server_close()


@pytest.fixture
def server(serve):
    return serve(PlainHandler)


def connecting(server: ThreadingHTTPServer, *protocol) -> Callable[[], Client]:
    return lambda: Client(server.server_port, *protocol)


def test_neat_drawing_is_in_the_middle_and_fills_its_share():
    left, top, right, bottom = box(draw(CORNERS))
    assert abs((left + right) / 2 - SIDE / 2) <= 1
    assert abs((top + bottom) / 2 - SIDE / 2) <= 1
    assert abs((bottom - top) - (0.7 * SIDE + 18)) <= 2


def test_free_drawing_stays_on_the_canvas_and_goes_elsewhere_each_time():
    pictures = [draw(CORNERS, **free(np.random.default_rng(seed))) for seed in range(20)]
    heights = [bottom - top for _, top, _, bottom in map(box, pictures)]
    assert all(0.28 * SIDE + 4 < height <= SIDE for height in heights)
    assert len({tuple(box(picture)) for picture in pictures}) == 20


def test_dot_is_drawn_as_round_as_the_pen():
    left, top, right, bottom = box(draw([np.array([[5.0, 5.0]])]))
    assert abs((right - left) - 18) <= 1
    assert abs((bottom - top) - 18) <= 1


def test_drawing_is_sent_as_the_canvas_page_sends_it():
    drawing = made("e", CORNERS, "neat", np.random.default_rng(1))
    question = json.loads(drawing.body)
    assert question["mode"] == drawing.mode == "character"
    start, _, content = question["image"].partition(",")
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert start == "data:image/png;base64"
    assert (picture.size, picture.getpixel((0, 0))) == ((280, 280), 255)


def test_same_seed_gives_the_same_drawings():
    assert by_hand(2, np.random.default_rng(3)) == by_hand(2, np.random.default_rng(3))
    assert by_hand(1, np.random.default_rng(3)) != by_hand(1, np.random.default_rng(4))


@pytest.mark.parametrize(
    ("unit", "ours", "other", "ratio"),
    [("/s", 200, 10, 20), ("ms", 0.002, 0.05, 25), ("MB", 5e6, 1e7, 2), ("s", 4, 1, 0.25), ("%", 0.9, 0, math.inf)],
)
def test_ratio_says_how_many_times_better_ours_is(unit, ours, other, ratio):
    assert Row("", unit, ours, (other,)).ratios == [pytest.approx(ratio)]


def test_table_shows_units_and_what_was_not_measured():
    measured = [Row("answers", "/s", 1234.5, (10.0, 2469.0)), Row("letters", "%", 0.915, (None, 0.915))]
    assert table(["ours", "one", "another"], measured).splitlines() == [
        "| | ours | one | times better | another | times better |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| answers | 1,234 /s | 10 /s | 123 | 2,469 /s | 0.5 |",
        "| letters | 91.5 % | n/a | n/a | 91.5 % | 1 |",
    ]


def test_comparison_replaces_the_one_before_and_nothing_else():
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert with_comparison(page, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"


def test_readme_and_benchmarks_show_the_same_comparison():
    shown = [page.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0] for page in PAGES]
    assert "one answer, p99" in shown[0]
    assert shown[0] == shown[1]


def test_make_bench_makes_every_figure_of_the_page_again():
    command = re.compile(r"python -m (benchmarks\.\w+)")
    page, makefile = ((ROOT / name).read_text(encoding="utf-8") for name in ("doc/benchmarks.md", "Makefile"))
    assert set(command.findall(page)) <= set(command.findall(makefile))


def test_accuracy_counts_a_mode_and_style_and_may_ignore_case():
    found = side([("A", "a"), ("b", "b"), ("C", "d"), ("e", "e"), ("3", "8")])
    assert found.accuracy("character", "neat") == 0.5
    assert found.accuracy("character", "neat", caseless=True) == 0.75
    assert found.accuracy("digit", "neat") == 0
    assert found.accuracy("digit", "free") is None


def test_latency_is_the_percentile_of_all_answers():
    found = side([])
    found.answers = [(Drawing("3", "neat", b""), Answer("3", seconds / 1000)) for seconds in range(101)]
    assert found.latency(50) == pytest.approx(0.050)
    assert found.latency(99) == pytest.approx(0.099)


def test_untrained_app_is_timed_but_not_said_to_read_badly():
    sides = [side([("3", "3")]), side([("3", "8")]), side([("3", "8")], trained=False)]
    found = {row.measure: row for row in rows(sides, (1, 2, 3))}
    assert (found["digits, drawn neat"].ours, found["digits, drawn neat"].others) == (1, (0, None))
    assert found["one answer, p50"].ratios == [1, 1]


def test_cold_start_without_a_drawing_that_all_read_is_refused():
    sides = [side([("3", "3")]), side([("3", "8")])]
    with pytest.raises(RuntimeError, match="no drawing that all apps read rightly"):
        measure_cold_starts(sides, [drawing for drawing, _ in sides[0].answers], rounds=1)


def test_apps_take_turns_in_going_first():
    sides = [side([]), side([]), side([])]
    assert [in_turn(sides, number)[0] for number in range(4)] == [*sides, sides[0]]
    assert set(in_turn(sides, 1)) == set(sides)


def test_client_keeps_its_connection(server):
    with Client(server.server_port) as client:
        answers = [client.ask(Drawing("3", "neat", b"{}")) for _ in range(5)]
    assert {answer.prediction for answer in answers} == {"3"}
    assert all(answer.seconds > 0 for answer in answers)
    assert server.connections == 1


def test_every_client_of_the_throughput_has_a_connection_of_its_own(server):
    assert throughput(connecting(server), [Drawing("3", "neat", b"{}")], clients=3, seconds=0.05) > 0
    assert server.connections == 3


def test_an_answer_that_is_an_error_stops_the_measurement(server):
    with pytest.raises(RuntimeError, match="503 for a drawing of '3'"):
        throughput(connecting(server), [Drawing("3", "neat", b"fail")], clients=2, seconds=5)


def test_gradio_is_asked_in_three_steps_over_one_connection(serve):
    server, drawing = serve(GradioHandler), by_hand(1, np.random.default_rng(1))[0]
    with connecting(server, gradio)() as client:
        assert [client.ask(drawing).prediction for _ in range(2)] == ["digit", "digit"]
    assert server.connections == 1
    picture = base64.b64decode(json.loads(drawing.body)["image"].partition(",")[2])
    assert all(b"\r\n\r\n" + picture + b"\r\n--" in upload for upload in server.uploads)
    throughput(connecting(server, gradio), [drawing], clients=3, seconds=1e-6)
    assert (server.connections, len(server.uploads)) == (1 + 3, 2 + 3)  # what was asked is answered to the end


def test_a_call_that_gradio_ends_with_an_error_stops_the_measurement(serve):
    question = json.loads(by_hand(1, np.random.default_rng(1))[0].body) | {"mode": "any"}
    drawing = Drawing("3", "neat", json.dumps(question).encode())
    with connecting(serve(GradioHandler), gradio)() as client, pytest.raises(RuntimeError, match="event: error"):
        client.ask(drawing)


def test_server_is_measured_from_its_start_and_leaves_no_process():
    with Server("tests.benchmarks.tiny_app:app") as found:
        assert found.first_answer(Drawing("3", "neat", b"{}"), "3") > 0
        memory = found.memory()
        assert 1e6 < memory.process < 1e9
        assert 1e6 < memory.together < 1e9
        started = found._tree()
        found.pause()
        deadline = time.monotonic() + 10
        while any(process.status() != psutil.STATUS_STOPPED for process in started):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        found.go_on()
        with found.client() as client:
            assert client.ask(Drawing("3", "neat", b"{}")).prediction == "3"
        found.pause()  # so that it has to be woken to be ended
    assert len(started) >= 2
    assert not any(process.is_running() for process in started)


def test_server_takes_settings_of_its_own_and_comes_up_again_where_it_was_killed():
    drawing = Drawing("3", "neat", b"{}")
    with Server("tests.benchmarks.tiny_app:app", {"READS_AS": "8"}) as found:
        assert found.first_answer(drawing, "8") > 0
        started = found._tree()
        found.kill()
    assert len(started) >= 2
    assert not any(process.is_running() for process in started)
    with Server("tests.benchmarks.tiny_app:app", {"PORT": str(found.port)}) as again:
        assert again.port == found.port
        assert again.first_answer(drawing, "3") > 0


def test_server_that_does_not_come_up_shows_its_log():
    with Server("tests.benchmarks.no_such_app:app") as found, pytest.raises(RuntimeError, match="no_such_app"):
        found.first_answer(Drawing("3", "neat", b"{}"), None)


def test_closure_holds_what_a_requirement_needs_and_nothing_else():
    found = closure(["Flask>=3"])
    assert {"flask", "werkzeug", "markupsafe"} <= found
    assert not {"tensorflow", "pytest", "python-dotenv"} & found


def test_size_counts_what_two_requirements_share_once():
    assert 1e5 < size_here(["flask"]) < size_here(["flask", "werkzeug", "pillow"]) < size_here(["flask"]) + 1e8
    assert size_here(["flask", "werkzeug"]) == size_here(["flask"])


def test_requirements_are_read_without_comments(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# What serves.\n\nflask==3.1.3  # the web\n-r other.txt\nnumpy\n")
    assert read_requirements(file) == ["flask==3.1.3", "numpy"]
