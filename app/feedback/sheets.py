"""Feedback in a Google spreadsheet that people can open, sort and edit."""

import logging
import math
from collections.abc import Iterable, Iterator
from functools import partial
from time import monotonic, sleep
from typing import Any

from google.auth.credentials import AnonymousCredentials, Credentials
from gspread.utils import InsertDataOption, ValueInputOption, absolute_range_name

from app.feedback.batching import BatchWriter
from app.feedback.sheets_calls import API_ENDPOINT, Refused, SheetsCalls
from app.feedback.sheets_reading import read_feedback
from app.feedback.sheets_rows import COLUMNS, MODES, to_row, worksheet_of
from app.feedback.sheets_tables import Table, complete_tables, deleting, find, read_ranges, replacing
from app.feedback.sheets_url import SheetsUrl
from app.feedback.store import STATUSES, Feedback, StoreUnavailable

WRITE_INTERVAL = 1.1  # seconds; Google takes 60 write calls a minute
LOOK_AGAIN = 10.0  # seconds after which a person may have moved a column, and the header is read again
TURNS_A_LOOK = 9  # at least, since each look takes two of the 60 read calls a minute that all instances have together
TURNS_BETWEEN_IDS = 1.5  # from one reading of the ids to the next: with the looks 49 read calls a minute at most
LARGEST_CALL = 2_000_000  # characters; Google advises 2 MB
READING_TIMEOUT = 60.0  # seconds
LOOKS = 5  # at rows that move away between the look and the call
FLUSH = 8.0  # seconds

logger = logging.getLogger(__name__)


