import numpy as np
import pytest

from app.training.reliability import BINS, calibration_error, reliability


def test_probabilities_that_come_true_as_often_as_they_say_have_no_calibration_error():
    confidences = np.repeat([0.75, 0.5], 400)
    correct = np.concatenate([np.arange(400) % 4 > 0, np.arange(400) % 2 > 0])
    assert calibration_error(reliability(confidences, correct)) == pytest.approx(0)
    assert calibration_error(reliability(np.ones(800), correct)) == pytest.approx(0.375)


def test_a_curve_has_a_point_for_each_bin_that_holds_answers_from_the_lowest():
    curve = reliability(np.array([0.99, 0.3, 0.29, 1.0, 0.95]), np.array([True, True, False, True, False]))
    assert [one["n"] for one in curve] == [2, 3]
    assert [one["confidence"] for one in curve] == pytest.approx([0.295, 0.98])
    assert [one["accuracy"] for one in curve] == pytest.approx([1 / 2, 2 / 3])


def test_every_answer_is_in_one_bin():
    confidences = np.linspace(0, 1, 1001)
    curve = reliability(confidences, confidences > 0.5)
    assert len(curve) == BINS
    assert sum(one["n"] for one in curve) == 1001
