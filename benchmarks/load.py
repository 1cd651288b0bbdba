"""A running server under load: how many it answers, how soon, whom it refuses, and what memory that takes.

    python -m benchmarks.load                          # 1, 8, 64 and 256 clients
    python -m benchmarks.load --store postgresql
    python -m benchmarks.load --minutes 10             # whether memory grows, with 8 clients
    python -m benchmarks.load --dead-store             # predictions while feedback's store hangs, and while it works

Each client asks `gunicorn main:app` without a pause, nine times out of ten for a prediction, else it sends feedback.
Who is refused asks again at once, which is worse than browsers do. With --dead-store some clients ask for predictions
alone, and as many send feedback alone, each at most twice a second; two servers, one with either store, take turns.

Exit status 1 where an answer was neither right nor 503, or did not come.
"""

import argparse
import json
import random
import shlex
import socket
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector

import numpy as np

from app.opened_once import MOST_USERS
from benchmarks import feedback_places
from benchmarks.client import ADDRESS, whole
from benchmarks.drawings import by_hand
from benchmarks.feedback_clients import made_records
from benchmarks.feedback_faults import RATE
from benchmarks.feedback_places import Place
from benchmarks.measuring import turn
from benchmarks.servers import Server
from benchmarks.serving import machine

SEED = 1
CLIENTS = (1, 8, 64, 256)
KINDS = PREDICTION, FEEDBACK = "prediction", "feedback"
FEEDBACK_SHARE = 0.1
DONE = {PREDICTION: (200,), FEEDBACK: (201,)}
PATIENCE = 30.0  # seconds for an answer
FEEDBACK_PAUSE = 0.5  # seconds, of a client that sends feedback alone
SAMPLED = 5.0  # seconds from one look at the memory to the next
WARM_UP = 0.2  # the share of a run after which memory is expected to stay
STORES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "sqlite": feedback_places.sqlite,
    "postgresql": feedback_places.postgresql,
}


@dataclass
class Found:
    """What became of the requests of one run. seconds: of each that was done, by kind. unanswered: at the end."""

    clients: int
    length: float = 0.0
    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    refused: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, int]] = field(default_factory=list)  # seconds since the beginning, bytes

    def add(self, other: "Found") -> None:
        self.length += other.length
        for kind in KINDS:
            self.seconds[kind] += other.seconds[kind]
        self.refused += other.refused
        self.errors += other.errors
        self.unanswered += other.unanswered

    def percentile(self, kind: str, percent: float) -> float:
        """Seconds; not a number where there was none."""
        return float(np.percentile(self.seconds[kind], percent)) if self.seconds[kind] else float("nan")

    def refused_share(self, kind: str) -> float:
        asked = self.refused[kind] + len(self.seconds[kind])
        return self.refused[kind] / asked if asked else 0.0

    @property
    def growth(self) -> float:
        """Bytes an hour that the memory grew by after the warm-up, by least squares."""
        times, held = np.array([each for each in self.memory if each[0] >= WARM_UP * self.length], float).T
        return float(np.polyfit(times, held, 1)[0]) * 3600


class Requests:
    """What is asked, made beforehand: making it takes processor time that the server needs."""

    def __init__(self):
        self._chance = random.Random(SEED)
        self._questions = [drawing.body for drawing in by_hand(2, np.random.default_rng(SEED))]
        records = made_records(len(self._questions), SEED)
        self._records = [tuple(json.dumps(record).encode().split(record["id"].encode())) for record in records]

    def any(self) -> tuple[str, bytes]:
        """A kind and the bytes of a request."""
        return self.feedback() if self._chance.random() < FEEDBACK_SHARE else self.prediction()

    def prediction(self) -> tuple[str, bytes]:
        return PREDICTION, _post("/api/predict", self._chance.choice(self._questions))

    def feedback(self) -> tuple[str, bytes]:
        before, after = self._chance.choice(self._records)
        return FEEDBACK, _post("/api/feedback", before + str(uuid.uuid4()).encode() + after)


