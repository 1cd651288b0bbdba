"""A store that is opened at its first use, and that few threads use at once: reading pictures never waits for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Generic, Protocol, TypeVar

from app.feedback.store import StoreUnavailable

# Threads that use one store at once, and all stores together. Where all are dead two of gunicorn's eight are left, and
# they are enough: pictures are read one at a time (app/serving.py).
MOST_USERS, MOST_TOGETHER = 4, 6
PATIENCE = 0.1  # seconds for a place: a store that is well has one again by then
STUCK = 1.0  # seconds in which no place was taken or given back, after which nobody waits for one
RETRY_AFTER = 2  # seconds: a crowd is gone sooner than a failure


class Places:
    """For so many threads at once."""

    def __init__(self, most: int):
        self._free, self._moved = BoundedSemaphore(most), monotonic()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One place. Raises StoreUnavailable where none is given back for a while."""
        patience = PATIENCE if monotonic() - self._moved < STUCK else 0
        if not self._free.acquire(timeout=patience):
            raise StoreUnavailable("As many requests as may wait for stores do already.", RETRY_AFTER)
        self._moved = monotonic()
        try:
            yield
        finally:
            self._moved = monotonic()
            self._free.release()


_together = Places(MOST_TOGETHER)


class Closeable(Protocol):
    def close(self) -> None: ...


Store = TypeVar("Store", bound=Closeable)


class OpenedOnce(Generic[Store]):
    """Safe to use from many threads. opened: None until the first use, and after close()."""

    def __init__(self, open_store: Callable[[], Store]):
        self.opened: Store | None = None
        self._open, self._opening, self._places = open_store, Lock(), Places(MOST_USERS)

    def get(self) -> Store:
        """The store. Raises what opening it raises, and then tries again next time."""
        with self._opening:
            self.opened = self.opened or self._open()
            return self.opened

    @contextmanager
    def use(self) -> Iterator[Store]:
        """The store, for one operation. Raises as `get`, and StoreUnavailable where too many are at it."""
        with self._places.taken(), _together.taken():
            yield self.get()

    def close(self) -> None:
        """Let what is under way be finished."""
        opened, self.opened = self.opened, None
        if opened:
            opened.close()
