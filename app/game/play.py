"""A game from its start to the leaderboard. The server issues each round and judges it; the player holds signed tokens.

What a token's use led to is written down under its game and step, once. The same sent again, by somebody whose answer
was lost on the way, leads to the same: a round keeps the clock that it was issued with, and a judged one its points.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.feedback.store import StoreUnavailable
from app.game import rules
from app.game.errors import LeaderboardUnavailable, NotNow, Used
from app.game.store import GameStore, Score
from app.game.tokens import Signer, State


@dataclass(frozen=True)
class Round:
    token: str
    number: int  # from 1
    prompt: str
    ranked: bool


@dataclass(frozen=True)
class Verdict:
    """over: whether the round is. seconds: that count. points: of the round. game: the token to go on with."""

    over: bool
    recognised: bool = False
    seconds: float = 0.0
    points: int = 0
    game: str | None = None
    total: int = 0
    ranked: bool = True


class Play:
    """The games of a server, none of which it holds itself.

    Args:
        signer: of the tokens.
        length: seconds of a round.
        store: gives the store for one operation; may raise StoreUnavailable, as may the store. Games go on without,
            unranked.

    Times are seconds since 1970, by the server's clock. Every method that takes a token may raise GameError.
    """

    def __init__(self, signer: Signer, length: float, store: Callable[[], AbstractContextManager[GameStore]]):
        self.length = length
        self._signer, self._store = signer, store

    def start(self, mode: str) -> str:
        """The token of a new game."""
        return self._signer.sign(State(secrets.token_urlsafe(12), mode))

    def issue(self, token: str, now: float) -> Round:
        """The next round, whose clock runs from now on; from the first time on where it is asked for again."""
        state = self._signer.open(token, under_way=False)
        if state.round == rules.ROUNDS:
            raise NotNow(f"All {rules.ROUNDS} rounds of this game are over. Begin a new one.")
        began, ranked = self._once(state, f"issue {state.round}", repr(now))
        issued = replace(state, issued=float(began), ranked=ranked)
        return Round(self._signer.sign(issued), state.round + 1, self._prompt(state), ranked)

    def judge(
        self, token: str, image: str | None, now: float, read: Callable[[str], dict[str, float]], *, final: bool = False
    ) -> Verdict:
        """Whether the drawing is read as the prompt.

        Args:
            token: of a round; spent once the drawing is read, the time is up, or `final` says that it is the last.
            image: the drawing as it was sent; None where there is none.
            now: when it came.
            read: the probabilities of a mode's labels in the drawing.
        """
        state = self._signer.open(token, under_way=True)
        digest = hashlib.sha256((image or "").encode()).hexdigest()
        if standing := self._find(state):
            return self._verdict(state, standing, digest)
        seconds = rules.counted(now - state.issued)
        in_time = seconds <= self.length
        recognised = bool(image and in_time and rules.is_read(read(state.mode), self._prompt(state)))
        if in_time and not (recognised or final):
            return Verdict(over=False, seconds=seconds, total=state.points, ranked=state.ranked)
        points = rules.points(seconds, self.length) if recognised else 0
        outcome = {"digest": digest, "recognised": recognised, "seconds": min(seconds, self.length), "points": points}
        standing, ranked = self._once(state, f"judge {state.round}", json.dumps(outcome))
        return self._verdict(replace(state, ranked=ranked), standing, digest)

    def enter(self, token: str, nickname: str) -> tuple[int | None, list[Score]]:
        """Put a game on the leaderboard: its place, from 1, or None where too many are better; and the leaderboard.

        nickname: as `nicknames.checked` gives it.
        """
        state = self._signer.open(token, under_way=False)
        if state.round < rules.ROUNDS:
            raise NotNow(
                f"Only {state.round} of {rules.ROUNDS} rounds of this game are over. Play it to its end first."
            )
        if not state.ranked:
            raise NotNow("The leaderboard could not be reached during this game, so it cannot be on it.")
        try:
            with self._store() as store:
                if not store.add(Score(state.id, datetime.now(UTC), state.mode, nickname, state.points)):
                    raise Used("This game is on the leaderboard already.")
        except StoreUnavailable as error:
            raise LeaderboardUnavailable(error.retry_after) from error
        scores = self.scores(state.mode)
        return next((place for place, score in enumerate(scores, 1) if score.game == state.id), None), scores

    def scores(self, mode: str) -> list[Score]:
        """The leaderboard, the highest first. Raises LeaderboardUnavailable."""
        try:
            with self._store() as store:
                return store.best(mode)
        except StoreUnavailable as error:
            raise LeaderboardUnavailable(error.retry_after) from error

    def _prompt(self, state: State) -> str:
        return rules.prompts(self._signer.seed(state.id), state.mode)[state.round]

    def _once(self, state: State, step: str, value: str) -> tuple[str, bool]:
        """What stands written for a step, and whether the game is still ranked."""
        if not state.ranked:
            return value, False  # nor is the store waited for again
        try:
            with self._store() as store:
                if step == "issue 0":
                    store.forget_steps()
                return store.once(state.id, step, value), True
        except StoreUnavailable:
            return value, False

    def _find(self, state: State) -> str | None:
        """What a round was judged as before."""
        if not state.ranked:
            return None
        try:
            with self._store() as store:
                return store.find(state.id, f"judge {state.round}")
        except StoreUnavailable:
            return None

    def _verdict(self, state: State, standing: str, digest: str) -> Verdict:
        outcome = json.loads(standing)
        if outcome.pop("digest") != digest:
            raise Used("This round was judged already, by another drawing. Ask for the next one.")
        total = state.points + outcome["points"]
        after = replace(state, round=state.round + 1, points=total, issued=None)
        return Verdict(over=True, **outcome, game=self._signer.sign(after), total=total, ranked=state.ranked)
