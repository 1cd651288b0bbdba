"""One thread writes what many threads bring: whatever stands in line when it is free goes together."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from app.feedback.store import StoreUnavailable

LARGEST_BATCH = 500
RETRY_AFTER = 10  # seconds


@dataclass(eq=False)
class _Waiting:
    deadline: float
    item: Any = None
    task: Callable[[float], Any] | None = None
    future: Future = field(default_factory=Future)


class BatchWriter:
    """A line of items and tasks, worked off in order by one background thread, which starts with the first of them.

    Args:
        write: takes the items that stood in line and the monotonic time after which no one waits for them; returns an
            outcome for each, an exception where it failed.
        gather: called before items are taken from the line; what arrives until it returns goes along.
        patience: seconds that a caller waits for the outcome.
    """

    def __init__(
        self,
        write: Callable[[list, float], Sequence],
        *,
        gather: Callable[[], None] = lambda: None,
        patience: float,
    ):
        self._write, self._gather, self._patience = write, gather, patience
        self._line: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="feedback-writer", daemon=True)

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def put(self, item: Any) -> Any:
        """The outcome of an item that was written with others.

        Raises StoreUnavailable where there is none within `patience`; the item is then withdrawn where it still waits,
        but may be written where it is under way.
        """
        return self._outcome(_Waiting(monotonic() + self._patience, item=item))

    def run(self, task: Callable[[float], Any]) -> Any:
        """The outcome of a task, alone, after all that was put before it. It gets the time after which no one waits."""
        return self._outcome(_Waiting(monotonic() + self._patience, task=task))

    def close(self, seconds: float) -> None:
        """Work off what waits, within `seconds`; refuse what comes later and what is left then."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            started = self._thread.ident is not None
        if started:
            self._thread.join(seconds)
        with self._changed:
            left = list(self._line)
            self._line.clear()
        for waiting in left:
            waiting.future.cancel()

    def _outcome(self, waiting: _Waiting) -> Any:
        with self._changed:
            if self._closed:
                raise StoreUnavailable("The store is closed, because the server stops. Try again.", RETRY_AFTER)
            if self._thread.ident is None:
                self._thread.start()
            self._line.append(waiting)
            self._changed.notify_all()
        try:
            return waiting.future.result(timeout=max(0, waiting.deadline - monotonic()))
        except StoreUnavailable as error:  # the same one went to all of a batch: each caller raises its own
            raise StoreUnavailable(str(error), error.retry_after) from error
        except CancelledError as error:
            raise StoreUnavailable("The store closed before its turn came. Try again.", RETRY_AFTER) from error
        except TimeoutError as error:
            waiting.future.cancel()
            problem = f"The store did not confirm it within {self._patience:g} s. Try again."
            raise StoreUnavailable(problem, RETRY_AFTER) from error

    def _work(self) -> None:
        while self._something_waits():
            self._gather()
            if batch := self._take():
                self._settle(batch)

    def _something_waits(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._line or self._closed)
            return bool(self._line)

    def _take(self) -> list[_Waiting]:
        """The items at the head of the line, or the one task there, without those whose callers left."""
        batch = []
        with self._changed:
            while self._line and len(batch) < LARGEST_BATCH and not (batch and self._line[0].task):
                waiting = self._line.popleft()
                if waiting.future.set_running_or_notify_cancel():
                    batch.append(waiting)
                    if waiting.task:
                        break
        return batch

    def _settle(self, batch: list[_Waiting]) -> None:
        until = max(waiting.deadline for waiting in batch)
        try:
            task = batch[0].task
            outcomes = [task(until)] if task else self._write([waiting.item for waiting in batch], until)
        except Exception as error:  # the thread goes on, and those who wait hear of it
            outcomes = [error] * len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                waiting.future.set_exception(outcome)
            else:
                waiting.future.set_result(outcome)
