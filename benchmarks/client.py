"""Those who ask: one over one connection, or many at once."""

import http.client
import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from selectors import EVENT_READ, DefaultSelector
from typing import NamedTuple, Self

from benchmarks.drawings import Drawing

ADDRESS = "127.0.0.1"
TIMEOUT = 120  # seconds: a first answer may wait for a framework to load


class Answer(NamedTuple):
    prediction: str
    seconds: float  # from the request's first byte sent to the answer's last one received


class Client:
    """One kept-alive connection, closed by the end of a `with`."""

    def __init__(self, port: int):
        self._connection = http.client.HTTPConnection(ADDRESS, port, timeout=TIMEOUT)
        self._asked: Drawing | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self._connection.close()

    def fileno(self) -> int:
        return self._connection.sock.fileno()

    def ask(self, drawing: Drawing) -> Answer:
        """Raises RuntimeError where the status is not 200, ConnectionError where nobody listens."""
        began = time.perf_counter()
        self.send(drawing)
        content = self.receive()
        seconds = time.perf_counter() - began
        return Answer(json.loads(content)["prediction"], seconds)

    def send(self, drawing: Drawing) -> None:
        self._asked = drawing
        self._connection.request("POST", "/api/predict", drawing.body, {"Content-Type": "application/json"})

    def receive(self) -> bytes:
        """The body of the answer to what was sent. Raises RuntimeError where the status is not 200."""
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status} for a drawing of {self._asked.label!r}: {content[:500]!r}")
        return content


def throughput(port: int, drawings: Sequence[Drawing], *, clients: int, seconds: float) -> float:
    """Answers a second while `clients` ask without a pause for `seconds`, each over a connection of its own.

    One thread asks for them all: a thread each would take more of the machine from those who answer.
    """
    questions, answers = cycle(drawings), 0
    with DefaultSelector() as selector, ExitStack() as stack:
        began, passed = time.perf_counter(), 0.0
        for _ in range(clients):
            client = stack.enter_context(Client(port))
            client.send(next(questions))
            selector.register(client, EVENT_READ)
        while passed < seconds:
            for key, _ in selector.select(TIMEOUT):
                key.fileobj.receive()
                answers += 1
                key.fileobj.send(next(questions))
            passed = time.perf_counter() - began
        return answers / passed
