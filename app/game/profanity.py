"""Whether a short text insults, in the words that are likeliest to be tried. What gets through, the owner removes."""

import re
import unicodedata
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_suffix(".txt")  # a * stands for anything
LOOKS_LIKE = str.maketrans("0345789авеікмнорстухѕɑ", "oeastbgabeikmhopctyxsa")


def insults(text: str) -> bool:
    """Also where letters are doubled, spaced out, or others that look like them."""
    plain = _plain(text)
    resembled = plain.translate(LOOKS_LIKE)
    return any(_is_insulting(variant) for variant in (plain, resembled.replace("1", "i"), resembled.replace("1", "l")))


def _is_insulting(plain: str) -> bool:
    words = [re.sub(r"[\W_]", "", word) for word in plain.split()]
    spaced_out = "".join(word for word in words if len(word) == 1)
    return any(_patterns().fullmatch(word) for word in [*words, spaced_out])


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@cache
def _patterns() -> re.Pattern:
    """Matches each word of WORDS, also where its letters come more often than it is written."""
    words = _plain(WORDS.read_text(encoding="utf-8")).split()
    return re.compile("|".join(re.sub(r"(.)\1*", _or_more, word) for word in words))


def _or_more(run: re.Match) -> str:
    return ".*" if run[1] == "*" else f"{run[1]}{{{len(run[0])},}}"
