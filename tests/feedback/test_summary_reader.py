import threading

import pytest

from app.feedback import summary_reader
from app.feedback.store import StoreUnavailable
from app.feedback.summary_reader import SummaryReader
from tests.feedback.conftest import made

LIMIT = 30  # seconds that nothing here takes on any machine


class Store:
    """Counts how often it is read; `gate` holds readers up, `fault` befalls them."""

    def __init__(self):
        self.readings, self.fault, self.gate, self.records = 0, None, threading.Event(), [made()]
        self.gate.set()

    def read(self):
        self.readings += 1
        assert self.gate.wait(LIMIT)
        if self.fault:
            raise self.fault
        return iter(self.records)


@pytest.fixture
def clock(monkeypatch):
    """Seconds that `monotonic` says; to be set."""
    seconds = [1000.0]
    monkeypatch.setattr(summary_reader, "monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def store() -> Store:
    return Store()


def test_a_store_is_read_again_after_a_minute_and_not_before(store, clock):
    reader = SummaryReader(lambda: store)
    for _ in range(3):
        assert reader.look().summary.records == 1
    store.records.append(made())
    clock[0] += 59
    assert (reader.look().summary.records, store.readings) == (1, 1)
    clock[0] += 1
    assert (reader.look().summary.records, store.readings) == (2, 2)


def test_those_who_ask_at_once_share_one_reading(store):
    reader, found = SummaryReader(lambda: store), []
    store.gate.clear()
    threads = [threading.Thread(target=lambda: found.append(reader.look())) for _ in range(8)]
    for thread in threads:
        thread.start()
    store.gate.set()
    for thread in threads:
        thread.join(LIMIT)
    assert [look.summary.records for look in found] == [1] * 8
    assert store.readings == 1


def test_what_is_known_stays_while_the_store_cannot_be_reached_and_is_tried_again_soon(store, clock):
    reader = SummaryReader(lambda: store)
    before = reader.look()
    store.fault = StoreUnavailable("It is gone.", 5)
    clock[0] += 60
    assert (reader.look().summary, reader.look().problem) == (before.summary, "It is gone.")
    assert store.readings == 2
    store.fault = None
    clock[0] += 10
    assert reader.look().problem is None
    assert store.readings == 3


def test_a_store_that_cannot_be_opened_is_a_problem_too():
    def refuse():
        raise StoreUnavailable("No credentials.", 300)

    found = SummaryReader(refuse).look()
    assert (found.summary, found.problem, found.reading) == (None, "No credentials.", False)


def test_whoever_asks_does_not_wait_for_a_slow_store(store):
    reader = SummaryReader(lambda: store, patience=0.01)
    store.gate.clear()
    found = reader.look()
    assert (found.summary, found.problem, found.reading) == (None, None, True)
    store.gate.set()
    while (found := reader.look()).reading:
        pass
    assert (found.summary.records, store.readings) == (1, 1)


def test_an_error_that_nobody_foresaw_is_logged_and_holds_nobody_up(store, caplog):
    store.fault = ZeroDivisionError("by this record")
    found = SummaryReader(lambda: store).look()
    assert "ZeroDivisionError" in found.problem
    assert "by this record" not in found.problem
    assert "by this record" in caplog.text
