from app.training import report


def test_the_page_on_the_models_is_what_their_cards_say():
    assert (report.ROOT / "doc" / "models.md").read_text(encoding="utf-8") == report.page(report.cards())


def test_the_readmes_figures_are_what_the_cards_say():
    readme = (report.ROOT / "README.md").read_text(encoding="utf-8")
    assert report.with_summary(readme, report.cards()) == readme


def test_pairs_are_listed_from_the_most_confused():
    card = {"labels": ["a", "b"], "tests": {"t": {"confusion": [[5, 1], [3, 9]]}}}
    assert report.most_confused(card, "t") == "b read as a 3, a read as b 1"
