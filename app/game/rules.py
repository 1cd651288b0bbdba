"""The rules: prompts of a mode, each to be drawn so that it is read, the sooner the better."""

import random
from string import ascii_letters, digits

from app.recognition.alike import alike

ROUNDS = 6
POOLS = {"digit": (digits,), "character": (ascii_letters,), "any": (digits, ascii_letters)}  # equally many of each
MAJORITY = 0.5
NETWORK = 1.0  # seconds that count for nobody: what a question and its answer take on a slow phone
FASTEST, SLOWEST = 1000, 100  # points


def prompts(seed: bytes, mode: str) -> list[str]:
    """The labels to be drawn in the game of this seed, one for each of ROUNDS; no two of them look alike."""
    chance, chosen = random.Random(seed), []
    for pool in POOLS[mode]:
        wanted = len(chosen) + ROUNDS // len(POOLS[mode])
        for label in chance.sample(pool, len(pool)):
            if len(chosen) < wanted and alike(label).isdisjoint(chosen):
                chosen.append(label)
    chance.shuffle(chosen)
    return chosen


def is_read(probabilities: dict[str, float], prompt: str) -> bool:
    """Whether the accepted labels together are likelier than everything else together."""
    return sum(probabilities.get(label, 0) for label in alike(prompt)) > MAJORITY


def counted(elapsed: float) -> float:
    """The seconds that count of those between the issue of a round and its drawing, both by the server's clock."""
    return max(0.0, elapsed - NETWORK)


def points(seconds: float, length: float) -> int:
    """Of a drawing that is read after so many of the round's `length` seconds: FASTEST at once, SLOWEST at the end."""
    return round(FASTEST - (FASTEST - SLOWEST) * seconds / length)
