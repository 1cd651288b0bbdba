"""The worksheets as tables: made where they are missing, their columns found by name, one row replaced safely."""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

import gspread
from gspread.utils import Dimension, absolute_range_name, rowcol_to_a1

from app.feedback.sheets_calls import Refused, SheetsCalls
from app.feedback.sheets_rows import COLUMNS, MODES, to_header

MAKING_TRIES = 4  # looks at it; another process may make the same worksheet, or a person remove it, in between


@dataclass(frozen=True)
class Table:
    """A worksheet, its columns' names, and the first row (from 0) below them."""

    worksheet: gspread.Worksheet
    header: list[str]
    first_row: int = 1

    @property
    def id_range(self) -> str:
        """The column of ids, from the header down."""
        letters = rowcol_to_a1(1, self.header.index("id") + 1).rstrip("1")
        return absolute_range_name(self.worksheet.title, f"{letters}:{letters}")


def existing_tables(calls: SheetsCalls, titles: list[str]) -> dict[str, Table]:
    """Those of `titles` that are there, by title. A worksheet without a header is taken to have the usual columns."""
    tables = {title: table for title, table in _all_tables(calls, math.inf).items() if title in titles}
    return {
        title: table if "id" in table.header else Table(table.worksheet, list(COLUMNS), first_row=0)
        for title, table in tables.items()
    }


def complete_tables(calls: SheetsCalls, until: float) -> dict[str, Table]:
    """Every worksheet with every column, by title; what is missing is made."""
    for tried in range(1, MAKING_TRIES + 1):
        tables = _all_tables(calls, until)
        if not (requests := [request for title in MODES for request in _making(title, tables.get(title))]):
            return tables
        try:
            calls.write(lambda sheet, body={"requests": requests}: sheet.batch_update(body), until)
        except Refused:  # all of it: another process made one of them in this moment
            if tried == MAKING_TRIES:
                raise
    raise Refused("The worksheets change while they are made. Try again.", 10)


def _all_tables(calls: SheetsCalls, until: float) -> dict[str, Table]:
    sheets = {sheet.title: sheet for sheet in calls.read(lambda sheet: sheet.worksheets(), until)}
    sheets = {title: sheets[title] for title in MODES if title in sheets}
    rows = read_ranges(calls, [absolute_range_name(title, "1:1") for title in sheets], until)
    return {
        title: Table(sheet, to_header(cells[0] if cells else []))
        for (title, sheet), cells in zip(sheets.items(), rows, strict=True)
    }


def read_ranges(calls: SheetsCalls, ranges: list[str], until: float, dimension=Dimension.rows) -> list[list[list]]:
    """The rows (or columns) of each range, without those at the end that are empty."""
    if not ranges:
        return []
    params = {
        "majorDimension": dimension,
        "valueRenderOption": "UNFORMATTED_VALUE",
        "dateTimeRenderOption": "FORMATTED_STRING",
    }
    answer = calls.read(lambda sheet: sheet.values_batch_get(ranges, dict(params)), until)
    return [found.get("values", []) for found in answer["valueRanges"]]


def find(calls: SheetsCalls, tables: Iterable[Table], until: float) -> list[tuple[Table, int, str]]:
    """Table, row (0: the header) and id of every row that has an id, in order."""
    tables = list(tables)
    columns = read_ranges(calls, [table.id_range for table in tables], until, Dimension.cols)
    return [
        (table, row, str(cell).strip().lower())
        for table, column in zip(tables, columns, strict=True)
        for row, cell in enumerate(column[0] if column else [])
        if row and cell != ""
    ]


# The API has no "delete row 7 if it is still that of this id": rows are named by their number. Between the look and the
# call another instance may delete a row above, or a person sort the sheet; and a call that timed out but was carried
# out would hit the next row when it is tried again. The requests of one batchUpdate are carried out together or not at
# all, though, and deleteDuplicates compares: a row with the id goes in above the one that is meant, and the duplicates
# among just these two are removed. Where the row is not the one that was meant, there are none.


def replacing(table: Table, row: int, cells: list) -> list[dict]:
    """Requests that put `cells` above row `row` (from 0), and remove that row if its id is that of `cells`.

    The reply to the last one counts the rows removed, 0 or 1.
    """
    sheet_id, id_column = table.worksheet.id, table.header.index("id")
    return [
        {"insertDimension": {"range": _span(sheet_id, "ROWS", row, row + 1), "inheritFromBefore": row > 1}},
        _writing(sheet_id, row, 0, cells),
        {
            "deleteDuplicates": {
                "range": {"sheetId": sheet_id, "startRowIndex": row, "endRowIndex": row + 2},
                "comparisonColumns": [_span(sheet_id, "COLUMNS", id_column, id_column + 1)],
            }
        },
    ]


def deleting(table: Table, row: int, id: str) -> list[dict]:
    """Requests that delete row `row` (from 0) if it has this id."""
    cells = [id if name == "id" else "" for name in table.header]
    return [
        *replacing(table, row, cells),
        {"deleteDimension": {"range": _span(table.worksheet.id, "ROWS", row, row + 1)}},
    ]


def _making(title: str, table: Table | None) -> list[dict]:
    """Requests that complete a worksheet, none where it is complete."""
    if table is None:
        # An id of our own, so that the header can go into the same call: nobody ever sees the one without the other.
        sheet_id = random.randrange(1, 2**31)
        grid = {"rowCount": 2, "columnCount": len(COLUMNS), "frozenRowCount": 1}
        properties = {"sheetId": sheet_id, "title": title, "gridProperties": grid}
        return [{"addSheet": {"properties": properties}}, _writing(sheet_id, 0, 0, COLUMNS)]
    sheet_id, width = table.worksheet.id, table.worksheet.col_count
    if "id" not in table.header:
        made = Table(table.worksheet, list(COLUMNS))
        return [*_widening(sheet_id, len(COLUMNS) - width), *replacing(made, 0, list(COLUMNS))]
    if missing := [name for name in COLUMNS if name not in table.header]:
        start = len(table.header)
        return [*_widening(sheet_id, start + len(missing) - width), _writing(sheet_id, 0, start, missing)]
    return []


def _widening(sheet_id: int, columns: int) -> list[dict]:
    if columns <= 0:
        return []
    return [{"appendDimension": {"sheetId": sheet_id, "dimension": "COLUMNS", "length": columns}}]


def _writing(sheet_id: int, row: int, column: int, cells: Iterable) -> dict:
    start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column}
    rows = [{"values": [_cell(value) for value in cells]}]
    return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}


def _cell(value: str | float | bool) -> dict:
    if isinstance(value, bool):
        return {"userEnteredValue": {"boolValue": value}}
    if isinstance(value, int | float):
        return {"userEnteredValue": {"numberValue": value}}
    return {"userEnteredValue": {"stringValue": value}} if value else {}


def _span(sheet_id: int, dimension: str, start: int, end: int) -> dict:
    return {"sheetId": sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}
