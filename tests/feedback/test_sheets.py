"""The Google Sheets store, over HTTP against a server that speaks the published API."""

import itertools
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime

import google.auth
import pytest
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import RefreshError

from app.feedback import sheets, sheets_calls
from app.feedback.sheets_rows import COLUMNS
from app.feedback.store import ACCEPTED, PENDING, REJECTED, SKIP, SYNTHETIC, StoreUnavailable
from tests.feedback.conftest import made
from tests.feedback.sheets_server import Formula, Sheet, random_faults

HEADER = list(COLUMNS)


@pytest.fixture
def server(sheets_server):
    return sheets_server


@pytest.fixture(params=[False, True], ids=["whole-rows", "cells-within"])
def either_server(request, server):
    """As `server`, with either way of removing duplicates that the API's description allows."""
    server.compacts = request.param
    return server


@pytest.fixture
def reopen(sheets):
    """Opens a store, with options of it; what was opened is closed in the end."""
    with ExitStack() as opened:
        yield lambda **options: opened.enter_context(closing(sheets(**options)))


@pytest.fixture
def store(reopen):
    return reopen()


def add_at_once(store, records) -> list[bool]:
    with ThreadPoolExecutor(len(records)) as pool:
        return list(pool.map(store.add, records))


def row(record) -> list:
    return [
        record.id,
        record.time.isoformat(),
        record.image,
        record.prediction,
        record.confidence,
        record.label,
        record.model_version,
        record.browser,
        record.status,
    ]


def test_a_record_goes_to_the_worksheet_of_its_mode(server, store):
    records = {mode.title(): made(mode=mode, browser="b") for mode in ("digit", "character", "any")}
    for record in records.values():
        store.add(record)
    for title, record in records.items():
        assert server.rows(title) == [HEADER, row(record)]
    assert server.rows("Digit_dummy") == [HEADER]


def test_synthetic_digits_have_a_worksheet_of_their_own_and_are_read_as_digits(server, store):
    drawn, synthetic = made(1), made(2, browser=SYNTHETIC)
    store.add(synthetic)
    store.add(drawn)
    assert [cells[0] for cells in server.rows("Digit_dummy")] == ["id", synthetic.id]
    assert list(store.read("digit")) == [drawn, synthetic]


def test_reading_makes_no_worksheet(server, store):
    assert list(store.read()) == []
    assert list(server.sheets) == ["Sheet1"]


@pytest.mark.parametrize("label", ['=IMPORTXML("http://a.example", "//a")', "+1", "'5", "TRUE", "007", "1e5"])
def test_no_text_becomes_a_formula_or_a_number(server, store, label):
    record = made(label=label, model_version="=1+1")
    store.add(record)
    assert server.rows("Digit")[1][5] == label
    assert not any(isinstance(cell, Formula) for cell in server.rows("Digit")[1])
    store.set_status(record.id, REJECTED)
    assert not any(isinstance(cell, Formula) for cell in server.rows("Digit")[1])
    assert list(store.read()) == [record.with_status(REJECTED)]


def test_a_text_too_long_for_a_cell_is_refused_before_anything_is_sent(server, store):
    with pytest.raises(ValueError, match=r"image must have fewer than 50,000 characters.*Received: 50,000"):
        store.add(made(image="x" * 50_000))
    assert server.calls == []


def test_a_time_without_a_zone_is_refused(store):
    with pytest.raises(ValueError, match="zone"):
        store.add(replace(made(), time=datetime(2026, 1, 1)))


# Worksheets and headers


def test_two_instances_that_start_together_make_each_worksheet_and_header_once(server, reopen):
    together = threading.Barrier(2, timeout=5)
    server.faults["get"] = iter([None, None])  # opening
    server.faults["batchUpdate"] = iter([together.wait] * 2)
    records = [made(1), made(2)]
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda record: reopen().add(record), records))
    assert [cells[0] for cells in server.rows("Digit")].count("id") == 1
    assert server.rows("Digit")[0] == server.rows("Any")[0] == HEADER
    assert sorted(cells[0] for cells in server.rows("Digit")[1:]) == sorted(record.id for record in records)


