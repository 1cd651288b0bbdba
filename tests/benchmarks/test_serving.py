import base64
import io
import json
import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import psutil
import pytest
from PIL import Image

from benchmarks.client import Answer, Client, throughput
from benchmarks.drawings import SIDE, Drawing, by_hand, draw, made
from benchmarks.installed_size import closure, read_requirements, size_here
from benchmarks.measuring import Side, in_turn, measure_cold_starts
from benchmarks.report import Row, table
from benchmarks.servers import Memory, Server
from benchmarks.serving import rows

CORNERS = [np.array([[0.0, 0.0], [400.0, 1000.0]])]


def box(picture: Image.Image) -> np.ndarray:
    """Left, top, right, bottom of the dark pixels."""
    return np.array(picture.point(lambda level: 255 * (level < 128)).getbbox())


def side(target: str, answers: list[tuple[str, str]], style: str = "neat") -> Side:
    made_up = Side(target)
    made_up.answers = [(Drawing(label, style, b""), Answer(read, 0.01)) for label, read in answers]
    made_up.throughputs, made_up.cold_starts, made_up.memory = [50.0], [2.0], Memory(10**8, 10**8)
    return made_up


@pytest.fixture
def server():
    """Counts connections; answers "3", and 503 to a body that says so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        connections = 0

        def setup(self):
            super().setup()
            Handler.connections += 1

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content = b'{"prediction": "3"}'
            self.send_response(503 if body == b"fail" else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def test_neat_drawing_is_in_the_middle_and_fills_its_share():
    left, top, right, bottom = box(draw(CORNERS, None))
    assert abs((left + right) / 2 - SIDE / 2) <= 1
    assert abs((top + bottom) / 2 - SIDE / 2) <= 1
    assert abs((bottom - top) - (0.7 * SIDE + 18)) <= 2


def test_free_drawing_stays_on_the_canvas_and_goes_elsewhere_each_time():
    pictures = [draw(CORNERS, np.random.default_rng(seed)) for seed in range(20)]
    heights = [bottom - top for _, top, _, bottom in map(box, pictures)]
    assert all(0.28 * SIDE + 4 < height <= SIDE for height in heights)
    assert len({tuple(box(picture)) for picture in pictures}) == 20


def test_dot_is_drawn_as_round_as_the_pen():
    left, top, right, bottom = box(draw([np.array([[5.0, 5.0]])], None))
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
    ("unit", "ours", "usual", "ratio"),
    [("/s", 200, 10, 20), ("ms", 0.002, 0.05, 25), ("MB", 5e6, 1e7, 2), ("s", 4, 1, 0.25), ("%", 0.9, 0, math.inf)],
)
def test_ratio_says_how_many_times_better_ours_is(unit, ours, usual, ratio):
    assert Row("", unit, ours, usual).ratio == pytest.approx(ratio)


def test_table_shows_units_and_what_was_not_measured():
    shown = table(
        [Row("answers", "/s", 1234.5, 10.0), Row("letters", "%", 0.915, None), Row("p50", "ms", 0.002, 0.003)]
    )
    assert shown.splitlines()[2:] == [
        "| answers | 1,234 /s | 10 /s | 123 |",
        "| letters | 91.5 % | n/a | n/a |",
        "| p50 | 2.00 ms | 3.00 ms | 1.5 |",
    ]


def test_accuracy_counts_a_mode_and_style_and_may_ignore_case():
    found = side("a:app", [("A", "a"), ("b", "b"), ("C", "d"), ("e", "e"), ("3", "8")])
    assert found.accuracy("character", "neat") == 0.5
    assert found.accuracy("character", "neat", caseless=True) == 0.75
    assert found.accuracy("digit", "neat") == 0
    assert found.accuracy("digit", "free") is None


def test_latency_is_the_percentile_of_all_answers():
    found = Side("a:app")
    found.answers = [(Drawing("3", "neat", b""), Answer("3", seconds / 1000)) for seconds in range(101)]
    assert found.latency(50) == pytest.approx(0.050)
    assert found.latency(99) == pytest.approx(0.099)


def test_untrained_app_is_timed_but_not_said_to_read_badly():
    sides = [side("main:app", [("3", "3")]), side("usual:app", [("3", "8")])]
    trained, untrained = (
        {row.measure: row for row in rows(sides, (1, 2), trained=trained)} for trained in (True, False)
    )
    assert (trained["digits, drawn neat"].ours, trained["digits, drawn neat"].usual) == (1, 0)
    assert (untrained["digits, drawn neat"].ours, untrained["digits, drawn neat"].usual) == (1, None)
    assert untrained["one answer, p50"].ratio == 1


def test_cold_start_without_a_drawing_that_both_read_is_refused():
    sides = [side("main:app", [("3", "3")]), side("usual:app", [("3", "8")])]
    with pytest.raises(RuntimeError, match="no drawing that both apps read rightly"):
        measure_cold_starts(sides, [drawing for drawing, _ in sides[0].answers], rounds=1, trained=True)


def test_apps_take_turns_in_going_first():
    sides = [Side("a:app"), Side("b:app")]
    assert [in_turn(sides, number)[0].target for number in range(4)] == ["a:app", "b:app", "a:app", "b:app"]


def test_client_keeps_its_connection(server):
    with Client(server.server_port) as client:
        answers = [client.ask(Drawing("3", "neat", b"{}")) for _ in range(5)]
    assert {answer.prediction for answer in answers} == {"3"}
    assert all(answer.seconds > 0 for answer in answers)
    assert server.RequestHandlerClass.connections == 1


def test_every_client_of_the_throughput_has_a_connection_of_its_own(server):
    assert throughput(server.server_port, [Drawing("3", "neat", b"{}")], clients=3, seconds=0.05) > 0
    assert server.RequestHandlerClass.connections == 3


def test_an_answer_that_is_an_error_stops_the_measurement(server):
    with pytest.raises(RuntimeError, match="503 for a drawing of '3'"):
        throughput(server.server_port, [Drawing("3", "neat", b"fail")], clients=2, seconds=5)


def test_server_is_measured_from_its_start_and_leaves_no_process():
    before = set(psutil.Process().children(recursive=True))  # a browser of other tests, perhaps
    with Server("tests.benchmarks.tiny_app:app") as found:
        assert found.first_answer(Drawing("3", "neat", b"{}"), "3") > 0
        memory = found.memory()
        assert 1e6 < memory.process < 1e9
        assert 1e6 < memory.together < 1e9
        started = set(psutil.Process().children(recursive=True)) - before
    assert len(started) >= 2
    assert not any(process.is_running() for process in started)


def test_server_takes_settings_of_its_own_and_comes_up_again_where_it_was_killed():
    drawing = Drawing("3", "neat", b"{}")
    before = set(psutil.Process().children(recursive=True))
    with Server("tests.benchmarks.tiny_app:app", {"READS_AS": "8"}) as found:
        assert found.first_answer(drawing, "8") > 0
        started = set(psutil.Process().children(recursive=True)) - before
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
