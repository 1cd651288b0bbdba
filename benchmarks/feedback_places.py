"""The stores of feedback as benchmarks use them: empty at first, gone afterwards."""

import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from app.feedback.sheets_rows import WORKSHEETS
from benchmarks.client import ADDRESS
from tests.feedback.postgresql_server import postgresql_server
from tests.feedback.sheets_server import SheetsServer, random_faults

QUOTA = 60  # write calls a minute, and as many that read, Google's
FAULTS = {429: 0.20, 500: 0.05, "hang after": 0.05}
METHODS = ("get", "values.batchGet", "values.append", "batchUpdate")  # of the Sheets API, that the store calls
HANG = 10.0  # seconds; the store waits for eight
SEED = 1
# https://www.postgresql.org/docs/current/protocol-message-formats.html
ASKS_TO_ENCRYPT = (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30")  # SSLRequest, GSSENCRequest
WELCOME = (  # AuthenticationOk, ParameterStatus twice, ReadyForQuery
    b"R\0\0\0\x08\0\0\0\0S\0\0\0\x19client_encoding\0UTF8\0S\0\0\0\x18server_version\x0017.0\0Z\0\0\0\x05I"
)


class Place(NamedTuple):
    """Where feedback is kept. sheets: the server behind it, where that stands in for Google's."""

    url: str
    sheets: SheetsServer | None = None

    def most_calls(self, *, writes: bool) -> int | None:
        """Those that write, or those that read, in the fullest minute, refused ones too; None where none is limited."""
        return most_in_a_minute(self.sheets.times(writes=writes)) if self.sheets else None

    def spare_rows(self) -> int | None:
        """Rows that repeat an id, which readers leave out; None where the store can have none."""
        if not self.sheets:
            return None
        ids = [row[0] for title in WORKSHEETS.values() for row in self.sheets.rows(title)[1:]]
        return len(ids) - len(set(ids))


@contextmanager
def sqlite() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="feedback-") as folder:
        yield Place(f"sqlite:///{folder}/feedback.db")


@contextmanager
def postgresql() -> Iterator[Place]:
    """Raises NoPostgresql where none is installed."""
    with postgresql_server() as url:
        yield Place(url)


@contextmanager
def sheets(faults: dict = FAULTS) -> Iterator[Place]:
    """The tests' Sheets server, with Google's quota and with faults of these probabilities in every call."""
    with SheetsServer(hang=HANG, quota=QUOTA) as server:
        server.faults = {method: random_faults(SEED + number, faults) for number, method in enumerate(METHODS)}
        yield Place(f"sheets://{server.spreadsheet_id}?endpoint={server.url}", server)


@contextmanager
def hanging() -> Iterator[Place]:
    """A PostgreSQL that lets everybody in and then says nothing, until the end of the `with`."""
    with socket.create_server((ADDRESS, 0), backlog=100) as listener, ExitStack() as stack:

        def serve() -> None:
            while True:
                try:
                    connection = stack.enter_context(listener.accept()[0])
                    while connection.recv(1000)[4:8] in ASKS_TO_ENCRYPT:
                        connection.sendall(b"N")
                    connection.sendall(WELCOME)
                except OSError:
                    return

        server = threading.Thread(target=serve)
        server.start()
        try:
            yield Place(f"postgresql+psycopg://nobody@{ADDRESS}:{listener.getsockname()[1]}/nothing")
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            server.join()


def most_in_a_minute(times: Sequence[float]) -> int:
    """The most of ascending `times`, in seconds, that fall into any 60 s."""
    first = most = 0
    for place, time in enumerate(times):
        while times[first] <= time - 60:
            first += 1
        most = max(most, place - first + 1)
    return most
