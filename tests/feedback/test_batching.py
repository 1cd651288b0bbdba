"""Records of many threads, written together by one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.feedback.batching import BatchWriter
from app.feedback.store import StoreUnavailable


class Store:
    """Keeps the batches that were written. While `busy` is set, nothing is taken from the line."""

    def __init__(self, patience: float = 10):
        self.batches, self.busy, self.free = [], threading.Event(), threading.Event()
        self.free.set()
        self.writer = BatchWriter(self.write, gather=self.gather, patience=patience)

    def gather(self):
        self.busy.set()
        assert self.free.wait(10)

    def write(self, items, until):
        self.batches.append(items)
        return [ValueError(item) if item == "bad" else f"{item} written" for item in items]

    def wait_for_line(self, length: int):
        end = time.monotonic() + 10
        while len(self.writer._line) < length:
            assert time.monotonic() < end
            time.sleep(0.002)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(20) as pool:
        yield pool


def test_what_arrives_while_the_writer_waits_goes_together_and_in_order(pool):
    store = Store()
    store.free.clear()
    futures = []
    for number in range(10):
        futures.append(pool.submit(store.writer.put, number))
        store.wait_for_line(number + 1)
    store.free.set()
    assert [future.result() for future in futures] == [f"{number} written" for number in range(10)]
    assert store.batches == [list(range(10))]


def test_a_batch_is_bounded(pool, monkeypatch):
    monkeypatch.setattr("app.feedback.batching.LARGEST_BATCH", 4)
    store = Store()
    store.free.clear()
    futures = [pool.submit(store.writer.put, number) for number in range(10)]
    store.wait_for_line(10)
    store.free.set()
    assert all(future.result() for future in futures)
    assert [len(batch) for batch in store.batches] == [4, 4, 2]


def test_each_caller_hears_of_its_own_item(pool):
    store = Store()
    store.free.clear()
    futures = {item: pool.submit(store.writer.put, item) for item in ("good", "bad")}
    store.wait_for_line(2)
    store.free.set()
    assert futures["good"].result() == "good written"
    with pytest.raises(ValueError, match="bad"):
        futures["bad"].result()


def test_a_task_runs_after_what_was_put_before_it_and_before_what_came_after(pool):
    store = Store()
    store.free.clear()
    first = pool.submit(store.writer.put, 1)
    store.wait_for_line(1)
    task = pool.submit(store.writer.run, lambda until: list(store.batches))
    store.wait_for_line(2)
    second = pool.submit(store.writer.put, 2)
    store.wait_for_line(3)
    store.free.set()
    assert task.result() == [[1]]
    assert first.result()
    assert second.result()
    assert store.batches == [[1], [2]]


def test_an_item_whose_caller_left_is_not_written(pool):
    store = Store(patience=0.1)
    store.free.clear()
    with pytest.raises(StoreUnavailable, match=r"within 0\.1 s"):
        store.writer.put("left")
    store.free.set()
    store.writer.close(5)
    assert store.batches == []


def test_the_writer_goes_on_after_a_failure():
    def write(items, until):
        if "first" in items:
            raise RuntimeError("unforeseen")
        return items

    writer = BatchWriter(write, patience=10)
    with pytest.raises(RuntimeError, match="unforeseen"):
        writer.put("first")
    assert writer.put("second") == "second"
    writer.close(5)


def test_closing_an_unused_writer_is_nothing():
    Store().writer.close(5)
