"""Feedback in one SQL table."""

from collections.abc import Iterator
from dataclasses import asdict

from sqlalchemy import Column, Float, Index, MetaData, String, Table, delete, select, tuple_, update

from app.feedback.database import Database, UtcTime
from app.feedback.store import Feedback

PAGE = 200  # records read at a time: at most 10 MB of pictures

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
    """A FeedbackStore over SQLAlchemy; url and patience as `Database` takes them."""

    def __init__(self, url: str, patience: float = 5):
        self._database = Database(url, (TABLE, OLDEST_FIRST), "feedback", patience)

    def add(self, feedback: Feedback) -> bool:
        insert = self._database.insert(TABLE).values(asdict(feedback))
        return self._database.changes(insert.on_conflict_do_nothing(index_elements=["id"]))

    def delete(self, id: str) -> bool:
        return self._database.changes(delete(TABLE).where(TABLE.c.id == id))

    def set_status(self, id: str, status: str) -> bool:
        return self._database.changes(update(TABLE).where(TABLE.c.id == id).values(status=status))

    def read(self, mode: str | None = None) -> Iterator[Feedback]:
        """Pages, each in a transaction of its own: whoever reads slowly holds nobody up."""
        position = TABLE.c.time, TABLE.c.id
        query = page = select(TABLE).where(mode is None or TABLE.c.mode == mode).order_by(*position).limit(PAGE)
        while True:
            with self._database.transaction() as connection:
                rows = connection.execute(page).all()
            yield from (Feedback(**row._mapping) for row in rows)
            if len(rows) < PAGE:
                return
            page = query.where(tuple_(*position) > (rows[-1].time, rows[-1].id))

    def close(self) -> None:
        self._database.close()
