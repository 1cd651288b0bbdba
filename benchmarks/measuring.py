"""Two apps measured side by side: they take turns, so that whatever else the machine does hits both."""

from contextlib import ExitStack
from statistics import fmean

import numpy as np
from tqdm import tqdm

from benchmarks.client import Answer, Client, throughput
from benchmarks.drawings import Drawing
from benchmarks.servers import Memory, Server

CLIENTS = 8
WARM_UP = 20  # drawings asked and not counted


class Side:
    """What was measured of one app."""

    def __init__(self, target: str):
        self.target = target
        self.answers: list[tuple[Drawing, Answer]] = []
        self.throughputs: list[float] = []
        self.cold_starts: list[float] = []
        self.memory: Memory | None = None

    def ask(self, server: Server, drawings: list[Drawing]) -> None:
        with Client(server.port) as client:
            self.answers += [(drawing, client.ask(drawing)) for drawing in drawings]

    def latency(self, percentile: float) -> float:
        return float(np.percentile([answer.seconds for _, answer in self.answers], percentile))

    def accuracy(self, mode: str, style: str, *, caseless: bool = False) -> float | None:
        """The share of such drawings read rightly; None where there were none."""
        key = str.lower if caseless else str
        asked = [(d.label, a.prediction) for d, a in self.answers if (d.mode, d.style) == (mode, style)]
        return fmean(key(label) == key(prediction) for label, prediction in asked) if asked else None

    def reads(self, drawing: Drawing) -> bool:
        return any(asked is drawing and answer.prediction == drawing.label for asked, answer in self.answers)


def in_turn(sides: list[Side], number: int) -> list[Side]:
    """Who goes first changes from round to round."""
    return sides if number % 2 == 0 else sides[::-1]


def measure(sides: list[Side], drawings: list[Drawing], *, rounds: int, seconds: float) -> None:
    """Latency, answers, throughput and memory, with both apps up."""
    with ExitStack() as stack:
        servers = {side: stack.enter_context(Server(side.target)) for side in sides}
        for server in servers.values():
            server.first_answer(drawings[0], expected=None)
            with Client(server.port) as client:
                for drawing in drawings[:WARM_UP]:
                    client.ask(drawing)
        for number in tqdm(range(rounds), desc="rounds"):
            for side in in_turn(sides, number):
                side.ask(servers[side], drawings[number::rounds])
            for side in in_turn(sides, number):
                rate = throughput(servers[side].port, drawings, clients=CLIENTS, seconds=seconds)
                side.throughputs.append(rate)
        for side, server in servers.items():
            side.memory = server.memory()


def measure_cold_starts(sides: list[Side], drawings: list[Drawing], *, rounds: int, trained: bool) -> None:
    """With a drawing that both read rightly, or ours alone where the usual app was never trained."""
    able = sides if trained else sides[:1]
    probe = next((drawing for drawing in drawings if all(side.reads(drawing) for side in able)), None)
    if probe is None:
        raise RuntimeError("There is no drawing that both apps read rightly: look at the models that they load.")
    for number in tqdm(range(rounds), desc="cold starts"):
        for side in in_turn(sides, number):
            with Server(side.target) as server:
                side.cold_starts.append(server.first_answer(probe, probe.label if side in able else None))
