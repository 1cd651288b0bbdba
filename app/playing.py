"""The game that this process runs, and the store that it keeps the leaderboard in."""

import atexit

from flask import Flask, Response, current_app
from werkzeug.exceptions import default_exceptions

from app import problems
from app.feedback.store import SQL_STORES, check_is_one_of
from app.game.errors import GameError, LeaderboardUnavailable
from app.game.play import Play
from app.game.store import GameStore
from app.game.tokens import Signer
from app.opened_once import OpenedOnce

NOT_NOW = {503: "The leaderboard cannot be reached now. Games go on without it."}


def init_app(app: Flask) -> None:
    """Raises SettingError where GAME_URL names no SQL store."""
    check_is_one_of(SQL_STORES, app.config["GAME_URL"], "GAME_URL")
    store = app.extensions["game_store"] = OpenedOnce(lambda: _open_store(app.config["GAME_URL"]))
    app.extensions["game"] = Play(Signer(app.config["SECRET_KEY"]), app.config["GAME_SECONDS"], store.use)
    app.register_error_handler(GameError, _refused)
    atexit.register(close, app)


def game() -> Play:
    return current_app.extensions["game"]


def close(app: Flask) -> None:
    """Let go of connections; done by itself when the process ends."""
    app.extensions["game_store"].close()


def _open_store(url: str) -> GameStore:
    from app.game.sql import SqlGameStore  # here, because SQLAlchemy takes its time

    return SqlGameStore(url)


def _refused(error: GameError) -> Response:
    if isinstance(error, LeaderboardUnavailable):
        current_app.logger.error("The leaderboard is unavailable: %s", error.__cause__)
    exception = default_exceptions[error.status](str(error))
    exception.retry_after = error.retry_after
    return problems.http_error(exception)