def test_an_empty_worksheet_gets_a_header(server, store):
    server.sheets["Digit"] = Sheet(7, "Digit", rows=5, columns=3)
    record = made()
    store.add(record)
    assert server.rows("Digit") == [HEADER, [*row(record)[:7], "", ACCEPTED]]


def test_the_header_is_made_once_though_the_answer_to_making_it_was_lost(server, store):
    server.edit("Digit", [row(made(1, browser="b"))])
    server.faults["batchUpdate"] = iter(["drop after"])
    store.add(made(2))
    assert [cells[0] for cells in server.rows("Digit")].count("id") == 1
    assert len(list(store.read())) == 2


def test_worksheets_are_made_once_though_the_answer_to_making_them_was_lost(server, store):
    server.faults["batchUpdate"] = iter(["drop after"])
    assert store.add(made())
    assert len(server.rows("Digit")) == 2


def test_a_column_that_is_missing_is_added_at_the_end(server, store):
    server.edit("Digit", [["note", *HEADER[:7]]])
    record = made(browser="b", status=PENDING)
    store.add(record)
    assert server.rows("Digit")[0] == ["note", *HEADER]
    assert list(store.read()) == [record]


def test_columns_are_found_by_name_wherever_a_person_moved_them(server, store):
    first, second = made(1, browser="b"), made(2, browser="b")
    order = [3, 0, 8, 1, 2, 7, 4, 6, 5]
    server.edit("Digit", [[HEADER[n].upper() for n in order] + ["Who?"], [row(first)[n] for n in order] + ["me"]])
    store.add(second)
    assert list(store.read()) == [first, second]
    assert store.set_status(first.id, REJECTED)
    assert server.rows("Digit")[1][-1] == "me"
    assert list(store.read()) == [first.with_status(REJECTED), second]


def test_a_worksheet_that_a_person_sorted_with_its_header_is_still_read_and_written(server, store):
    records = [made(minute, browser="b") for minute in range(2)]
    server.edit("Digit", [row(records[1]), row(records[0]), HEADER])
    assert list(store.read()) == records
    late = made(3)
    store.add(late)
    assert list(store.read()) == [*records, late]


def test_a_worksheet_that_a_person_deleted_is_made_anew(server, store):
    store.add(made(1))
    del server.sheets["Digit"]
    with pytest.raises(StoreUnavailable):
        store.add(made(2))
    assert store.add(made(3))


def test_rows_that_would_not_start_in_the_first_column_are_not_acknowledged(server, store):
    server.edit("Digit", [["", *HEADER]])
    with pytest.raises(StoreUnavailable, match="A1"):
        store.add(made())


# Reading


def test_rows_that_are_no_feedback_are_left_out_and_one_warning_names_them(server, store, caplog):
    good = made(browser="b")
    bad = {"id": "7", "confidence": "high", "image": "=IMAGE(1)", "time": "noon", "status": "?", "label": ""}
    rows = [
        [value if name == column else cell for name, cell in zip(HEADER, row(good), strict=True)]
        for column, value in bad.items()
    ]
    server.edit("Digit", [HEADER, *rows, ["total"], row(good)])
    assert list(store.read()) == [good]
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "worksheet Digit" in warning.getMessage()
    assert "row 2: id is not a UUID; row 3: confidence is not a number from 0 to 1" in warning.getMessage()
    assert "high" not in warning.getMessage()


def test_blank_rows_between_are_nothing_to_warn_of(server, store, caplog):
    records = [made(minute) for minute in range(2)]
    server.edit("Digit", [HEADER, row(records[0]), [], row(records[1])])
    assert list(store.read()) == records
    assert not caplog.records


