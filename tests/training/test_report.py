from pathlib import Path

from app.training import report

DOC = Path(__file__).parents[2] / "doc"


def test_the_page_on_the_models_is_what_their_cards_say():
    assert (DOC / "models.md").read_text(encoding="utf-8") == report.page(report.cards())


def test_pairs_are_listed_from_the_most_confused():
    card = {"labels": ["a", "b"], "tests": {"t": {"confusion": [[5, 1], [3, 9]]}}}
    assert report.most_confused(card, "t") == "b read as a 3, a read as b 1"
