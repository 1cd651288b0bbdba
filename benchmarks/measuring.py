"""Apps measured side by side: they take turns, so that whatever else the machine does hits all of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import fmean

import numpy as np
from tqdm import tqdm

from benchmarks.client import Answer, throughput
from benchmarks.drawings import Drawing
from benchmarks.servers import Memory, Server

CLIENTS = 8
WARM_UP = 20  # drawings asked and not counted


class Side:
    """What was measured of one app. trained: whether how it reads means anything."""

    def __init__(self, name: str, start: Callable[[], Server], *, trained: bool = True):
        self.name, self.start, self.trained = name, start, trained
        self.answers: list[tuple[Drawing, Answer]] = []
        self.throughputs: list[float] = []
        self.cold_starts: list[float] = []
        self.memory: Memory | None = None

    def ask(self, server: Server, drawings: list[Drawing]) -> None:
        with server.client() as client:
            self.answers += [(drawing, client.ask(drawing)) for drawing in drawings]

    def latency(self, percentile: float) -> float:
        return float(np.percentile([answer.seconds for _, answer in self.answers], percentile))

    def accuracy(self, mode: str, style: str, *, caseless: bool = False) -> float | None:
        """The share of such drawings read rightly; None where there were none, or the app is not trained."""
        key = str.lower if caseless else str
        asked = [(d.label, a.prediction) for d, a in self.answers if (d.mode, d.style) == (mode, style)]
        right = [key(label) == key(prediction) for label, prediction in asked]
        return fmean(right) if right and self.trained else None

    def reads(self, drawing: Drawing) -> bool:
        return any(asked is drawing and answer.prediction == drawing.label for asked, answer in self.answers)


def in_turn(sides: list[Side], number: int) -> list[Side]:
    """Who goes first changes from round to round."""
    first = number % len(sides)
    return sides[first:] + sides[:first]


@contextmanager
def turn(server: Server) -> Iterator[Server]:
    """Let a paused server go on for the length of a `with`."""
    server.go_on()
    yield server
    server.pause()


def measure(sides: list[Side], drawings: list[Drawing], *, rounds: int, seconds: float) -> None:
    """Latency, answers, throughput and memory, with all apps up, of which all but one are paused."""
    with ExitStack() as stack:
        servers = {side: stack.enter_context(side.start()) for side in sides}
        for server in servers.values():
            server.first_answer(drawings[0], expected=None)
            with server.client() as client:
                for drawing in drawings[:WARM_UP]:
                    client.ask(drawing)
            server.pause()
        for number in tqdm(range(rounds), desc="rounds"):
            for side in in_turn(sides, number):
                with turn(servers[side]) as server:
                    side.ask(server, drawings[number::rounds])
            for side in in_turn(sides, number):
                with turn(servers[side]) as server:
                    rate = throughput(server.client, drawings, clients=CLIENTS, seconds=seconds)
                side.throughputs.append(rate)
        for side, server in servers.items():
            side.memory = server.memory()


def measure_cold_starts(sides: list[Side], drawings: list[Drawing], *, rounds: int) -> None:
    """With a drawing that all read rightly; one that is not trained may answer anything."""
    able = [side for side in sides if side.trained]
    probe = next((drawing for drawing in drawings if all(side.reads(drawing) for side in able)), None)
    if probe is None:
        raise RuntimeError("There is no drawing that all apps read rightly: look at the models that they load.")
    for number in tqdm(range(rounds), desc="cold starts"):
        for side in in_turn(sides, number):
            with side.start() as server:
                side.cold_starts.append(server.first_answer(probe, probe.label if side.trained else None))