def test_what_sheets_makes_of_what_a_person_types_is_read(server, store):
    record = made(label="7", prediction="1", browser="")
    typed = row(record)[:7]
    typed[0], typed[1], typed[3], typed[5] = typed[0].upper(), "2026-03-01 12:00:00", 1.0, 7
    server.edit("Digit", [HEADER, typed])
    assert list(store.read()) == [replace(record, time=datetime(2026, 3, 1, 12, tzinfo=UTC))]


def test_of_an_id_that_is_there_twice_the_first_counts(server, store):
    record = made(browser="b")
    server.edit("Digit", [HEADER, row(record), row(replace(record, label="5"))])
    assert list(store.read()) == [record]


def test_a_long_worksheet_is_read_in_parts_without_missing_rows_that_move_up(server, store, monkeypatch):
    monkeypatch.setattr("app.feedback.sheets_reading.ROWS_A_READ", 10)
    monkeypatch.setattr("app.feedback.sheets_reading.OVERLAP", 3)
    records = [made(minute, browser="b") for minute in range(25)]
    server.edit("Digit", [HEADER, *map(row, records)])

    def delete_a_row_above():
        del server.sheets["Digit"].rows[1]
        server.sheets["Digit"].rows.append([""] * 26)

    server.faults["values.batchGet"] = iter([None, None, delete_a_row_above, delete_a_row_above])
    assert set(records) - set(store.read()) <= set(records[:2])


# Batching


def test_records_that_arrive_while_the_next_call_waits_for_its_turn_go_together(server, reopen):
    store = reopen(write_interval=0.8)
    store.add(made())
    before = server.count("values.append")
    assert all(add_at_once(store, [made(minute) for minute in range(10)]))
    assert server.count("values.append") - before == 1
    assert len(list(store.read())) == 11


def test_records_that_arrive_while_a_call_is_under_way_go_together_in_the_next(server, store):
    store.add(made())
    arrived = threading.Event()
    server.faults["values.append"] = iter([lambda: arrived.wait(5)])
    with ThreadPoolExecutor(21) as pool:
        first = pool.submit(store.add, made())
        while server.count("values.append") < 2:
            time.sleep(0.005)
        others = [pool.submit(store.add, made(minute)) for minute in range(20)]
        time.sleep(0.1)
        arrived.set()
        assert all(future.result() for future in [first, *others])
    assert server.count("values.append") == 3


def test_write_calls_keep_their_pace_though_they_are_tried_again(server, reopen):
    store = reopen(write_interval=0.15)
    server.faults["values.append"] = iter([429, 500, None, 429])
    for minute in range(3):
        store.add(made(minute))
    times = [at for method, at in server.calls if method in ("values.append", "batchUpdate")]
    assert len(times) == 7
    assert times[-1] - times[0] > 5 * 0.15


def test_ids_that_were_seen_before_are_looked_for_at_a_pace_like_that_of_writes(server, reopen, monkeypatch):
    waits = []
    monkeypatch.setattr(sheets, "sleep", waits.append)
    monkeypatch.setattr(sheets_calls, "sleep", lambda seconds: None)
    store, record = reopen(write_interval=40), made()
    store.add(record)
    before = len(server.times(writes=False))
    assert not any(store.add(record) for _ in range(4))
    store.add(made())  # unseen, so nobody looks or waits
    assert len(server.times(writes=False)) - before == 4
    assert waits == [0, *[pytest.approx(40 * sheets.TURNS_BETWEEN_IDS, abs=30)] * 4]


def test_ids_that_were_seen_before_and_arrive_while_others_are_looked_for_share_the_next_look(server, reopen):
    store = reopen(write_interval=0.2)
    records = [made(minute) for minute in range(60)]
    assert all(add_at_once(store, records))
    assert not store.add(records[0])
    before = len(server.times(writes=False))
    assert not any(add_at_once(store, records))
    assert len(server.times(writes=False)) - before <= 4


def test_the_log_says_how_many_records_went_in_how_many_calls(server, store, caplog):
    caplog.set_level(logging.DEBUG, "app.feedback")
    server.faults["values.append"] = iter([503])
    store.add(made())
    assert "Digit: 1 records written in 2 calls" in caplog.text


