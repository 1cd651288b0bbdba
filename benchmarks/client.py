"""Those who ask: one over one connection, or many at once."""

import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import NamedTuple, Self

from benchmarks.drawings import Drawing

ADDRESS = "127.0.0.1"
TIMEOUT = 120  # seconds: a first answer may wait for a framework to load
MOST_REQUESTS = 20_000  # of one client, however fast the answers come


class Answer(NamedTuple):
    prediction: str
    seconds: float  # from the request's first byte sent to the answer's last one received


class Client:
    """One kept-alive connection, closed by the end of a `with`."""

    def __init__(self, port: int):
        self._connection = http.client.HTTPConnection(ADDRESS, port, timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self._connection.close()

    def ask(self, drawing: Drawing) -> Answer:
        """Raises RuntimeError where the status is not 200, ConnectionError where nobody listens."""
        began = time.perf_counter()
        self._connection.request("POST", "/api/predict", drawing.body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - began
        if response.status != 200:
            raise RuntimeError(f"{response.status} for a drawing of {drawing.label!r}: {content[:500]!r}")
        return Answer(json.loads(content)["prediction"], seconds)


def throughput(port: int, drawings: Sequence[Drawing], *, clients: int, seconds: float) -> float:
    """Answers a second while `clients` ask without a pause for `seconds`, each over a connection of its own."""

    def rate(number: int) -> float:
        with Client(port) as client:
            began = time.perf_counter()
            passed = asked = 0
            for drawing in islice(cycle(drawings), number, number + MOST_REQUESTS):
                client.ask(drawing)
                asked, passed = asked + 1, time.perf_counter() - began
                if passed >= seconds:
                    break
            return asked / passed

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(rate, range(clients)))