class SheetsStore:
    """A FeedbackStore on Google Sheets: worksheets Digit, Character and Any by mode, Digit_dummy for synthetic digits.

    One thread writes; records that arrive while it is busy or waits for its turn go together in the next call.

    Several instances may share a spreadsheet. An id that another instance wrote since this one looked is then written
    again instead of answered with False, as is a record whose call timed out but was carried out; `read` gives the
    first of them alone, and `delete` deletes them all. The write calls of all instances count against one quota of 60
    a minute for one service account, so `write_interval` must be WRITE_INTERVAL for each of them.

    Nothing is asked of Google before the first call.

    Args:
        spreadsheet_id: the part of the spreadsheet's address between /d/ and /edit.
        credentials: google-auth's; the application default ones where None.
        api_endpoint: where the Sheets API is.
        deadline: seconds until a record that is not known to be written, or another call, is StoreUnavailable.
        write_interval: seconds from one write call to the next, tries included; TURNS_BETWEEN_IDS of them pass between
            two looks for ids that were seen before.
        timeout: seconds that Google may be silent in a call.
        tries: of a call, at most; only what may pass (429, 5xx, no connection) is tried again.
        backoff: seconds that the first pause before a try may take; it doubles with each.
    """

    def __init__(
        self,
        spreadsheet_id: str,
        *,
        credentials: Credentials | None = None,
        api_endpoint: str = API_ENDPOINT,
        deadline: float = 20.0,
        write_interval: float = WRITE_INTERVAL,
        timeout: float = 8.0,
        tries: int = 6,
        backoff: float = 0.5,
    ):
        make_calls = partial(
            SheetsCalls, spreadsheet_id, credentials, api_endpoint=api_endpoint, tries=tries, backoff=backoff
        )
        self._make_reading_calls = partial(make_calls, timeout=max(timeout, READING_TIMEOUT))
        self._calls = make_calls(timeout=timeout, write_interval=write_interval)
        self._writer = BatchWriter(self._write, gather=self._calls.wait_for_turn, patience=deadline)
        self._look_again = max(LOOK_AGAIN, TURNS_A_LOOK * write_interval)
        # Only the writer's thread touches these.
        self._tables: dict[str, Table] = {}
        self._looked = -math.inf
        self._ids_interval, self._next_ids = TURNS_BETWEEN_IDS * write_interval, 0.0
        self._seen: set[str] | None = None  # ids that the sheet has, or may have

    @property
    def waiting(self) -> int:
        """Records and other calls that stand in line for the thread that writes."""
        return self._writer.waiting

    def add(self, feedback: Feedback) -> bool:
        """As FeedbackStore. Raises ValueError where a text of the record has 50,000 characters or more."""
        to_row(feedback, list(COLUMNS))
        return self._writer.put(feedback)

    def delete(self, id: str) -> bool:
        return self._writer.run(partial(self._delete, id.lower()))

    def set_status(self, id: str, status: str) -> bool:
        if status not in STATUSES:
            raise ValueError(f"A status must be one of {', '.join(STATUSES)}. Received: {status!r}")
        return self._writer.run(partial(self._set_status, id.lower(), status))

    def read(self, mode: str | None = None) -> Iterator[Feedback]:
        """As FeedbackStore. Rows that are no feedback are left out, and a warning in the log names them."""
        calls = self._make_reading_calls()
        try:
            records = read_feedback(calls, [title for title in MODES if mode in (None, MODES[title])])
        finally:
            calls.close()
        return iter(sorted(records, key=lambda feedback: feedback.time))

    def close(self) -> None:
        """Write what waits, within eight seconds."""
        self._writer.close(FLUSH)
        self._calls.close()

    def _write(self, records: list[Feedback], until: float) -> list[bool | StoreUnavailable]:
        """Whether each record is new, or why it may not be there."""
        there = self._ids_there([feedback.id for feedback in records], until)
        new: dict[str, Feedback] = {}
        for feedback in records:
            if feedback.id not in there:
                new.setdefault(feedback.id, feedback)
        self._seen |= new.keys()  # before the call: it may be carried out though it fails
        written, failed = self._append_all(new.values(), until)
        outcomes = []
        for feedback in records:
            outcomes.append(failed.get(feedback.id, feedback.id in written))
            written.discard(feedback.id)  # of an id that comes twice, one is new
        return outcomes

    def _ids_there(self, ids: list[str], until: float) -> set[str]:
        """Those of `ids` that the spreadsheet has: asked where one was seen before, because that may be gone since.

        Asked at its pace; what arrives meanwhile goes together in the next batch.
        """
        ask = self._seen is None or not self._seen.isdisjoint(ids)
        if ask:
            sleep(max(0.0, self._next_ids - monotonic()))
            self._next_ids = monotonic() + self._ids_interval
        self._prepare(until)
        if not ask:
            return set()
        there = {id for _, _, id in find(self._calls, self._tables.values(), until)}
        self._seen = there | (self._seen or set())
        return there.intersection(ids)

    def _append_all(self, records: Iterable[Feedback], until: float) -> tuple[set[str], dict[str, StoreUnavailable]]:
        """The ids that were written, and those that were not with the reason."""
        written, failed = set(), {}
        for title in MODES:
            for some in _portions([feedback for feedback in records if worksheet_of(feedback) == title]):
                try:
                    self._append(self._tables[title], some, until)
                    written.update(feedback.id for feedback in some)
                except StoreUnavailable as problem:
                    self._looked = -math.inf  # the worksheet may be gone
                    failed.update((feedback.id, problem) for feedback in some)
        return written, failed

    def _append(self, table: Table, records: list[Feedback], until: float) -> None:
        rows = [to_row(feedback, table.header) for feedback in records]
        calls_before = self._calls.writes
        answer = self._calls.write(
            lambda _: table.worksheet.append_rows(
                rows,
                value_input_option=ValueInputOption.raw,
                insert_data_option=InsertDataOption.insert_rows,
                table_range="A1",
            ),
            until,
        )
        if not answer["updates"]["updatedRange"].rpartition("!")[2].startswith("A"):
            raise Refused(
                f"Rows of worksheet {table.worksheet.title!r} do not start in its first column, so its header does not"
                " name them. Fill the cell A1.",
                300,
            )
        logger.debug(
            "%s: %d records written in %d calls", table.worksheet.title, len(rows), self._calls.writes - calls_before
        )

    def _prepare(self, until: float) -> None:
        """Have the worksheets as they are, complete."""
        if monotonic() - self._looked >= self._look_again:
            self._tables = complete_tables(self._calls, until)
            self._looked = monotonic()

    def _delete(self, id: str, until: float) -> bool:
        for look in range(LOOKS):
            if not (found := self._rows_of(id, until)):
                return look > 0
            # From below, so that the numbers of the rows above stay right.
            requests = [request for table, row in reversed(found) for request in deleting(table, row, id)]
            self._batch_update(requests, until)
        raise _moving(id)

    def _set_status(self, id: str, status: str, until: float) -> bool:
        for _ in range(LOOKS):
            if not (found := self._rows_of(id, until)):
                return False
            table, row = found[0]
            if (cells := self._row_with_status(table, row, id, status, until)) is None:
                continue
            answer = self._batch_update(replacing(table, row, cells), until)
            if answer and answer["replies"][-1]["deleteDuplicates"].get("duplicatesRemovedCount"):
                return True
            if answer:  # the row had moved: take away what was put in its place
                self._batch_update(deleting(table, row, id), until)
        raise _moving(id)

    def _row_with_status(self, table: Table, row: int, id: str, status: str, until: float) -> list | None:
        """The cells of a row, those without a name included, with another status; None where it is not this id's."""
        [[cells, *_]] = read_ranges(
            self._calls, [absolute_range_name(table.worksheet.title, f"{row + 1}:{row + 1}")], until
        ) or [[[]]]
        cells += [""] * (len(table.header) - len(cells))
        if str(cells[table.header.index("id")]).strip().lower() != id:
            return None
        cells[table.header.index("status")] = status
        return cells

    def _rows_of(self, id: str, until: float) -> list[tuple[Table, int]]:
        self._prepare(until)
        return [(table, row) for table, row, its in find(self._calls, self._tables.values(), until) if its == id]

    def _batch_update(self, requests: list[dict], until: float) -> dict[str, Any] | None:
        """The answer, or None where the requests do not fit the spreadsheet, which changed since it was looked at."""
        try:
            return self._calls.write(lambda sheet: sheet.batch_update({"requests": requests}), until)
        except Refused as problem:
            logger.warning("The spreadsheet is looked at again: %s", problem)
            self._looked = -math.inf
            return None


def open_spreadsheet(url: SheetsUrl) -> SheetsStore:
    """The store that FEEDBACK_URL describes. Google's credentials go to Google alone."""
    stand_in = {"api_endpoint": url.endpoint, "credentials": AnonymousCredentials()} if url.endpoint else {}
    return SheetsStore(url.spreadsheet_id, write_interval=url.instances * WRITE_INTERVAL, **stand_in)


def _moving(id: str) -> StoreUnavailable:
    return StoreUnavailable(f"The rows of {id} move while they are changed. Try again.", 10)


def _portions(records: list[Feedback]) -> Iterator[list[Feedback]]:
    """Records in portions that fit into a call."""
    portion, size = [], 0
    for feedback in records:
        if portion and size + len(feedback.image) > LARGEST_CALL:
            yield portion
            portion, size = [], 0
        portion.append(feedback)
        size += len(feedback.image)
    if portion:
        yield portion
