"""The game that this process runs, and the store that it keeps the leaderboard in."""

import atexit
from threading import Lock

from flask import Flask, Response, current_app
from werkzeug.exceptions import default_exceptions

from app import problems
from app.feedback.store import SQL_STORES, check_is_one_of
from app.game.errors import GameError, LeaderboardUnavailable
from app.game.play import Play
from app.game.store import GameStore
from app.game.tokens import Signer

NOT_NOW = {503: "The leaderboard cannot be reached now. Games go on without it."}


def init_app(app: Flask) -> None:
    """Raises SettingError where GAME_URL names no SQL store."""
    check_is_one_of(SQL_STORES, app.config["GAME_URL"], "GAME_URL")
    store = app.extensions["game_store"] = LazyStore(app.config["GAME_URL"])
    app.extensions["game"] = Play(Signer(app.config["SECRET_KEY"]), app.config["GAME_SECONDS"], store.get)
    app.register_error_handler(GameError, _refused)
    atexit.register(close, app)


def game() -> Play:
    return current_app.extensions["game"]


def close(app: Flask) -> None:
    """Let go of connections; done by itself when the process ends."""
    app.extensions["game_store"].close()


class LazyStore:
    """A GameStore that is opened at its first use: reading pictures neither waits for it nor needs it."""

    def __init__(self, url: str):
        self._url, self._opened, self._opening = url, None, Lock()

    def get(self) -> GameStore:
        from app.game.sql import SqlGameStore  # here, because SQLAlchemy takes its time

        with self._opening:
            self._opened = self._opened or SqlGameStore(self._url)
            return self._opened

    def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened:
            opened.close()


def _refused(error: GameError) -> Response:
    if isinstance(error, LeaderboardUnavailable):
        current_app.logger.error("The leaderboard is unavailable: %s", error.__cause__)
    exception = default_exceptions[error.status](str(error))
    exception.retry_after = error.retry_after
    return problems.http_error(exception)
