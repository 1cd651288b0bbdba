"""What a spreadsheet holds, whoever wrote it there."""

import logging
import math
from collections.abc import Iterator

from gspread.utils import absolute_range_name

from app.feedback.sheets_calls import Refused, SheetsCalls
from app.feedback.sheets_rows import from_row
from app.feedback.sheets_tables import Table, existing_tables, read_ranges
from app.feedback.store import Feedback

ROWS_A_READ, OVERLAP = 2_000, 100  # rows that move up while the next ones are read are not missed
TRIES = 5  # at a spreadsheet that changes while it is read
NAMED_ROWS = 5  # in a warning

logger = logging.getLogger(__name__)


def read_feedback(calls: SheetsCalls, titles: list[str]) -> list[Feedback]:
    """The feedback of some worksheets, of each id the first.

    Rows that are no feedback are left out, and one warning a worksheet names them. Raises StoreUnavailable.
    """
    for _ in range(TRIES - 1):
        try:
            return _read(calls, titles)
        except Refused as problem:
            logger.debug("the spreadsheet changed while it was read: %s", problem)
    return _read(calls, titles)


def _read(calls: SheetsCalls, titles: list[str]) -> list[Feedback]:
    records: dict[str, Feedback] = {}
    for title, table in existing_tables(calls, titles).items():
        unread: dict[int, str] = {}
        for number, cells in _rows(calls, table):
            try:
                feedback = from_row(cells, table.header, title)
            except ValueError as problem:
                unread[number] = str(problem)
            else:
                records.setdefault(feedback.id, feedback)
        if unread:
            named = "; ".join(f"row {number}: {problem}" for number, problem in list(unread.items())[:NAMED_ROWS])
            more = f"; and {len(unread) - NAMED_ROWS} more" if len(unread) > NAMED_ROWS else ""
            logger.warning("Rows of worksheet %s that are no feedback (%d): %s%s", title, len(unread), named, more)
    return list(records.values())


def _rows(calls: SheetsCalls, table: Table) -> Iterator[tuple[int, list]]:
    """Number, as people see it, and cells of every row that is not blank. Some come twice."""
    last = table.worksheet.row_count
    for first in range(table.first_row + 1, last + 1, ROWS_A_READ - OVERLAP):
        span = absolute_range_name(table.worksheet.title, f"{first}:{min(first + ROWS_A_READ - 1, last)}")
        [rows] = read_ranges(calls, [span], math.inf)
        yield from ((first + place, cells) for place, cells in enumerate(rows) if any(cell != "" for cell in cells))
