"""What the worst pictures cost the server that ships: time of the answer, and memory of the process that gives it.

Every picture of `tests.hostile.pictures` goes to `gunicorn main:app` as a file and in JSON, one after another. Linux
alone: the peak of memory is read from /proc, where it can be set back.
"""

import argparse
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from benchmarks.client import ADDRESS
from benchmarks.drawings import by_hand
from benchmarks.servers import Server
from benchmarks.serving import machine
from tests.drawings import data_url, draw, encode
from tests.hostile import pictures

TIME, MEMORY = 0.25, 64e6  # the budget of a picture: seconds, bytes
SHOWN = 12
BOUNDARY = "hostile"


class Cost(NamedTuple):
    """Of one picture. seconds: the server's processor time is `work`, the client's wait `wait`. memory: bytes."""

    name: str
    statuses: frozenset[int]
    wait: float
    work: float
    memory: float


def bodies(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The two ways to send a file: content type and body."""
    part = '--{0}\r\nContent-Disposition: form-data; name="{1}"{2}\r\n\r\n'
    head = part.format(BOUNDARY, "file", '; filename="a.png"').encode()
    rest = f"\r\n{part.format(BOUNDARY, 'mode', '')}any\r\n--{BOUNDARY}--\r\n".encode()
    yield f"multipart/form-data; boundary={BOUNDARY}", head + data + rest
    yield "application/json", json.dumps({"image": data_url(data), "mode": "any"}).encode()


class Process:
    """A process seen from outside, as /proc shows it."""

    def __init__(self, pid: int):
        self._folder = Path(f"/proc/{pid}")

    def resident(self, field: str = "VmRSS") -> int:
        """Bytes. VmHWM: the most since `set_back`."""
        lines = (self._folder / "status").read_text().splitlines()
        return 1024 * int(next(line.split()[1] for line in lines if line.startswith(field)))

    def set_back(self) -> None:
        (self._folder / "clear_refs").write_text("5")

    def worked(self) -> float:
        """Seconds of processor time of all its threads that run or ran."""
        return sum(int((task / "schedstat").read_text().split()[0]) for task in (self._folder / "task").iterdir()) / 1e9


def measure(server: Server, rounds: int, only: str) -> list[Cost]:
    """Each picture by itself, the median of `rounds`; of its two ways of being sent the dearer one.

    Memory is what the process held at most, less what it held once it had answered ordinary drawings.
    """
    server.first_answer(by_hand(1, np.random.default_rng(0))[0], expected=None)
    process = Process(server.worker)
    with closing(http.client.HTTPConnection(ADDRESS, server.port, timeout=120)) as connection:
        for content_type, body in list(bodies(encode(draw("3")))) * 20:
            _ask(connection, content_type, body)
        before = process.resident()
        costs = []
        for name, data in tqdm(pictures.every(), desc="pictures"):
            if only not in name:
                continue
            waits, works, peaks, statuses = [], [], [], set()
            for content_type, body in bodies(data):
                asked = []
                for _ in range(rounds):
                    process.set_back()
                    worked, began = process.worked(), time.perf_counter()
                    statuses.add(_ask(connection, content_type, body))
                    asked.append((time.perf_counter() - began, process.worked() - worked))
                    peaks.append(process.resident("VmHWM") - before)
                waits.append(median(wait for wait, _ in asked))
                works.append(median(work for _, work in asked))
            costs.append(Cost(name, frozenset(statuses), max(waits), max(works), max(peaks)))
    return costs


def _ask(connection: http.client.HTTPConnection, content_type: str, body: bytes) -> int:
    connection.request("POST", "/api/predict", body, {"Content-Type": content_type})
    response = connection.getresponse()
    content = response.read()
    if response.status != 200 and response.headers.get_content_type() != "application/problem+json":
        raise RuntimeError(f"{response.status} without a problem: {content[:200]!r}")
    return response.status


def table(costs: list[Cost]) -> str:
    """The dearest in Markdown, and how many kept to the budget."""
    dearest = sorted(costs, key=lambda cost: max(cost.work / TIME, cost.memory / MEMORY), reverse=True)[:SHOWN]
    rows = [
        f"| {cost.name} | {', '.join(map(str, sorted(cost.statuses)))} | {1000 * cost.wait:.0f} ms |"
        f" {1000 * cost.work:.0f} ms | {cost.memory / 1e6:.0f} MB |"
        for cost in dearest
    ]
    head = ["| picture | status | answered in | processor time | memory |", "| --- | --- | ---: | ---: | ---: |"]
    within, waited = (
        sum(getattr(cost, time) <= TIME and cost.memory <= MEMORY for cost in costs) for time in ("work", "wait")
    )
    worst = max(max(cost.statuses) for cost in costs)
    summary = (
        f"{within} of {len(costs)} pictures within 64 MB and 250 ms of processor time, {waited} within 250 ms by the"
    )
    return "\n".join([*head, *rows, "", f"{summary} clock; the highest status is {worst}."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each picture is sent each way")
    parser.add_argument("--only", default="", help="pictures with this in their names")
    options = parser.parse_args()
    with Server("main:app") as server:
        costs = measure(server, options.rounds, options.only)
    print(f"\n{machine()}.\n\n{table(costs)}")


if __name__ == "__main__":
    main()