# Faults


@pytest.mark.parametrize(
    "fault", [429, 500, 503, "drop", "drop after", "hang", "hang after"], ids=lambda fault: str(fault).replace(" ", "-")
)
@pytest.mark.parametrize("method", ["get", "batchUpdate", "values.batchGet", "values.append"])
def test_an_acknowledged_record_is_there_once_under_each_fault(server, reopen, method, fault):
    store = reopen(timeout=0.3 if "hang" in str(fault) else 2)
    server.faults[method] = iter([fault, fault])
    records = [made(minute) for minute in range(3)]
    assert add_at_once(store, records) == [True] * 3
    assert list(store.read()) == records


def test_every_acknowledged_record_of_many_clients_is_there_once_among_random_faults(server, reopen):
    stores = [reopen(deadline=2), reopen(deadline=2)]
    server.faults["values.append"] = random_faults(3, {429: 0.2, 500: 0.05, "drop after": 0.1, "drop": 0.05})
    records = [made(minute) for minute in range(80)]

    def post_until_acknowledged(numbered):
        number, record = numbered
        for attempt in range(20):
            try:
                return stores[(number + attempt) % 2].add(record) in (True, False)
            except StoreUnavailable:
                continue
        return False

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(post_until_acknowledged, enumerate(records)))
    assert list(stores[0].read()) == records


def test_parallel_appends_of_two_instances_keep_every_record(server, reopen):
    one, other = reopen(), reopen()
    one.add(made(0))
    other.add(made(1))
    server.interleave = threading.Barrier(2, timeout=5)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda store: store.add(made(2)), [one, other]))
    assert len(list(one.read())) == 4


def test_a_store_that_does_not_recover_is_unavailable_at_the_deadline(server, reopen):
    store = reopen(deadline=0.6, tries=100, timeout=0.2)
    store.add(made(1))
    server.faults["values.append"] = itertools.repeat("hang")
    start = time.monotonic()
    with pytest.raises(StoreUnavailable) as unavailable:
        store.add(made(2))
    assert 0.3 < time.monotonic() - start < 2
    assert unavailable.value.retry_after > 0


def test_a_call_is_tried_a_bounded_number_of_times(server, reopen):
    store = reopen(tries=3)
    store.add(made(1))
    before = server.count("values.append")
    server.faults["values.append"] = itertools.repeat(429)
    with pytest.raises(StoreUnavailable) as unavailable:
        store.add(made(2))
    assert server.count("values.append") - before == 3
    assert unavailable.value.retry_after == 60


def test_an_abandoned_record_is_not_acknowledged_and_sent_again_it_is_there_once(server, reopen):
    store = reopen(deadline=0.3, timeout=5)
    store.add(made(1))
    go_on = threading.Event()
    server.faults["values.append"] = iter([lambda: go_on.wait(5)])
    record = made(2)
    with pytest.raises(StoreUnavailable, match="did not confirm"):
        store.add(record)
    go_on.set()
    while len(server.rows("Digit")) < 3:
        time.sleep(0.005)
    assert store.add(record) is False
    assert [cells[0] for cells in server.rows("Digit")].count(record.id) == 1


def test_a_failure_at_one_worksheet_leaves_the_records_of_the_others_acknowledged(server, reopen):
    store = reopen(write_interval=0.1)
    store.add(made(0))
    server.faults["values.append"] = iter([400])
    digit, letter = made(1), made(2, mode="character", label="a")
    with ThreadPoolExecutor(2) as pool:
        failed, written = pool.submit(store.add, digit), pool.submit(store.add, letter)
    assert written.result() is True
    with pytest.raises(StoreUnavailable):
        failed.result()


