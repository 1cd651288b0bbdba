"""Games in two SQL tables."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, delete, select

from app.feedback.database import Database, UtcTime
from app.game.store import Score

KEPT = 100  # scores of a mode
FORGET_AFTER = timedelta(days=1)  # a game's steps, which are long over by then
TABLES = MetaData()
STEPS = Table(
    "game_steps",
    TABLES,
    Column("game", String, primary_key=True),
    Column("step", String, primary_key=True),
    Column("value", String, nullable=False),
    Column("time", UtcTime, nullable=False),
)
OLDEST_STEPS = Index("game_steps_oldest", STEPS.c.time)
SCORES = Table(
    "game_scores",
    TABLES,
    Column("game", String, primary_key=True),
    Column("time", UtcTime, nullable=False),
    Column("mode", String, nullable=False),
    Column("nickname", String, nullable=False),
    Column("points", Integer, nullable=False),
)
BEST_FIRST = SCORES.c.points.desc(), SCORES.c.time, SCORES.c.game
BEST_SCORES = Index("game_scores_best", SCORES.c.mode, *BEST_FIRST)


class SqlGameStore:
    """A GameStore; url and patience as `Database` takes them."""

    def __init__(self, url: str, patience: float = 2):
        self._database = Database(url, (STEPS, OLDEST_STEPS, SCORES, BEST_SCORES), "game", patience)

    def once(self, game: str, step: str, value: str) -> str:
        now = datetime.now(UTC)
        new = self._database.insert(STEPS).values(game=game, step=step, value=value, time=now)
        with self._database.transaction() as connection:
            connection.execute(new.on_conflict_do_nothing(index_elements=["game", "step"]))
            return connection.execute(_step(game, step)).scalar_one()

    def find(self, game: str, step: str) -> str | None:
        with self._database.transaction() as connection:
            return connection.execute(_step(game, step)).scalar()

    def forget_steps(self) -> None:
        self._database.changes(delete(STEPS).where(STEPS.c.time < datetime.now(UTC) - FORGET_AFTER))

    def add(self, score: Score) -> bool:
        best = select(SCORES.c.game).where(SCORES.c.mode == score.mode).order_by(*BEST_FIRST).limit(KEPT)
        new = self._database.insert(SCORES).values(asdict(score)).on_conflict_do_nothing(index_elements=["game"])
        added = self._database.changes(new)
        self._database.changes(delete(SCORES).where(SCORES.c.mode == score.mode, SCORES.c.game.not_in(best)))
        return added

    def best(self, mode: str) -> list[Score]:
        with self._database.transaction() as connection:
            rows = connection.execute(select(SCORES).where(SCORES.c.mode == mode).order_by(*BEST_FIRST).limit(KEPT))
            return [Score(**row._mapping) for row in rows]

    def remove(self, nickname: str) -> int:
        with self._database.transaction() as connection:
            return connection.execute(delete(SCORES).where(SCORES.c.nickname == nickname)).rowcount

    def close(self) -> None:
        self._database.close()


def _step(game: str, step: str):
    return select(STEPS.c.value).where(STEPS.c.game == game, STEPS.c.step == step)
