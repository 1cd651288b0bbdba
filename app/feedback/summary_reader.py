"""A summary that is never much older than a minute, from a store that may be slow, or not there."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Condition, Thread
from time import monotonic

from app.feedback.store import FeedbackStore, StoreUnavailable
from app.feedback.summary import Summary, summarise

ANEW, AGAIN = 60.0, 10.0  # seconds after a reading until the next, and after one that failed
PATIENCE = 5.0  # seconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """What is known of a store.

    summary: the latest that could be made, None where none could yet. problem: why the store cannot be read, None where
    it can. reading: whether it is being read, and has not answered within PATIENCE.
    """

    summary: Summary | None = None
    problem: str | None = None
    reading: bool = False


class SummaryReader:
    """Reads a whole store for those who ask, one reading at a time, and not again before ANEW seconds are over.

    Args:
        open_store: the store, opened or open already; may raise StoreUnavailable.
        patience: seconds that who asks waits for a reading, which goes on without them.
    """

    def __init__(self, open_store: Callable[[], FeedbackStore], patience: float = PATIENCE):
        self._open_store, self._patience = open_store, patience
        self._last, self._next, self._reading, self._changed = Look(), 0.0, False, Condition()

    def look(self) -> Look:
        with self._changed:
            if not self._reading and monotonic() >= self._next:
                self._reading = True
                Thread(target=self._read, name="feedback-summary", daemon=True).start()
            self._changed.wait_for(lambda: not self._reading, self._patience)
            return replace(self._last, reading=self._reading)

    def _read(self) -> None:
        summary, problem = None, None
        try:
            summary = summarise(self._open_store().read(), datetime.now(UTC))
        except StoreUnavailable as error:
            problem = str(error)
        except Exception as error:  # whatever it is, those who wait hear of it
            logger.exception("Feedback cannot be counted.")
            problem = f"It cannot be counted ({type(error).__name__}); the server's log says more."
        with self._changed:
            self._last = Look(summary or self._last.summary, problem)
            self._next = monotonic() + (AGAIN if problem else ANEW)
            self._reading = False
            self._changed.notify_all()
