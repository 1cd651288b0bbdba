"""More than the server can do, and stores that hang: who is refused hears of it, and pictures are read as ever."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from uuid import uuid4

import pytest

from app.opened_once import MOST_TOGETHER, MOST_USERS
from benchmarks import feedback_places
from benchmarks.client import ADDRESS
from benchmarks.servers import Server
from tests.drawings import data_url, draw
from tests.server import shipped

LIMIT = 30  # seconds that nothing here takes on any machine
THREE = data_url(draw("3"))
QUESTION = {"image": THREE, "mode": "digit"}


class Asked:
    """A request on a connection of its own, and its answer."""

    def __init__(self, server: Server, method: str, path: str, body: bytes | None = None):
        self._connection = HTTPConnection(ADDRESS, server.port, timeout=LIMIT)
        self._connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})

    def answer(self) -> tuple[HTTPResponse, bytes]:
        with closing(self._connection):
            response = self._connection.getresponse()
            return response, response.read()


@pytest.fixture
def let_go(tmp_path) -> Path:
    return tmp_path / "let-go"


@pytest.fixture
def held(let_go) -> Iterator[Server]:
    """A server with one thread, which is taken."""
    environment = {"HELD_UNTIL": str(let_go), "GUNICORN_CMD_ARGS": "--threads 1 --worker-connections 3"}
    with Server("tests.holding_app:app", environment) as server:
        holding = asked_once_it_listens(server, "/hold")
        wait_for(let_go.with_name("held"))
        yield server
        let_go.touch()
        response, _ = holding.answer()
        assert (response.status, response.headers["Connection"]) == (200, "keep-alive")


def asked_once_it_listens(server: Server, path: str) -> Asked:
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            return Asked(server, "GET", path)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, server.log()
            time.sleep(0.01)


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + LIMIT
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_who_waits_too_long_for_a_thread_is_refused_and_a_health_check_is_not(held, let_go):
    probe = Asked(held, "GET", "/health/live")
    response, body = Asked(held, "GET", "/").answer()
    assert response.status == json.loads(body)["status"] == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers.get_content_type() == "application/problem+json"
    let_go.touch()
    response, shed = probe.answer()
    assert (response.status, shed) == (200, b"1")
    assert Asked(held, "GET", "/").answer()[0].status == 200
    assert "Overloaded: 1 requests were refused" in held.log()


def test_requests_that_wait_hold_no_more_memory_than_is_set(held, let_go):
    sent = [Asked(held, "GET", "/health/live", bytes(39_000_000)) for _ in range(2)]
    let_go.touch()
    (taken, _), (refused, problem) = sorted((each.answer() for each in sent), key=lambda each: each[0].status)
    assert (taken.status, refused.status) == (200, 503)
    assert "Too much is being sent" in json.loads(problem)["detail"]


def test_while_all_connections_are_taken_none_is_kept(held, let_go):
    waiting = Asked(held, "GET", "/health/live")
    with socket.create_connection((ADDRESS, held.port), LIMIT) as third:
        third.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert third.recv(1000).startswith(b"HTTP/1.1 100")
        let_go.touch()
        assert waiting.answer()[0].headers["Connection"] == "close"


def test_stores_that_hang_take_few_threads_and_pictures_are_read():
    record = {"prediction": "3", "confidence": 0.9, "label": "3", "model_version": "x", "consent": True}

    def keep() -> int:
        body = json.dumps(QUESTION | record | {"id": str(uuid4())}).encode()
        return refused_once(Asked(server, "POST", "/api/feedback", body))

    def scores() -> int:
        return refused_once(Asked(server, "GET", "/api/game/scores/digit"))

    def refused_once(asked: Asked) -> int:
        response, _ = asked.answer()
        assert int(response.headers["Retry-After"]) > 0
        return response.status

    with (
        feedback_places.hanging() as place,
        shipped(FEEDBACK_URL=place.url, GAME_URL=place.url) as server,
        ThreadPoolExecutor(MOST_TOGETHER + 2) as clients,
    ):
        for ask, most in ((keep, MOST_USERS), (scores, MOST_TOGETHER - MOST_USERS)):
            asking = [clients.submit(ask) for _ in range(most + 1)]
            done, hanging = wait(asking, LIMIT, FIRST_COMPLETED)
            assert [each.result() for each in done] == [503]
            assert len(hanging) == most
        for _ in range(20):
            assert Asked(server, "POST", "/api/predict", json.dumps(QUESTION).encode()).answer()[0].status == 200
        assert not any(each.done() for each in hanging)
        server.kill()
