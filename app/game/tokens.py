"""What a game's player holds of it between two requests: signed, so that it comes back as it was given out."""

import hmac
from dataclasses import asdict, dataclass

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from app.game.errors import TokenExpired, TokenUnknown

LIFETIME = 3600  # seconds


@dataclass(frozen=True)
class State:
    """A game between its rounds, or in one.

    id: random. round: rounds that are over. points: of those. ranked: whether each step could be written down, without
    which the game is not for the leaderboard. issued: when the round under way began, seconds since 1970, or None.
    """

    id: str
    mode: str
    round: int = 0
    points: int = 0
    ranked: bool = True
    issued: float | None = None


class Signer:
    """key: the server's secret. Whoever knows it can make scores up."""

    def __init__(self, key: str):
        self._key = key.encode()
        self._serializers = {
            under_way: URLSafeTimedSerializer(self._key, salt=f"inkloop.game.{under_way}")
            for under_way in (False, True)
        }

    def sign(self, state: State) -> str:
        return self._serializers[state.issued is not None].dumps(asdict(state))

    def open(self, token: str, *, under_way: bool) -> State:
        """The state in a token of a round that is under way, or of a game between its rounds.

        Raises TokenUnknown, TokenExpired.
        """
        try:
            return State(**self._serializers[under_way].loads(token.encode(errors="replace"), max_age=LIFETIME))
        except SignatureExpired as error:
            raise TokenExpired from error
        except BadSignature as error:
            raise TokenUnknown from error

    def seed(self, game: str) -> bytes:
        """What decides on the game's prompts, which its player cannot know beforehand."""
        return hmac.digest(self._key, f"inkloop.game.prompts {game}".encode(), "sha256")
