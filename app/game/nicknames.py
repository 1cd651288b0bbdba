"""Nicknames, which are strangers' and which everybody reads."""

import re
import unicodedata

from app.game.errors import NicknameRefused
from app.game.profanity import insults

LONGEST = 16  # characters
OTHERS = " .-_'’"
MARKS_IN_A_ROW = 2  # as scripts need them that put vowels above letters; more make towers


def checked(text: str) -> str:
    """The nickname as it is kept: composed (NFKC), spaces single. Raises NicknameRefused."""
    nickname = " ".join(unicodedata.normalize("NFKC", text[: 4 * LONGEST]).split())
    received = f"Received: {nickname[:LONGEST]!r}"
    if not nickname or len(nickname) > LONGEST or len(text) > 4 * LONGEST:
        raise NicknameRefused(f"A nickname has 1 to {LONGEST} characters. {received}")
    kinds = "".join(unicodedata.category(character)[0] for character in nickname)
    strange = [character for character, kind in zip(nickname, kinds, strict=True) if not _is_fine(character, kind)]
    if strange or not re.match("[LN]", kinds) or "M" * (MARKS_IN_A_ROW + 1) in kinds:
        raise NicknameRefused(
            f"A nickname begins with a letter or a digit, and has besides those only spaces and . - _ '. {received}"
        )
    if insults(nickname):
        raise NicknameRefused("This nickname may hurt somebody. Choose another.")
    return nickname


def _is_fine(character: str, kind: str) -> bool:
    return kind in "LM" or character.isdecimal() or character in OTHERS
