"""What every store holds to. Another one joins by a fixture named in conftest's STORES."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest

from app.feedback.store import ACCEPTED, NOT_A_CHARACTER, PENDING, REJECTED, SKIP
from tests.feedback.conftest import NOON, made


def test_empty_store_has_no_records(store):
    assert list(store.read()) == []


def test_record_comes_back_as_it_went_in(store):
    record = made(browser="b" * 36, status=PENDING, confidence=1 / 3)
    assert store.add(record) is True
    assert list(store.read()) == [record]


def test_the_same_id_again_is_stored_once_and_changes_nothing(store):
    record = made()
    store.add(record)
    assert store.add(replace(record, label="5", time=NOON + timedelta(days=1))) is False
    assert list(store.read()) == [record]


def test_the_same_id_from_many_threads_is_new_once(store):
    record = made()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: store.add(record), range(16))) == 1
    assert list(store.read()) == [record]


def test_records_from_many_threads_are_all_kept(store):
    records = [made(minute) for minute in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(store.add, records))
    assert list(store.read()) == records


def test_what_was_acknowledged_is_there_when_the_store_is_opened_again(reopen):
    record = made()
    first = reopen()
    first.add(record)
    first.close()
    second = reopen()
    assert list(second.read()) == [record]
    assert second.add(record) is False


def test_two_that_opened_the_store_see_the_same(reopen):
    one, other = reopen(), reopen()
    record = made()
    assert one.add(record)
    assert not other.add(record)
    assert other.delete(record.id)
    assert list(one.read()) == []


def test_deleted_record_is_gone_and_the_others_stay(store):
    gone, stays = made(1), made(2)
    store.add(gone)
    store.add(stays)
    assert store.delete(gone.id) is True
    assert store.delete(gone.id) is False
    assert list(store.read()) == [stays]


def test_deleted_record_that_is_added_again_is_new(store):
    record = made()
    store.add(record)
    store.delete(record.id)
    assert store.add(record) is True
    assert list(store.read()) == [record]


def test_status_is_changed_and_nothing_else(store):
    records = [made(minute, status=PENDING) for minute in range(2)]
    for record in records:
        store.add(record)
    assert store.set_status(records[0].id, REJECTED) is True
    assert list(store.read()) == [records[0].with_status(REJECTED), records[1]]
    assert store.set_status(records[0].id, ACCEPTED) is True
    assert next(store.read()).status == ACCEPTED


def test_changing_what_is_not_there_says_so(store):
    missing = made().id
    assert store.delete(missing) is False
    assert store.set_status(missing, REJECTED) is False


def test_records_come_oldest_first_whatever_the_order_they_came_in(store):
    for minute in (3, 1, 2):
        store.add(made(minute))
    assert [record.time.minute for record in store.read()] == [1, 2, 3]


def test_one_mode_is_read_alone(store):
    records = [made(minute, mode=mode, label="3") for minute, mode in enumerate(["digit", "any", "digit"])]
    for record in records:
        store.add(record)
    assert list(store.read("digit")) == [records[0], records[2]]
    assert list(store.read("any")) == [records[1]]
    assert list(store.read("character")) == []


def test_labels_that_differ_in_case_alone_stay_apart(store):
    for minute, label in enumerate("sSoO"):
        store.add(made(minute, mode="character", label=label, prediction=label.swapcase()))
    assert [(record.label, record.prediction) for record in store.read()] == list(zip("sSoO", "SsOo", strict=True))


@pytest.mark.parametrize("label", ["0", "1", "E", NOT_A_CHARACTER, SKIP])
def test_labels_stay_text(store, label):
    store.add(made(mode="any", label=label, prediction="7", model_version="20261120-163115"))
    (record,) = store.read()
    assert (record.label, record.prediction, record.model_version) == (label, "7", "20261120-163115")


def test_times_are_utc_whatever_zone_they_came_in(store):
    record = made()
    store.add(replace(record, time=record.time.astimezone(timezone(timedelta(hours=5.5)))))
    (kept,) = store.read()
    assert kept.time == record.time
    assert kept.time.utcoffset() == UTC.utcoffset(None)


def test_time_is_kept_to_the_microsecond(store):
    record = replace(made(), time=NOON + timedelta(microseconds=1))
    store.add(record)
    assert next(store.read()).time == record.time


def test_picture_of_the_largest_size_is_kept(store):
    record = made(image="data:image/png;base64," + "A" * 48_978)
    store.add(record)
    assert next(store.read()) == record


def test_store_may_be_changed_while_it_is_read(store):
    records = [made(minute) for minute in range(5)]
    for record in records:
        store.add(record)
    seen = []
    for record in store.read():
        seen.append(record)
        store.set_status(record.id, REJECTED)
    assert seen == records
