from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from app.feedback.store import StoreUnavailable
from app.game import sql
from app.game.sql import SqlGameStore
from app.game.store import Score

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def score(game: str, points: int = 1000, minute: int = 0, mode: str = "digit", nickname: str = "Ada") -> Score:
    return Score(game, NOON + timedelta(minutes=minute), mode, nickname, points)


def test_a_step_is_written_down_once(store, reopen):
    assert store.find("one", "judge 0") is None
    assert store.once("one", "judge 0", "first") == "first"
    assert reopen().once("one", "judge 0", "second") == "first"
    assert store.once("one", "judge 1", "other") == "other"
    assert store.find("one", "judge 0") == "first"


def test_of_many_that_write_a_step_at_once_one_stands(store):
    with ThreadPoolExecutor(8) as pool:
        standing = set(pool.map(lambda value: store.once("one", "issue 0", str(value)), range(16)))
    assert len(standing) == 1


def test_steps_are_forgotten_a_day_later(store, monkeypatch):
    store.once("old", "issue 0", "1")
    store.forget_steps()
    assert store.find("old", "issue 0") == "1"
    monkeypatch.setattr(sql, "FORGET_AFTER", timedelta(seconds=-1))
    store.forget_steps()
    assert store.find("old", "issue 0") is None


def test_the_highest_score_comes_first_and_of_equal_ones_the_earlier(store, reopen):
    entered = [score("late", 900, 2), score("best", 5000, 3), score("early", 900, 1), score("other", 1, mode="any")]
    assert all(store.add(each) for each in entered)
    assert reopen().best("digit") == [entered[1], entered[2], entered[0]]
    assert store.best("any") == [entered[3]]
    assert store.best("character") == []


def test_a_game_is_entered_once(store):
    assert store.add(score("one", 10))
    assert not store.add(score("one", 6000, nickname="Bob"))
    assert store.best("digit") == [score("one", 10)]


def test_a_game_entered_from_many_threads_is_new_once(store):
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: store.add(score("one")), range(16))) == 1


def test_the_leaderboard_is_bounded(store, monkeypatch):
    monkeypatch.setattr(sql, "KEPT", 3)
    store.add(score("any", 1, mode="any"))
    for points in (50, 40, 30, 20, 60):
        store.add(score(f"game {points}", points))
    assert [each.points for each in store.best("digit")] == [60, 50, 40]
    assert len(store.best("any")) == 1


def test_scores_of_a_nickname_are_removed(store):
    for each in (score("one"), score("two", nickname="Bob"), score("three", mode="any")):
        store.add(each)
    assert store.remove("Ada") == 2
    assert [each.nickname for each in store.best("digit")] == ["Bob"]


@pytest.mark.parametrize("url", ["sqlite:////dev/null/game.db", "postgresql+psycopg://a:secret@127.0.0.1:1/b"])
def test_a_store_that_cannot_be_reached_is_unavailable(url, caplog):
    unreachable = SqlGameStore(url)
    for call in (
        lambda: unreachable.once("one", "issue 0", "1"),
        lambda: unreachable.find("one", "issue 0"),
        lambda: unreachable.add(score("one")),
        lambda: unreachable.best("digit"),
    ):
        with pytest.raises(StoreUnavailable):
            call()
    unreachable.close()
    assert "secret" not in caplog.text
