import pytest

from app.certainty import isotonic, sure_from


def card(*points, name="drawings by unseen writers, neat") -> dict:
    """Of a model with one test; a point is confidence, how many answers had it, and how many of them were right."""
    return {"tests": {name: {"reliability": [{"confidence": c, "n": n, "accuracy": k / n} for c, n, k in points]}}}


def test_isotonic_regression_leaves_what_rises_and_pools_what_falls():
    assert isotonic([0.1, 0.5, 0.9], [1, 1, 1]) == [0.1, 0.5, 0.9]
    assert isotonic([0.2, 0.8, 0.4, 0.9], [5, 1, 3, 2]) == pytest.approx([0.2, 0.5, 0.5, 0.9])
    assert isotonic([3, 2, 1], [1, 1, 1]) == [2, 2, 2]


def test_sure_begins_where_answers_are_more_often_right_than_wrong():
    assert sure_from(card((0.3, 10, 1), (0.5, 10, 4), (0.7, 10, 6), (0.9, 10, 9))) == 0.7


def test_a_lucky_few_do_not_count_against_many():
    assert sure_from(card((0.3, 1, 1), (0.5, 50, 10), (0.7, 10, 6))) == 0.7


def test_several_tests_of_drawings_count_together():
    tests = card((0.4, 10, 9), (0.8, 10, 9))["tests"] | card((0.5, 90, 0), name="drawings of others")["tests"]
    assert sure_from({"tests": tests}) == 0.8


def test_scans_say_nothing_of_drawings():
    assert sure_from(card((0.9, 10, 0), name="MNIST test")) == 0.5


def test_a_model_that_is_never_more_right_than_wrong_is_never_sure():
    assert sure_from(card((0.5, 10, 5), (0.9, 10, 5))) == 1.0


@pytest.mark.parametrize("unmeasured", [{}, {"tests": {}}, {"tests": {"drawings": {"accuracy": 1.0}}}])
def test_without_a_curve_confidence_is_taken_at_its_word(unmeasured):
    assert sure_from(unmeasured) == 0.5


def test_every_shipped_model_is_sure_somewhere_between_even_odds_and_certainty(recognizer):
    for served in recognizer.cards.values():
        assert 0.4 < sure_from(served) < 0.95
