import pytest

from app.game.errors import NicknameRefused
from app.game.nicknames import LONGEST, checked
from app.game.profanity import insults


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ada", "Ada"),
        ("  Ada   L. ", "Ada L."),
        ("x", "x"),
        ("x" * LONGEST, "x" * LONGEST),
        ("D'Arcy-9_b", "D'Arcy-9_b"),
        ("Zoe\u0308", "Zoë"),
        ("王小明", "王小明"),
        ("हिन्दी", "हिन्दी"),
        ("Ａｄａ", "Ada"),
        ("Scunthorpe", "Scunthorpe"),
        ("Essex pass", "Essex pass"),
        ("Dick", "Dick"),
        ("push it", "push it"),
    ],
)
def test_a_nickname_is_kept_composed_and_trimmed(text, kept):
    assert checked(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * (LONGEST + 1),
        "x" * 100_000,
        " " * 100_000,
        "<b>x</b>",
        "a\nb\0",
        "a\u202eb",
        "a\u200bb",
        "=1+1",
        "-x",
        "a😀",
        "a" + "\u0316" * 5,
        "\u0301a",
        "\ud800",
        "²",
    ],
)
def test_what_is_no_nickname_is_refused_in_short_words(text):
    if text == "²":  # composed, it is a digit
        assert checked(text) == "2"
        return
    with pytest.raises(NicknameRefused, match="Received: ") as raised:
        checked(text)
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    "text", ["fuck", "FUUUCK", "f.u.c.k", "f u c k", "sh1t", "5h1t", "xX_fuck_Xx", "ѕhіt", "ﬀuck", "Hitler88", "Fötze"]
)
def test_an_insult_is_refused_also_in_disguise(text):
    assert insults(text)
    with pytest.raises(NicknameRefused, match="may hurt"):
        checked(text)


@pytest.mark.parametrize(
    "text", ["grape", "Therapist", "class", "Niger", "Maputo", "Nazim", "Hancock", "title", "Essex"]
)
def test_a_word_within_another_insults_nobody(text):
    assert not insults(text)
