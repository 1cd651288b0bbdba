"""What is kept of games: scores, and what each step of a game led to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Score:
    """game: its id. time: UTC. mode: "digit", "character" or "any"."""

    game: str
    time: datetime
    mode: str
    nickname: str
    points: int


class GameStore(Protocol):
    """Safe to call from many threads and processes; every method may raise StoreUnavailable."""

    def once(self, game: str, step: str, value: str) -> str:
        """Write a step's value down, unless it has one: the value that stands, which was the first."""

    def find(self, game: str, step: str) -> str | None:
        """The value that stands, where there is one."""

    def forget_steps(self) -> None:
        """Of games that were over long ago."""

    def add(self, score: Score) -> bool:
        """Whether the game had no score yet. Of a mode the best hundred stay."""

    def best(self, mode: str) -> list[Score]:
        """All of a mode, the highest first; of equal ones the earlier."""

    def remove(self, nickname: str) -> int:
        """How many scores this nickname had; they are gone."""

    def close(self) -> None:
        """Let go of connections."""
