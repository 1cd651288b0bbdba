"""What the game refuses; each says how HTTP answers it.

GameError
├── TokenUnknown             400
├── NicknameRefused          400
├── Used                     409
├── NotNow                   409
├── TokenExpired             410
└── LeaderboardUnavailable   503
"""


class GameError(ValueError):
    """`status` is HTTP's; the message tells what is wrong and what to do."""

    status: int
    retry_after: int | None = None  # seconds


class TokenUnknown(GameError):
    status = 400

    def __init__(self):
        super().__init__("This token was not given out by this server, or not for this. Begin a new game.")


class NicknameRefused(GameError):
    status = 400


class Used(GameError):
    """A one-use token came back with something else."""

    status = 409


class NotNow(GameError):
    """The game is not at the point where this can be done."""

    status = 409


class TokenExpired(GameError):
    status = 410

    def __init__(self):
        super().__init__("This game is too old to go on. Begin a new one.")


class LeaderboardUnavailable(GameError):
    status = 503

    def __init__(self, retry_after: int):
        super().__init__(
            f"The leaderboard cannot be reached now. Try again in {retry_after} s; games go on without it."
        )
        self.retry_after = retry_after
