"""A server on loopback that speaks the published Google Sheets API, as far as gspread and the store use it.

Paths, parameters and bodies are checked against Google's discovery document, the server's own answers too.
"""

import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from time import monotonic
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

DISCOVERY = json.loads((files("googleapiclient") / "discovery_cache/documents/sheets.v4.json").read_bytes())
CELL_LIMIT = 50_000
STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict}


class ApiError(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Formula(str):
    """A cell that Sheets would compute."""


class Method(NamedTuple):
    name: str  # "values.append", as in the document without "sheets.spreadsheets."
    verb: str
    path: re.Pattern
    described: dict


def _methods(resources: dict) -> Iterator[Method]:
    for resource in resources.values():
        for method in resource.get("methods", {}).values():
            path = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+?)", method["flatPath"]).replace("Id>[^/]", "Id>[^/:]")
            name = method["id"].removeprefix("sheets.spreadsheets.")
            yield Method(name, method["httpMethod"], re.compile(path), method)
        yield from _methods(resource.get("resources", {}))


METHODS = tuple(_methods(DISCOVERY["resources"]))


def check(value, schema: dict, where: str = "body") -> None:
    """Raise ApiError where a value is not of the form that the discovery document gives."""
    schema = DISCOVERY["schemas"][schema["$ref"]] if "$ref" in schema else schema
    if schema["type"] == "any":
        return
    if not isinstance(value, TYPES[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        raise ApiError(400, f"Invalid value at {where!r}: not of type {schema['type']}")
    if "enum" in schema and value not in schema["enum"]:
        raise ApiError(400, f"Invalid value at {where!r}: {value!r}")
    if isinstance(value, list):
        for place, item in enumerate(value):
            check(item, schema["items"], f"{where}[{place}]")
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in schema["properties"]:
                raise ApiError(400, f"Invalid JSON payload received. Unknown name {name!r} at {where!r}")
            check(item, schema["properties"][name], f"{where}.{name}")


class Sheet:
    """A worksheet: a full grid of cells, "" where empty."""

    def __init__(self, sheet_id: int, title: str, rows: int = 1000, columns: int = 26, frozen: int = 0):
        self.id, self.title, self.columns, self.frozen = sheet_id, title, columns, frozen
        self.rows: list[list] = [[""] * columns for _ in range(rows)]

    def copy(self) -> "Sheet":
        copy = Sheet(self.id, self.title, 0, self.columns, self.frozen)
        copy.rows = [list(row) for row in self.rows]
        return copy

    def properties(self) -> dict:
        grid = {"rowCount": len(self.rows), "columnCount": self.columns}
        if self.frozen:
            grid["frozenRowCount"] = self.frozen
        return {"sheetId": self.id, "title": self.title, "sheetType": "GRID", "gridProperties": grid}

    def write(self, row: int, column: int, cells: list) -> None:
        """Null skips a cell, as the document says."""
        if row >= len(self.rows) or column + len(cells) > self.columns:
            raise ApiError(400, f"Range ({self.title}!{_a1(row, column)}) exceeds grid limits.")
        for place, cell in enumerate(cells):
            if isinstance(cell, str) and len(cell) > CELL_LIMIT:
                raise ApiError(400, "Your input contains more than the maximum of 50000 characters in a single cell.")
            if cell is not None:
                self.rows[row][column + place] = cell

    def insert(self, row: int, count: int) -> None:
        self.rows[row:row] = [[""] * self.columns for _ in range(count)]

    def table(self, row: int) -> tuple[int, int]:
        """The row after the table that begins at `row`, and the table's first column."""
        end = row
        while end < len(self.rows) and any(cell != "" for cell in self.rows[end]):
            end += 1
        first = [place for place, cell in enumerate(self.rows[row]) if cell != ""] if end > row else []
        return end, min(first, default=0)

    def filled(self) -> list[list]:
        """The rows that are not blank, without the blank cells at their ends."""
        return [trimmed for row in self.rows if (trimmed := _trim(row))]


class SheetsServer:
    """One spreadsheet behind a real HTTP server.

    Args:
        hang: seconds that a call hangs where it is to.
        quota: calls that write and calls that read which it takes in a minute, as many of each; None: no limit.

    Attributes:
        faults: by method ("values.append", "batchUpdate", ...) an iterator of what befalls the next calls of it: None,
            a status, "drop" or "hang" before the call is carried out, "drop after" or "hang after" it was, or a
            function that is called first and stands for another client or a person at the sheet.
        interleave: a barrier that appends wait at, between finding the table's end and writing there.
        compacts: whether deleteDuplicates moves the cells below within its range up, or deletes whole rows. The
            document leaves that open.
        calls: method and monotonic time of every call.
        authorizations: the Authorization of every call, None where it had none.
        wrong: answers of this server that are not of the document's form.
    """

    def __init__(self, spreadsheet_id: str = "spreadsheet", *, hang: float = 30.0, quota: int | None = None):
        self.spreadsheet_id, self._hang, self._quota = spreadsheet_id, hang, quota
        self.sheets: dict[str, Sheet] = {"Sheet1": Sheet(0, "Sheet1")}
        self.faults: dict[str, Iterator] = {}
        self.interleave: threading.Barrier | None = None
        self.compacts = False
        self.calls: list[tuple[str, float]] = []
        self.authorizations: list[str | None] = []
        self.wrong: list[str] = []
        self.lock = threading.RLock()
        self._stopping = threading.Event()
        handler = type("Handler", (_Handler,), {"sheets_server": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "SheetsServer":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def count(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def times(self, *, writes: bool) -> list[float]:
        """Monotonic times of the write calls, or of those that read; of what was refused too."""
        return [time for name, time in self.calls if (_verb(name) != "GET") == writes]

    def rows(self, title: str) -> list[list]:
        """A worksheet's rows that are not blank, the header first."""
        with self.lock:
            return self.sheets[title].filled()

    def edit(self, title: str, rows: list[list]) -> None:
        """Replace what a worksheet holds, as a person would."""
        with self.lock:
            sheet = self.sheets.setdefault(title, Sheet(len(self.sheets) + 1000, title))
            width = max([sheet.columns, *map(len, rows)])
            sheet.columns = width
            sheet.rows = [row + [""] * (width - len(row)) for row in [*rows, *[[]] * 10]]

    def hang(self) -> None:
        self._stopping.wait(self._hang)

    def next_fault(self, method: Method):
        with self.lock:
            self.calls.append((method.name, monotonic()))
            if self._quota:
                since, times = self.calls[-1][1] - 60, self.times(writes=method.verb != "GET")
                if sum(time > since for time in times) > self._quota:
                    return 429
            return next(self.faults.get(method.name, iter(())), None)

    def answer(self, method: Method, path: dict, query: dict, body: dict) -> dict:
        if path["spreadsheetId"] != self.spreadsheet_id:
            raise ApiError(404, "Requested entity was not found.")
        if (handle := getattr(self, "_" + method.name.replace(".", "_"), None)) is None:
            raise ApiError(501, f"This server has no {method.name}")
        return handle({name: unquote(value) for name, value in path.items()} | query, body)

    def _get(self, query: dict, body: dict) -> dict:
        with self.lock:
            sheets = [{"properties": sheet.properties()} for sheet in self.sheets.values()]
        properties = {"title": "Feedback", "locale": "en_GB", "timeZone": "Etc/UTC"}
        return {"spreadsheetId": self.spreadsheet_id, "properties": properties, "sheets": sheets}

    def _values_get(self, query: dict, body: dict) -> dict:
        with self.lock:
            return self._read(query["range"], query)

    def _values_batchGet(self, query: dict, body: dict) -> dict:
        with self.lock:
            found = [self._read(name, query) for name in query["ranges"]]
        return {"spreadsheetId": self.spreadsheet_id, "valueRanges": found}

    def _values_append(self, query: dict, body: dict) -> dict:
        cells = _entered(body["values"], query)
        with self.lock:
            sheet, (row, _, _, _) = self._locate(query["range"])
            end, column = sheet.table(row)
        if self.interleave:
            self.interleave.wait()
        with self.lock:
            if query.get("insertDataOption") == "INSERT_ROWS":
                sheet.insert(end, len(cells))
            else:
                sheet.insert(len(sheet.rows), max(0, end + len(cells) - len(sheet.rows)))
            for place, row_cells in enumerate(cells):
                sheet.write(end + place, column, row_cells)
        updates = self._updates(sheet, end, column, cells)
        table = {"tableRange": f"{sheet.title}!{_a1(row, column)}:{_a1(end - 1, column)}"} if end > row else {}
        return {"spreadsheetId": self.spreadsheet_id, "updates": updates} | table

    def _values_update(self, query: dict, body: dict) -> dict:
        cells = _entered(body["values"], query)
        with self.lock:
            sheet, (row, column, _, _) = self._locate(query["range"])
            for place, row_cells in enumerate(cells):
                sheet.write(row + place, column, row_cells)
        return self._updates(sheet, row, column, cells)

    def _batchUpdate(self, query: dict, body: dict) -> dict:
        with self.lock:
            before = {title: sheet.copy() for title, sheet in self.sheets.items()}
            try:
                replies = [self._apply(*request.popitem()) for request in body["requests"]]
            except ApiError:
                self.sheets = before
                raise
        return {"spreadsheetId": self.spreadsheet_id, "replies": replies}

    def _apply(self, kind: str, request: dict) -> dict:
        if (apply := getattr(self, "_apply_" + kind, None)) is None:
            raise ApiError(501, f"This server has no {kind}")
        return apply(request)

    def _apply_addSheet(self, request: dict) -> dict:
        wanted = request["properties"]
        title, sheet_id = wanted["title"], wanted.get("sheetId", random.randrange(2**31))
        if title in self.sheets:
            raise ApiError(400, f'A sheet with the name "{title}" already exists. Please enter another name.')
        if sheet_id in {sheet.id for sheet in self.sheets.values()}:
            raise ApiError(400, f"Sheet with id {sheet_id} already exists.")
        grid = {"rowCount": 1000, "columnCount": 26, "frozenRowCount": 0} | wanted.get("gridProperties", {})
        if grid["frozenRowCount"] >= grid["rowCount"]:
            raise ApiError(400, "You can't freeze all visible rows on the sheet.")
        sheet = Sheet(sheet_id, title, grid["rowCount"], grid["columnCount"], grid["frozenRowCount"])
        self.sheets[title] = sheet
        return {"addSheet": {"properties": sheet.properties()}}

    def _apply_updateCells(self, request: dict) -> dict:
        start = request["start"]
        for place, row in enumerate(request["rows"]):
            values = [_typed(cell.get("userEnteredValue", {})) for cell in row["values"]]
            self._sheet(start["sheetId"]).write(start["rowIndex"] + place, start["columnIndex"], values)
        return {}

    def _apply_insertDimension(self, request: dict) -> dict:
        sheet, start, end = self._span(request["range"], "ROWS")
        if start > len(sheet.rows) or (request.get("inheritFromBefore") and start == 0):
            raise ApiError(400, "Invalid insertDimension")
        sheet.insert(start, end - start)
        return {}

    def _apply_deleteDimension(self, request: dict) -> dict:
        sheet, start, end = self._span(request["range"], "ROWS")
        if end > len(sheet.rows):
            raise ApiError(400, "Cannot delete a row that doesn't exist.")
        del sheet.rows[start:end]
        if len(sheet.rows) <= sheet.frozen:
            raise ApiError(400, "Sorry, it is not possible to delete all non-frozen rows.")
        return {}

    def _apply_appendDimension(self, request: dict) -> dict:
        sheet = self._sheet(request["sheetId"])
        if request["dimension"] != "COLUMNS":
            raise ApiError(501, "This server appends columns only")
        sheet.columns += request["length"]
        for row in sheet.rows:
            row.extend([""] * request["length"])
        return {}

    def _apply_deleteDuplicates(self, request: dict) -> dict:
        sheet, where = self._sheet(request["range"]["sheetId"]), request["range"]
        start, end = where.get("startRowIndex", 0), where.get("endRowIndex", len(sheet.rows))
        if end > len(sheet.rows):
            raise ApiError(400, "The range exceeds the grid.")
        columns = [n for span in request["comparisonColumns"] for n in range(span["startIndex"], span["endIndex"])]
        kept, seen = [], set()
        for row in sheet.rows[start:end]:
            key = tuple(str(row[column]).lower() for column in columns)
            if key not in seen:
                kept.append(row)
            seen.add(key)
        removed = end - start - len(kept)
        sheet.rows[start:end] = kept + ([[""] * sheet.columns for _ in range(removed)] if self.compacts else [])
        return {"deleteDuplicates": {"duplicatesRemovedCount": removed} if removed else {}}

    def _sheet(self, sheet_id: int) -> Sheet:
        for sheet in self.sheets.values():
            if sheet.id == sheet_id:
                return sheet
        raise ApiError(400, f"No grid with id: {sheet_id}")

    def _span(self, span: dict, dimension: str) -> tuple[Sheet, int, int]:
        if span["dimension"] != dimension:
            raise ApiError(501, f"This server knows this for {dimension} only")
        return self._sheet(span["sheetId"]), span["startIndex"], span["endIndex"]

    def _locate(self, name: str) -> tuple[Sheet, tuple[int, int, int, int]]:
        """The worksheet of an A1 range, and the range's first row and column and those after its end."""
        form = r"'?(?P<title>[^'!]+)'?!(?P<c1>[A-Z]*)(?P<r1>\d*)(:(?P<c2>[A-Z]*)(?P<r2>\d*))?"
        if not (found := re.fullmatch(form, name)) or not (sheet := self.sheets.get(found["title"])):
            raise ApiError(400, f"Unable to parse range: {name}")
        one = found[4] is None
        last_row, last_column = (found["r1"], found["c1"]) if one else (found["r2"], found["c2"])
        row, column = int(found["r1"] or 1) - 1, _number(found["c1"] or "A") - 1
        end_row = int(last_row or len(sheet.rows))
        end_column = _number(last_column) if last_column else sheet.columns
        if max(row + 1, end_row) > len(sheet.rows) or max(column + 1, end_column) > sheet.columns:
            raise ApiError(400, f"Range ({name}) exceeds grid limits. Max rows: {len(sheet.rows)}")
        return sheet, (row, column, end_row, end_column)

    def _read(self, name: str, query: dict) -> dict:
        sheet, (row, column, end_row, end_column) = self._locate(name)
        rows = [cells[column:end_column] for cells in sheet.rows[row:end_row]]
        dimension = query.get("majorDimension", "ROWS")
        if dimension == "COLUMNS":
            rows = [list(cells) for cells in zip(*rows, strict=True)]
        plain = query.get("valueRenderOption") == "UNFORMATTED_VALUE"
        values = _trim([_trim([_rendered(cell, plain) for cell in cells]) for cells in rows], [])
        return {"range": name, "majorDimension": dimension} | ({"values": values} if values else {})

    def _updates(self, sheet: Sheet, row: int, column: int, cells: list[list]) -> dict:
        width = max(map(len, cells))
        return {
            "spreadsheetId": self.spreadsheet_id,
            "updatedRange": f"{sheet.title}!{_a1(row, column)}:{_a1(row + len(cells) - 1, column + width - 1)}",
            "updatedRows": len(cells),
            "updatedColumns": width,
            "updatedCells": sum(map(len, cells)),
        }


class _Handler(BaseHTTPRequestHandler):
    sheets_server: SheetsServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        method, path = self._method(url.path.lstrip("/"))
        self.sheets_server.authorizations.append(self.headers["Authorization"])
        fault = self.sheets_server.next_fault(method)
        if isinstance(fault, Callable):
            fault()
            fault = None
        if fault in ("hang", "drop"):
            return self._break_off(fault)
        if isinstance(fault, int):
            return self._send(fault, _error(fault, "As the test wants it."))
        try:
            query = _query(url.query, method.described)
            body = json.loads(content) if content else {}
            if "request" in method.described:
                check(body, method.described["request"])
            answer = self.sheets_server.answer(method, path, query, body)
        except ApiError as error:
            return self._send(error.status, _error(error.status, str(error)))
        try:
            check(answer, method.described["response"])
        except ApiError as error:
            self.sheets_server.wrong.append(f"{method.name}: {error}")
        if fault:
            return self._break_off(fault)
        return self._send(200, answer)

    do_POST = do_PUT = do_GET

    def _method(self, path: str) -> tuple[Method, dict]:
        for method in METHODS:
            if method.verb == self.command and (found := method.path.fullmatch(path)):
                return method, found.groupdict()
        raise AssertionError(f"no method of the Sheets API: {self.command} {path}")

    def _break_off(self, fault: str) -> None:
        if fault.startswith("hang"):
            self.sheets_server.hang()
        self.close_connection = True

    def _send(self, status: int, answer: dict) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_) -> None:
        pass


def random_faults(seed: int, rates: dict) -> Iterator:
    """Faults without end, each with the probability that `rates` gives it."""
    generator = random.Random(seed)
    while True:
        yield generator.choices([None, *rates], [1 - sum(rates.values()), *rates.values()])[0]


def _verb(name: str) -> str:
    return next(method.verb for method in METHODS if method.name == name)


def _query(text: str, described: dict) -> dict:
    query = {}
    for name, values in parse_qs(text).items():
        if name not in described["parameters"]:
            raise ApiError(400, f"Unknown name {name!r}: Cannot bind query parameter.")
        parameter = described["parameters"][name]
        for value in values:
            if "enum" in parameter and value not in parameter["enum"]:
                raise ApiError(400, f"Invalid value at {name!r}: {value!r}")
        query[name] = values if parameter.get("repeated") else values[0]
    return query


def _error(status: int, message: str) -> dict:
    return {"error": {"code": status, "message": message, "status": STATUSES.get(status, "UNKNOWN")}}


def _entered(values: list[list], query: dict) -> list[list]:
    option = query.get("valueInputOption")
    if option not in ("RAW", "USER_ENTERED"):
        raise ApiError(400, "'valueInputOption' is required but not specified")
    for cell in (cell for row in values for cell in row):
        if not isinstance(cell, str | int | float | None):
            raise ApiError(400, f"Invalid values: {type(cell).__name__}")
    return values if option == "RAW" else [[_parsed(cell) for cell in row] for row in values]


def _parsed(cell):
    """What becomes of a cell that someone types."""
    if isinstance(cell, str) and cell.startswith("="):
        return Formula(cell)
    try:
        return float(cell)
    except (TypeError, ValueError):
        return cell


def _typed(value: dict):
    if "formulaValue" in value:
        return Formula(value["formulaValue"])
    return next(iter(value.values()), "")


def _rendered(cell, plain: bool):
    if isinstance(cell, Formula):
        return "#REF!"
    return cell if plain or isinstance(cell, str) else str(cell)


def _trim(cells: list, empty="") -> list:
    end = len(cells)
    while end and cells[end - 1] == empty:
        end -= 1
    return cells[:end]


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _a1(row: int, column: int) -> str:
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"
