"""SQL databases as this project uses them: SQLite, which is a file, or PostgreSQL, which several machines can share."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Engine,
    Index,
    Table,
    TypeDecorator,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from app.feedback.store import StoreUnavailable

ROOT = Path(__file__).parent.parent.parent
RETRY_AFTER = 5  # seconds
PREPARING = 0x1CE10  # PostgreSQL's advisory lock while tables are made; any number that nobody else takes
INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
logger = logging.getLogger(__name__)


class UtcTime(TypeDecorator):
    """Times that know their zone. SQLite keeps none, PostgreSQL gives them in the session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value.tzinfo is None:
            raise ValueError(f"A time must have a zone, such as UTC. Received: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Tables behind SQLAlchemy. Nothing is asked of the database before the first transaction, which makes them.

    Args:
        url: sqlite:///path (a relative one starts at the project's own folder, which is made) or
            postgresql+psycopg://user:password@host/database.
        made: the tables and indexes to make where they are missing, in this order.
        name: what is kept, as the log calls it.
        patience: seconds to wait for a connection, for others' locks, and for one statement, before StoreUnavailable.
    """

    def __init__(self, url: str, made: Sequence[Table | Index], name: str, patience: float):
        self._url = _absolute(make_url(url))
        self.engine = _sqlite(self._url, patience) if self._is_file else _postgresql(self._url, patience)
        self._made, self._name, self._prepared = made, name, False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection; what is done with it is durable once the block is left. Raises StoreUnavailable."""
        try:
            self._prepare()
            with self.engine.begin() as connection:
                yield connection
        except (DBAPIError, NoFreeConnection, OSError) as error:
            # Of a DBAPIError the driver's own words: SQLAlchemy's hold the record too.
            reason = getattr(error, "orig", error)
            logger.error("The %s store %s fails: %s", self._name, self._url.render_as_string(), reason)
            raise StoreUnavailable(f"The {self._name} store cannot be reached.", RETRY_AFTER) from error

    def insert(self, table: Table):
        """An INSERT that knows on_conflict_do_nothing, which the two databases share."""
        return INSERT[self.engine.dialect.name](table)

    def changes(self, statement) -> bool:
        """Whether a statement, in a transaction of its own, changed a row."""
        with self.transaction() as connection:
            return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount > 0

    def close(self) -> None:
        self.engine.dispose()

    @property
    def _is_file(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _prepare(self) -> None:
        """Make what is missing; several processes and threads may be at it at once."""
        if self._prepared:
            return
        if self._is_file:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        with self.engine.begin() as connection:
            if not self._is_file:
                connection.execute(select(func.pg_advisory_xact_lock(PREPARING)))
            for item in self._made:
                create = CreateTable if isinstance(item, Table) else CreateIndex
                connection.execute(create(item, if_not_exists=True))
        self._prepared = True


def _absolute(url: URL) -> URL:
    return url.set(database=str(ROOT / url.database)) if url.get_backend_name() == "sqlite" else url


def _sqlite(url: URL, patience: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": patience}, pool_timeout=patience)

    @event.listens_for(engine, "connect")
    def configure(connection, _):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # durable once committed, also when the power fails
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten

    return engine


def _postgresql(url: URL, patience: float) -> Engine:
    milliseconds = round(patience * 1000)
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=patience,
        connect_args={
            "application_name": "inkloop",
            "connect_timeout": max(2, round(patience)),  # libpq's least
            "tcp_user_timeout": milliseconds,  # else a connection to a machine that is gone hangs for minutes
            "options": f"-c statement_timeout={milliseconds} -c synchronous_commit=on",
        },
    )