@pytest.mark.parametrize(("status", "says"), [(403, "Share it with"), (404, "Set FEEDBACK_URL")])
def test_what_only_a_person_can_repair_is_said_at_once_with_what_to_do(server, store, status, says):
    server.faults["get"] = itertools.repeat(status)
    with pytest.raises(StoreUnavailable, match=says) as unavailable:
        store.add(made())
    assert unavailable.value.retry_after >= 300
    assert server.count("get") == 1
    with pytest.raises(StoreUnavailable, match=says):
        store.read()


def test_an_unreachable_server_is_unavailable(reopen):
    store = reopen(api_endpoint="http://127.0.0.1:9", tries=2)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.add(made())


def test_without_credentials_the_message_says_how_to_give_them(reopen, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    with pytest.raises(StoreUnavailable, match="Set GOOGLE_APPLICATION_CREDENTIALS"):
        reopen(credentials=None).add(made())


def test_application_default_credentials_are_asked_for_spreadsheets_alone(server, reopen, monkeypatch):
    asked = []

    def default(**options):
        asked.append(options)
        return AnonymousCredentials(), None

    monkeypatch.setattr(google.auth, "default", default)
    assert reopen(credentials=None).add(made())
    assert asked == [{"scopes": ["https://www.googleapis.com/auth/spreadsheets"]}]


class RefusedCredentials(AnonymousCredentials):
    def before_request(self, request, method, url, headers):
        raise RefreshError("invalid_grant: key abc")


def test_refused_credentials_are_said_without_what_they_hold(reopen):
    with pytest.raises(StoreUnavailable, match="refuses the credentials") as unavailable:
        reopen(credentials=RefusedCredentials()).add(made())
    assert "abc" not in str(unavailable.value)


# Ids


def test_an_id_that_is_in_the_spreadsheet_is_not_written_again(server, reopen):
    record = made()
    reopen().add(record)
    assert reopen().add(replace(record, label="5")) is False
    assert len(server.rows("Digit")) == 2


def test_an_id_that_another_instance_deleted_is_new(server, reopen):
    one, other = reopen(), reopen()
    record = made()
    one.add(record)
    other.delete(record.id)
    assert one.add(record) is True
    assert list(other.read()) == [record]


def test_an_id_that_comes_twice_at_once_is_new_once(server, reopen):
    store = reopen(write_interval=0.3)
    store.add(made(mode="any"))
    record = made()
    assert sorted(add_at_once(store, [record] * 4)) == [False, False, False, True]
    assert len(server.rows("Digit")) == 2


# Changing


def test_delete_removes_every_row_of_the_id_and_no_other(either_server, store):
    server = either_server
    gone, stays = made(1, browser="b"), [made(minute, browser="b") for minute in (2, 3, 4)]
    server.edit("Digit", [HEADER, row(stays[0]), row(gone), row(gone), row(stays[1]), row(gone), row(stays[2])])
    assert store.delete(gone.id) is True
    assert server.rows("Digit") == [HEADER, *map(row, stays)]
    assert store.delete(gone.id) is False


def test_delete_removes_the_right_row_though_rows_move_before_the_call(either_server, store):
    server = either_server
    records = [made(minute, browser="b") for minute in range(6)]
    server.edit("Digit", [HEADER, *map(row, records)])
    store.add(made(9, mode="any"))

    def sort_by_hand():
        server.sheets["Digit"].rows[1:7] = reversed(server.sheets["Digit"].rows[1:7])

    server.faults["batchUpdate"] = iter([sort_by_hand])
    assert store.delete(records[1].id) is True
    assert list(store.read("digit")) == [record for record in records if record != records[1]]


@pytest.mark.parametrize("fault", ["drop after", "hang after", 503])
def test_delete_that_is_tried_again_does_not_hit_the_next_row(either_server, reopen, fault):
    store = reopen(timeout=0.3)
    records = [made(minute) for minute in range(4)]
    add_at_once(store, records)
    either_server.faults["batchUpdate"] = iter([fault])
    assert store.delete(records[1].id) is True
    assert list(store.read()) == [records[0], *records[2:]]


def test_delete_while_others_append_and_delete_removes_only_what_it_should(either_server, reopen):
    stores = [reopen(), reopen()]
    records = [made(minute) for minute in range(24)]
    add_at_once(stores[0], records[:12])
    gone = records[0:12:2]
    with ThreadPoolExecutor(6) as pool:
        added = [pool.submit(stores[n % 2].add, record) for n, record in enumerate(records[12:])]
        deleted = [pool.submit(stores[n % 2].delete, record.id) for n, record in enumerate(gone)]
    assert all(future.result() for future in added + deleted)
    assert list(stores[0].read()) == [record for record in records if record not in gone]


def test_the_last_record_can_be_deleted(either_server, store):
    record = made()
    store.add(record)
    assert store.delete(record.id) is True
    assert either_server.rows("Digit") == [HEADER]
    assert store.add(record) is True
    assert list(store.read()) == [record]


def test_delete_takes_also_what_still_waits_to_be_written(server, reopen):
    store = reopen(write_interval=0.3)
    store.add(made(mode="any"))
    record = made()
    with ThreadPoolExecutor(2) as pool:
        added = pool.submit(store.add, record)
        time.sleep(0.05)
        assert pool.submit(store.delete, record.id).result() is True
        assert added.result() is True
    assert list(store.read("digit")) == []


def test_status_of_the_right_row_is_set_though_rows_move_before_the_call(either_server, store):
    server = either_server
    records = [made(minute, browser="b", status=PENDING) for minute in range(6)]
    server.edit("Digit", [HEADER, *map(row, records)])
    store.add(made(9, mode="any"))

    def sort_by_hand():
        server.sheets["Digit"].rows[1:7] = reversed(server.sheets["Digit"].rows[1:7])

    server.faults["batchUpdate"] = iter([sort_by_hand])
    assert store.set_status(records[1].id, REJECTED) is True
    expected = [record.with_status(REJECTED) if record == records[1] else record for record in records]
    assert list(store.read("digit")) == expected
    assert len(server.rows("Digit")) == 7


@pytest.mark.parametrize("fault", ["drop after", 500])
def test_status_is_set_once_though_the_call_is_tried_again(either_server, store, fault):
    records = [made(minute) for minute in range(3)]
    add_at_once(store, records)
    either_server.faults["batchUpdate"] = iter([fault])
    assert store.set_status(records[1].id, PENDING) is True
    assert list(store.read()) == [records[0], records[1].with_status(PENDING), records[2]]
    assert len(either_server.rows("Digit")) == 4


def test_a_status_that_is_none_is_refused(store):
    with pytest.raises(ValueError, match="Received: 'maybe'"):
        store.set_status(made().id, "maybe")


# Closing


def test_closing_writes_what_waits(server, reopen):
    store = reopen(write_interval=0.3)
    store.add(made(0))
    with ThreadPoolExecutor(5) as pool:
        added = [pool.submit(store.add, made(minute, label=SKIP)) for minute in range(5)]
        time.sleep(0.1)
        store.close()
        assert all(future.result() for future in added)
    assert len(server.rows("Digit")) == 7


def test_a_closed_store_takes_no_more(server, reopen):
    store = reopen()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.add(made())


def test_closing_does_not_wait_for_a_server_that_hangs(server, reopen, monkeypatch):
    monkeypatch.setattr("app.feedback.sheets.FLUSH", 0.3)
    store = reopen(timeout=1, tries=1)
    store.add(made(1))
    server.faults["values.append"] = itertools.repeat("hang")
    with ThreadPoolExecutor(2) as pool:
        stuck = pool.submit(store.add, made(2))
        while server.count("values.append") < 2:
            time.sleep(0.005)
        waits = pool.submit(store.add, made(3))
        time.sleep(0.05)
        start = time.monotonic()
        store.close()
        assert time.monotonic() - start < 2
        with pytest.raises(StoreUnavailable, match="before its turn"):
            waits.result()
        with pytest.raises(StoreUnavailable):
            stuck.result()
