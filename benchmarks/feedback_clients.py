"""Many who send feedback at once, each record until it is acknowledged, as a browser does."""

import http.client
import json
import math
import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing

import numpy as np

from benchmarks.client import ADDRESS
from benchmarks.drawings import by_hand
from tests.drawings import STROKES

TIMEOUT = 60  # seconds without a byte of an answer; a store may take 20 to give up
PATIENCE = 900  # seconds for a record to be acknowledged
LONGEST_PAUSE = 0.2  # seconds where nobody listens: a server that starts again is met at once
TRY_AGAIN = (429, 503)


def made_records(number: int, seed: int) -> list[dict]:
    """Bodies of POST /api/feedback on as many drawings by hand, of pens, sizes and places by chance, in every mode."""
    random_ids, drawings = random.Random(seed), by_hand(math.ceil(number / len(STROKES)), np.random.default_rng(seed))
    return [
        {
            "id": str(uuid.UUID(int=random_ids.getrandbits(128), version=4)),
            "image": json.loads(drawing.body)["image"],
            "mode": random_ids.choice([drawing.mode, "any"]),
            "prediction": drawing.label,
            "confidence": random_ids.random(),
            "label": drawing.label,
            "model_version": "by-hand",
            "consent": True,
        }
        for drawing in drawings[:number]
    ]


class Sending:
    """Records on their way to a server that may fail, and what became of them.

    Attributes:
        acknowledged: ids that were answered with 201 or 200.
        sends: how often a record was sent, those times included that got no answer.
        already_there: how many were acknowledged with 200: an earlier send was kept, but its answer lost.
    """

    def __init__(self, records: list[dict]):
        self._left: Iterator[dict] = iter(records)
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self.acknowledged: set[str] = set()
        self.sends = self.already_there = 0

    def work(self, port: int) -> None:
        """Send one record after the other, over one connection where it lasts, until none is left or `stop`.

        Raises RuntimeError where the server refuses one, or none of its tries came through.
        """
        try:
            with closing(http.client.HTTPConnection(ADDRESS, port, timeout=TIMEOUT)) as connection:
                while record := self._next():
                    self._send(record, connection)
        except BaseException:
            self.stop()
            raise

    def wait_for(self, acknowledged: int) -> None:
        """Return once so many are acknowledged, or it stops."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.acknowledged) >= acknowledged or self._stopped.is_set())

    def stop(self) -> None:
        with self._changed:
            self._stopped.set()
            self._changed.notify_all()

    def _next(self) -> dict | None:
        with self._changed:
            return None if self._stopped.is_set() else next(self._left, None)

    def _send(self, record: dict, connection: http.client.HTTPConnection) -> None:
        body, until = json.dumps(record).encode(), time.monotonic() + PATIENCE
        while (pause := self._try(record["id"], body, connection)) is not None:
            if time.monotonic() > until:
                raise RuntimeError(f"{record['id']} was not acknowledged within {PATIENCE} s.")
            if self._stopped.wait(pause):
                return

    def _try(self, id: str, body: bytes, connection: http.client.HTTPConnection) -> float | None:
        """Seconds to wait before the next try, None where none is needed."""
        try:
            if connection.sock is None:
                connection.connect()
            with self._changed:
                self.sends += 1
            connection.request("POST", "/api/feedback", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return random.uniform(0, LONGEST_PAUSE)
        if answer.status in TRY_AGAIN:
            return float(answer.headers["Retry-After"])
        if answer.status not in (200, 201) or json.loads(content)["id"] != id:
            raise RuntimeError(f"{answer.status} for record {id}: {content[:500]!r}")
        with self._changed:
            self.acknowledged.add(id)
            self.already_there += answer.status == 200
            self._changed.notify_all()
        return None
