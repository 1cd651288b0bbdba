"""Those who ask: one over one connection, or many at once."""

import http.client
import io
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import cycle
from selectors import EVENT_READ, DefaultSelector
from typing import NamedTuple, Self

from benchmarks.drawings import Drawing
from benchmarks.protocols import Protocol, Request, plain

ADDRESS = "127.0.0.1"
TIMEOUT = 120  # seconds: a first answer may wait for a framework to load


class Answer(NamedTuple):
    prediction: str
    seconds: float  # from the first request's first byte sent to the last answer's last one received


class Client:
    """One kept-alive connection, closed by the end of a `with`. Raises ConnectionError where nobody listens."""

    def __init__(self, port: int, protocol: Protocol = plain):
        self._protocol = protocol
        self._socket = socket.create_connection((ADDRESS, port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def ask(self, drawing: Drawing) -> Answer:
        """Raises as `receive`."""
        began = time.perf_counter()
        self.send(drawing)
        while (prediction := self.receive()) is None:
            pass
        return Answer(prediction, time.perf_counter() - began)

    def send(self, drawing: Drawing) -> None:
        self._asked, self._exchange = drawing, self._protocol(drawing)
        self._request(next(self._exchange))

    def receive(self) -> str | None:
        """Take what has come, or comes next, and send what the protocol sends then; once all has come the prediction.

        Raises RuntimeError where a status is not 200, ConnectionError where the server hangs up.
        """
        came = self._socket.recv(1 << 16)
        if not came:
            raise ConnectionResetError("The server closed the connection before its answer was whole.")
        self._received += came
        if (response := whole(self._received)) is None:
            return None
        self._received = b""
        status, body = response
        if status != 200:
            raise RuntimeError(f"{status} for a drawing of {self._asked.label!r}: {body[:500]!r}")
        try:
            self._request(self._exchange.send(body))
        except StopIteration as end:
            return end.value
        return None

    def _request(self, request: Request) -> None:
        head = f"{'POST' if request.body else 'GET'} {request.path} HTTP/1.1\r\nHost: {ADDRESS}\r\n"
        if request.body:
            head += f"Content-Type: {request.content_type}\r\nContent-Length: {len(request.body)}\r\n"
        self._socket.sendall(head.encode() + b"\r\n" + request.body)


class _Received(io.BytesIO):
    """What has come, as the socket that http.client wants to read from."""

    def makefile(self, *_) -> Self:
        return self


def whole(received: bytes) -> tuple[int, bytes] | None:
    """Status and body of a response to one request, None while some of it has not come."""
    if b"\r\n\r\n" not in received:
        return None
    with http.client.HTTPResponse(_Received(received)) as response:
        response.begin()
        try:
            return response.status, response.read()
        except http.client.IncompleteRead:
            return None


def throughput(connect: Callable[[], Client], drawings: Sequence[Drawing], *, clients: int, seconds: float) -> float:
    """Answers a second while `clients` ask without a pause for `seconds`, each over a connection of its own.

    One thread asks for them all: a thread each would take more of the machine from those who answer.
    """
    questions, answers = cycle(drawings), 0
    with DefaultSelector() as selector, ExitStack() as stack:
        began, passed = time.perf_counter(), 0.0
        for _ in range(clients):
            client = stack.enter_context(connect())
            client.send(next(questions))
            selector.register(client, EVENT_READ)
        while passed < seconds:
            for key, _ in selector.select(TIMEOUT):
                if key.fileobj.receive() is not None:
                    answers += 1
                    key.fileobj.send(next(questions))
            passed = time.perf_counter() - began
        for key in selector.get_map().values():  # so that nothing is left to do when another server is measured
            while key.fileobj.receive() is None:
                pass
        return answers / passed
