import pytest

from app.calibration import interval, mean_confidence, with_intervals

CURVE = [{"n": 1, "confidence": 0.25, "accuracy": 0.0}, {"n": 3, "confidence": 0.75, "accuracy": 1.0}]


def test_the_interval_is_wilsons():
    assert interval(0.9, 100) == pytest.approx((0.8256, 0.9448), abs=1e-4)


@pytest.mark.parametrize(("share", "n"), [(0.0, 1), (1.0, 1), (0.5, 2), (1.0, 10_000)])
def test_an_interval_holds_the_share_and_ends_between_0_and_1(share, n):
    low, high = interval(share, n)
    assert 0 <= low < high <= 1
    assert low - 1e-9 <= share <= high + 1e-9


def test_more_answers_make_an_interval_narrower():
    few, many = interval(0.5, 10), interval(0.5, 1000)
    assert many[1] - many[0] < few[1] - few[0]


def test_every_point_keeps_its_figures_and_gets_its_interval():
    points = with_intervals(CURVE)
    assert [{key: point[key] for key in CURVE[0]} for point in points] == CURVE
    assert (points[1]["low"], points[1]["high"]) == interval(1.0, 3)


def test_the_mean_confidence_counts_every_answer():
    assert mean_confidence(CURVE) == pytest.approx(0.625)
