import psycopg
import pytest

from app.game.sql import SqlGameStore


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path}/made/when/missing/game.db"


@pytest.fixture
def postgresql(postgresql_url):
    yield postgresql_url
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS game_steps, game_scores")


@pytest.fixture(params=["sqlite", "postgresql"])
def reopen(request):
    """Opens one and the same store, empty at first; what was opened is closed in the end."""
    url, opened = request.getfixturevalue(request.param), []

    def reopen() -> SqlGameStore:
        opened.append(SqlGameStore(url))
        return opened[-1]

    yield reopen
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen) -> SqlGameStore:
    return reopen()
