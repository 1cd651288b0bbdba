from math import comb

import numpy as np
import pytest

from app.training.gate import FEW, FEWEST, LEVEL, Paired, decide, power, tail

BETTER = Paired(n=200, fixed=12, broken=2)
SAME = {"MNIST test": Paired(10_000, 3, 3), "drawings": Paired(900, 2, 2)}


def test_pairs_count_what_only_one_of_both_reads():
    champion = np.array([True, True, False, False, True])
    challenger = np.array([True, False, True, True, True])
    paired = Paired.of(champion, challenger, np.zeros(5, int))
    assert (paired.n, paired.fixed, paired.broken) == (5, 2, 1)
    assert Paired.of(*np.zeros((3, 0), bool)) == Paired(n=0, fixed=0, broken=0)


def test_every_class_weighs_the_same_but_those_of_few_pictures_nothing():
    classes = np.repeat([0, 1, 2], [100, 25, FEW - 1])
    champion = np.arange(len(classes)) % 2 == 0
    challenger = np.where(classes == 0, champion, ~champion)
    challenger[classes == 1] = champion[classes == 1]
    challenger[100:105] = False  # of class 1 two or three are broken
    paired = Paired.of(champion, challenger, classes)
    assert paired.balanced_gain == pytest.approx(-champion[100:105].sum() / 25 / 2)
    share = champion[100:105].sum() / 25
    assert paired.balanced_error == pytest.approx((share * (1 - share) / 25) ** 0.5 / 2)


@pytest.mark.parametrize(("fixed", "broken", "p"), [(5, 0, 1 / 32), (0, 0, 1), (1, 1, 0.75), (9, 3, 0.072998046875)])
def test_p_is_that_of_mcnemars_exact_test_one_sided(fixed, broken, p):
    assert Paired(100, fixed, broken).p_better == pytest.approx(p)
    assert Paired(100, broken, fixed).p_worse == pytest.approx(p)


def test_tail_is_the_binomials():
    assert tail(0, 7) == 1
    assert tail(7, 7) == 1 / 2**7
    assert tail(3, 5) == (comb(5, 3) + comb(5, 4) + 1) / 32


def test_fewest_is_the_least_that_can_be_significant():
    assert Paired(100, FEWEST, 0).p_better < LEVEL <= Paired(100, FEWEST - 1, 0).p_better


def test_better_on_feedback_and_not_worse_elsewhere_is_promoted():
    decision = decide(BETTER, SAME)
    assert decision.promoted
    assert "12 fixed, 2 broken of 200" in decision.reasons[0]


def test_better_by_what_chance_gives_is_not_promoted():
    assert not decide(Paired(200, 6, 3), SAME).promoted


@pytest.mark.parametrize(
    "harm",
    [
        {"MNIST test": Paired(10_000, 5, 16)},  # significant, and 0.11 points
        {"MNIST test": Paired(10_000, 40, 55)},  # 0.15 points, though not significant
        {"drawings": Paired(900, 4, 7)},  # 0.33 points, though not significant
        {"drawings": Paired(90_000, 100, 140)},  # 0.04 points, though significant
        {"drawings": Paired(900, 9, 2, -0.004, 0.002)},  # better by guessing the commoner classes
    ],
)
def test_worse_on_one_base_test_is_not_promoted(harm):
    decision = decide(BETTER, SAME | harm)
    assert not decision.promoted
    assert f"Worse on {next(iter(harm))}" in " ".join(decision.reasons)


def test_a_loss_within_chance_and_tolerance_is_borne():
    borne = {"MNIST test": Paired(10_000, 3, 8, -0.0005, 0.0005), "drawings": Paired(900, 3, 5, -0.004, 0.003)}
    assert decide(BETTER, borne).promoted


def test_power_is_how_often_the_gate_notices():
    rng = np.random.default_rng(1)
    n, fixed, broken = 150, 0.08, 0.02
    draws = rng.multinomial(n, [fixed, broken, 1 - fixed - broken], size=4000)
    noticed = np.mean([Paired(n, *draw[:2]).p_better < LEVEL for draw in draws.tolist()])
    assert power(n, fixed, broken) == pytest.approx(noticed, abs=0.025)


def test_equal_models_are_promoted_at_most_as_often_as_the_level_says():
    for n in (20, 200, 1000):
        assert power(n, 0.03, 0.03) <= LEVEL