class Visitor:
    """Asks one thing after another, over one connection as long as the server keeps it. pause: seconds in between."""

    def __init__(self, port: int, ask: Callable[[], tuple[str, bytes]], pause: float = 0.0):
        self.pause = pause
        self._port, self._make = port, ask
        self._connect()

    def fileno(self) -> int:
        return self._socket.fileno()

    def ask(self) -> None:
        self.kind, request = self._make()
        self.began = time.perf_counter()
        self._socket.sendall(request)

    def receive(self) -> int | None:
        """The status once an answer has come. Raises ConnectionError."""
        came = self._socket.recv(1 << 16)
        if not came:
            raise ConnectionResetError
        self._received += came
        answer = whole(self._received)
        return answer and answer[0]

    def go_on(self, *, anew: bool) -> None:
        """Forget the answer. A connection that the server does not keep is made anew, another if `anew`."""
        if anew or b"\r\nconnection: close" in self._received.partition(b"\r\n\r\n")[0].lower():
            self.close()
            self._connect()
        self._received = b""

    def close(self) -> None:
        self._socket.close()

    def _connect(self) -> None:
        self._socket = socket.create_connection((ADDRESS, self._port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""


def drive(server: Server, visitors: Sequence[Visitor], seconds: float, *, sample: bool = False) -> Found:
    """Let them ask for so many seconds. What is under way then is waited for as long as PATIENCE, and not timed."""
    found, began = Found(len(visitors)), time.perf_counter()
    resting: list[tuple[float, Visitor]] = []
    with DefaultSelector() as selector:

        def ask(visitor: Visitor) -> None:
            visitor.ask()
            selector.register(visitor, EVENT_READ)

        def take(visitor: Visitor) -> bool:
            """Whether all of its answer has come, which is then counted."""
            try:
                if (outcome := visitor.receive()) is None:
                    return False
            except OSError:
                outcome = "connection closed"
            if outcome in DONE[visitor.kind]:
                found.seconds[visitor.kind].append(time.perf_counter() - visitor.began)
            elif outcome == 503:
                found.refused[visitor.kind] += 1
            else:
                found.errors[f"{visitor.kind}: {outcome}"] += 1
            selector.unregister(visitor)
            visitor.go_on(anew=outcome == "connection closed")
            return True

        for visitor in visitors:
            ask(visitor)
        next_sample = 0.0
        while (now := time.perf_counter() - began) < seconds:
            if sample and now >= next_sample:
                found.memory.append((now, server.memory().process))
                next_sample = now + SAMPLED
            for key, _ in selector.select(0.05 if resting else 1.0):
                if take(key.fileobj):
                    if key.fileobj.pause:
                        resting.append((key.fileobj.began + key.fileobj.pause, key.fileobj))
                    else:
                        ask(key.fileobj)
            awake = [each for each in resting if each[0] <= time.perf_counter()]
            resting = [each for each in resting if each not in awake]
            for _, visitor in awake:
                ask(visitor)
        found.length = time.perf_counter() - began
        until = time.perf_counter() + PATIENCE
        counted = {kind: len(found.seconds[kind]) for kind in KINDS}
        while (left := [key.fileobj for key in selector.get_map().values()]) and time.perf_counter() < until:
            if all(visitor.pause for visitor in left) and time.perf_counter() > until - PATIENCE + 2:
                break  # feedback alone, to a store that may hang
            for key, _ in selector.select(1.0):
                take(key.fileobj)
        for kind in KINDS:
            del found.seconds[kind][counted[kind] :]
        found.unanswered.update(visitor.kind for visitor in left)
    for visitor in visitors:
        visitor.close()
    return found


def loads(place: Place, numbers: Sequence[int], seconds: float, *, sample: bool = False) -> list[Found]:
    """One server, and so many clients one number after another."""
    requests, results = Requests(), []
    with started(place) as server:
        for number in numbers:
            before = server.memory().process
            visitors = [Visitor(server.port, requests.any) for _ in range(number)]
            found = drive(server, visitors, seconds, sample=sample)
            found.memory = [(0.0, before), *found.memory, (found.length, server.memory().process)]
            results.append(found)
    return results


def dead_store(clients: int, seconds: float, rounds: int) -> tuple[Found, Found]:
    """With a store that works and with one that hangs, in turns."""
    requests, results = Requests(), (Found(clients), Found(clients))
    with ExitStack() as stack:
        places = [stack.enter_context(open()) for open in (feedback_places.sqlite, feedback_places.hanging)]
        servers = [stack.enter_context(started(place)) for place in places]
        for server in servers:
            server.pause()
        for number in range(rounds):
            for which in ((0, 1), (1, 0))[number % 2]:
                with turn(servers[which]) as server:
                    asking = [Visitor(server.port, requests.prediction) for _ in range(clients)]
                    sending = [Visitor(server.port, requests.feedback, FEEDBACK_PAUSE) for _ in range(clients)]
                    results[which].add(drive(server, [*asking, *sending], seconds))
        for server in servers:
            server.go_on()
        servers[1].kill()  # its threads hang, and would have to be waited for
    return results


def started(place: Place) -> Server:
    """A server that answers."""
    server = Server("main:app", {"FEEDBACK_URL": place.url, "FEEDBACK_RATE": RATE})
    [drawing, *_] = by_hand(1, np.random.default_rng(SEED))
    server.first_answer(drawing, None)
    return server


def load_table(results: Sequence[Found]) -> str:
    """In Markdown."""
    lines = [
        "| clients | done /s | prediction p50 | p99 | p99.9 | feedback p50 | p99 | predictions refused |"
        " feedback refused | errors | memory before → after |",
        "| ---: " * 11 + "|",
    ]
    for found in results:
        times = [found.percentile(PREDICTION, percent) for percent in (50, 99, 99.9)]
        times += [found.percentile(FEEDBACK, percent) for percent in (50, 99)]
        cells = [found.clients, f"{sum(map(len, found.seconds.values())) / found.length:,.0f}"]
        cells += [_milliseconds(each) for each in times]
        cells += [f"{100 * found.refused_share(kind):.2g} %" for kind in KINDS]
        cells += [_errors(found), f"{found.memory[0][1] / 1e6:.0f} → {found.memory[-1][1] / 1e6:.0f} MB"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def memory_table(found: Found) -> str:
    """The memory at the beginning and at the end of each tenth, and what it grew by."""
    moments = np.linspace(0, found.length, 11)
    times, held = np.array(found.memory).T
    shown = [f"{held[np.abs(times - moment).argmin()] / 1e6:.1f}" for moment in moments]
    head = [f"{moment / 60:.1f} min" for moment in moments]
    return "\n".join(
        [
            f"| {' | '.join(head)} |",
            "| ---: " * len(head) + "|",
            f"| {' | '.join(shown)} |",
            "",
            f"MB resident. After the first fifth of the time it grew by {found.growth / 1e6:+.1f} MB an hour.",
        ]
    )


def dead_table(healthy: Found, dead: Found) -> str:
    """In Markdown."""
    lines = [
        "| store | predictions /s | p50 | p99 | feedback kept | refused | errors |",
        "| --- " + "| ---: " * 6 + "|",
    ]
    for name, found in (("works", healthy), ("hangs", dead)):
        done = found.seconds[PREDICTION]
        cells = [name, f"{len(done) / found.length:,.0f}"]
        cells += [_milliseconds(found.percentile(PREDICTION, percent)) for percent in (50, 99)]
        cells += [len(found.seconds[FEEDBACK]), found.refused[FEEDBACK], _errors(found)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _milliseconds(seconds: float) -> str:
    return "–" if np.isnan(seconds) else f"{1000 * seconds:.1f} ms"


def _errors(found: Found) -> str:
    return ", ".join(f"{count} × {what}" for what, count in found.errors.items()) or "0"


def _post(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {ADDRESS}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", help="how many at once")
    parser.add_argument("--seconds", type=float, default=15, help="of each number of clients, and of each turn")
    parser.add_argument("--store", choices=STORES, default="sqlite")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--minutes", type=float, help="one run so long, with a look at the memory every five seconds")
    what.add_argument("--dead-store", action="store_true")
    parser.add_argument("--rounds", type=int, default=3, help="turns with --dead-store")
    options = parser.parse_args(arguments)
    if options.dead_store:
        healthy, dead = dead_store((options.clients or [8])[0], options.seconds, options.rounds)
        dead.unanswered.subtract({FEEDBACK: MOST_USERS})  # those that hang
        results, shown = [healthy, dead], dead_table(healthy, dead)
    else:
        with STORES[options.store]() as place:
            if options.minutes:
                results = loads(place, options.clients or [8], 60 * options.minutes, sample=True)
            else:
                results = loads(place, options.clients or CLIENTS, options.seconds)
        shown = "\n\n".join([load_table(results), *(memory_table(found) for found in results if options.minutes)])
    command = shlex.join(["python", "-m", "benchmarks.load", *(sys.argv[1:] if arguments is None else arguments)])
    print(f"command: {command}\n\n{machine()}.\n\n{shown}")
    return int(any(found.errors or +found.unanswered for found in results))


if __name__ == "__main__":
    sys.exit(main())
