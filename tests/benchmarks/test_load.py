"""The benchmark of load: that it counts what it says, and would see what fails."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from benchmarks import load
from benchmarks.load import FEEDBACK, PREDICTION, Found, Requests, Visitor, drive


@pytest.fixture
def serve():
    """Starts a server that answers each path as it is told: a status, or None to close the connection."""
    servers = []

    def start(predict: int | None, feedback: int | None) -> SimpleNamespace:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                status = {"/api/predict": predict, "/api/feedback": feedback}[self.path]
                self.close_connection = status in (None, 503)
                if status is not None:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    if status == 503:
                        self.send_header("Connection", "close")
                    self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        servers.append((server, thread))
        return SimpleNamespace(port=server.server_port)

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def requests():
    return Requests()


def driven(server, requests) -> Found:
    visitors = [Visitor(server.port, ask) for ask in (requests.prediction, requests.feedback, requests.any)]
    return drive(server, visitors, 0.2)


def test_what_is_done_is_timed_and_what_is_refused_is_counted_apart(serve, requests):
    found = driven(serve(200, 503), requests)
    assert found.percentile(PREDICTION, 50) > 0
    assert found.refused_share(PREDICTION) == 0
    assert (found.seconds[FEEDBACK], found.refused_share(FEEDBACK)) == ([], 1)
    assert (found.errors.total(), found.unanswered.total()) == (0, 0)


def test_any_other_answer_and_none_are_errors(serve, requests):
    found = driven(serve(500, None), requests)
    assert found.errors.keys() == {"prediction: 500", "feedback: connection closed"}
    assert not any(found.seconds.values())


def test_every_record_has_an_id_of_its_own_and_some_requests_are_feedback(requests):
    assert len({requests.feedback()[1] for _ in range(50)}) == 50
    kinds = [requests.any()[0] for _ in range(1000)]
    assert 50 < kinds.count(FEEDBACK) < 200


def test_growth_leaves_the_warm_up_out():
    memory = [(0.0, 1), (10.0, 900), *((float(second), 1000 + second) for second in range(20, 101))]
    assert Found(1, 100.0, memory=memory).growth == pytest.approx(3600)


@pytest.mark.parametrize(("changed", "status"), [({}, 0), ({"errors": 1}, 1), ({"unanswered": 1}, 1)])
def test_exit_status_says_whether_all_were_answered(monkeypatch, capsys, changed, status):
    found = Found(8, 10.0, {PREDICTION: [0.002] * 90, FEEDBACK: []}, memory=[(0.0, 90_000_000), (10.0, 91_000_000)])
    for name in changed:
        getattr(found, name)["prediction: 500"] = 1
    monkeypatch.setattr(load, "loads", lambda *_, **__: [found])
    assert load.main(["--clients", "8"]) == status
    shown = capsys.readouterr().out
    assert "command: python -m benchmarks.load --clients 8\n" in shown
    assert "| 8 | 9 | 2.0 ms | 2.0 ms | 2.0 ms | – | – | 0 % | 0 % |" in shown
