"""Feedback in one SQL table: SQLite, which is a file, or PostgreSQL, which several machines can share."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    DateTime,
    Engine,
    Float,
    Index,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    delete,
    event,
    func,
    make_url,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from app.feedback.store import Feedback, StoreUnavailable

ROOT = Path(__file__).parent.parent.parent
PAGE = 200  # records read at a time: at most 10 MB of pictures
RETRY_AFTER = 5  # seconds
PREPARING = 0x1CE10  # PostgreSQL's advisory lock while the table is made; any number that nobody else takes
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


TABLE = Table(
    "feedback",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("time", UtcTime, nullable=False),
    *(Column(name, String, nullable=False) for name in ("mode", "image", "prediction")),
    Column("confidence", Float, nullable=False),
    *(Column(name, String, nullable=False) for name in ("label", "model_version", "browser", "status")),
)
OLDEST_FIRST = Index("feedback_oldest_first", TABLE.c.time, TABLE.c.id)


class SqlStore:
    """A FeedbackStore over SQLAlchemy. Nothing is asked of the database before the first call, which makes the table.

    Args:
        url: sqlite:///path (a relative one starts at the project's own folder, which is made) or
            postgresql+psycopg://user:password@host/database.
        patience: seconds to wait for a connection, for others' locks, and for one statement, before StoreUnavailable.
    """

    def __init__(self, url: str, patience: float = 5):
        self._url = _absolute(make_url(url))
        self._engine = _sqlite(self._url, patience) if self._is_file else _postgresql(self._url, patience)
        self._prepared = False

    def add(self, feedback: Feedback) -> bool:
        insert = INSERT[self._engine.dialect.name](TABLE).values(asdict(feedback))
        return self._changes(insert.on_conflict_do_nothing(index_elements=["id"]))

    def delete(self, id: str) -> bool:
        return self._changes(delete(TABLE).where(TABLE.c.id == id))

    def set_status(self, id: str, status: str) -> bool:
        return self._changes(update(TABLE).where(TABLE.c.id == id).values(status=status))

    def read(self, mode: str | None = None) -> Iterator[Feedback]:
        """Pages, each in a transaction of its own: whoever reads slowly holds nobody up."""
        position = TABLE.c.time, TABLE.c.id
        query = page = select(TABLE).where(mode is None or TABLE.c.mode == mode).order_by(*position).limit(PAGE)
        while True:
            with self._transaction() as connection:
                rows = connection.execute(page).all()
            yield from (Feedback(**row._mapping) for row in rows)
            if len(rows) < PAGE:
                return
            page = query.where(tuple_(*position) > (rows[-1].time, rows[-1].id))

    def close(self) -> None:
        self._engine.dispose()

    @property
    def _is_file(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _changes(self, statement) -> bool:
        with self._transaction() as connection:
            return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount > 0

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            self._prepare()
            with self._engine.begin() as connection:
                yield connection
        except (DBAPIError, NoFreeConnection, OSError) as error:
            # Of a DBAPIError the driver's own words: SQLAlchemy's hold the record too.
            logger.error("The feedback store %s fails: %s", self._url.render_as_string(), getattr(error, "orig", error))
            raise StoreUnavailable("The feedback store cannot be reached.", RETRY_AFTER) from error

    def _prepare(self) -> None:
        """Make the table where it is missing; several processes and threads may be at it at once."""
        if self._prepared:
            return
        if self._is_file:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        with self._engine.begin() as connection:
            if not self._is_file:
                connection.execute(select(func.pg_advisory_xact_lock(PREPARING)))
            connection.execute(CreateTable(TABLE, if_not_exists=True))
            connection.execute(CreateIndex(OLDEST_FIRST, if_not_exists=True))
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
