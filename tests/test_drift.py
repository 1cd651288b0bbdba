import pytest

from app import drift
from app.drift import MOVED, OTHER, SAME, TOO_FEW, LiveAnswers, shift
from app.feedback.summary import Recent
from app.feedback.tally import Tally


def tally(answers: list[tuple[str, float]]) -> Tally:
    found = Tally()
    for label, confidence in answers:
        found.add(label, confidence)
    return found


def test_index_is_that_of_the_textbook():
    """(0.5 - 0.6) ln(0.5 / 0.6) + (0.5 - 0.4) ln(0.5 / 0.4) = 0.0405, but for the half answers that are added."""
    assert shift([60_000, 40_000], [50_000, 50_000]).index == pytest.approx(0.04055, abs=1e-4)


def test_same_shares_are_no_shift_whatever_their_number():
    assert shift([6000, 4000], [60, 40]) == drift.Shift(pytest.approx(0, abs=1e-3), SAME)


@pytest.mark.parametrize(("found", "says"), [([50, 50], SAME), ([65, 35], MOVED), ([80, 20], OTHER)])
def test_bounds_are_the_usual_ones(found, says):
    many = [100 * count for count in found]
    assert shift([4800, 5200], many).says == says


def test_small_numbers_say_nothing_of_what_chance_explains():
    expected = [100] * 10
    uneven = [9, 3, 5, 8, 2, 7, 6, 3, 4, 8]
    assert shift(expected, uneven).index > drift.SOMEWHAT
    assert shift(expected, uneven).says == SAME
    assert shift(expected, [100 * count for count in uneven]).says == MOVED


def test_few_answers_are_not_judged():
    assert shift([1000, 1000], [0, drift.FEWEST - 1]).says == TOO_FEW
    assert shift([100] * 62, [60] + [0] * 61).says == TOO_FEW  # not one label of which five could be expected


@pytest.mark.parametrize(("share", "freedom", "quantile"), [(0.95, 1, 3.841), (0.95, 14, 23.685), (0.99, 61, 89.591)])
def test_quantiles_of_chi_square_are_near_those_of_the_tables(share, freedom, quantile):
    assert drift.chi_square_quantile(share, freedom) == pytest.approx(quantile, rel=0.03)


def test_what_a_card_measured_on_drawings_is_taken_together(recognizer):
    for card in recognizer.cards.values():
        tests = [test for name, test in card["tests"].items() if name.startswith("drawings")]
        found, accuracy = drift.measured_answers(card)
        assert found.n == sum(found.labels.values()) == sum(test["n"] for test in tests)
        assert accuracy == pytest.approx(sum(test["n"] * test["accuracy"] for test in tests) / found.n, abs=1e-3)
        assert 0.5 < found.mean_confidence < 1


def test_feedback_and_live_answers_of_the_version_that_serves_stand_beside_its_card(app, recognizer):
    version, live = recognizer.cards["digit"]["version"], LiveAnswers(app)
    unsure = tally([("3", 0.2)] * 80)
    recent = [Recent(7, "digit", version, 30, 10, unsure), Recent(7, "digit", "another", 1, 0, tally([("3", 0.9)]))]
    live._add(app, mode="digit", version=version, label="3", confidence=0.9)
    found = next(one for one in drift.compare(recognizer.cards, recent, live) if one.mode == "digit")
    card, week, now = found.samples
    assert card.confidence is None
    assert (week.n, week.right, week.mean_confidence) == (80, 0.75, pytest.approx(0.2))
    assert week.low < 0.75 < week.high
    assert (week.confidence.says, week.labels.says) == (OTHER, OTHER)
    assert (now.n, now.right, now.confidence.says) == (1, None, TOO_FEW)


def test_card_without_such_tests_leaves_nothing_to_compare_with(app, recognizer):
    cards = {mode: card | {"tests": {}} for mode, card in recognizer.cards.items()}
    found = drift.compare(cards, [], LiveAnswers(app))
    assert [[one.confidence for one in each.samples] for each in found] == [[None]] * 3


def test_live_answers_begin_anew_with_another_version(app):
    live = LiveAnswers(app)
    for version in ("v1", "v1", "v2"):
        live._add(app, mode="any", version=version, label="a", confidence=0.5)
    assert (live.of("any", "v1").n, live.of("any", "v2").n) == (0, 1)
