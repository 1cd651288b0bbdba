import numpy as np
import pytest

from app.recognition.recognizer import softmax
from app.training.datasets import ALL, TEST
from app.training.evaluate import class_weights, figures, fit_calibration, pictures


def said(*labels: str) -> np.ndarray:
    """Probabilities, all but sure, of these answers."""
    rows = np.full((len(labels), len(ALL)), 1e-4)
    rows[np.arange(len(labels)), [ALL.index(label) for label in labels]] = 1 - 1e-4 * (len(ALL) - 1)
    return rows


def true(labels: str) -> np.ndarray:
    return np.array([ALL.index(label) for label in labels])


def test_figures_tell_case_errors_from_others():
    found = figures(said("a", "A", "c", "x"), true("aaCb"), "any")
    assert found["accuracy"] == 0.25  # a
    assert found["merged"] == 0.5  # and C, which looks like c
    assert found["caseless"] == 0.75  # and A, which does not look like a
    assert found["confusion"][ALL.index("C")][ALL.index("c")] == 1
    assert np.sum(found["confusion"]) == 4


def test_every_class_counts_the_same_in_the_class_mean():
    assert figures(said("1", "1", "1", "7"), true("1112"), "any")["class_mean"] == 0.5


def test_the_curve_and_its_error_are_those_of_the_most_probable_label():
    found = figures(said("1", "1", "1", "7"), true("1112"), "any")
    sure = 1 - 1e-4 * (len(ALL) - 1)
    assert found["reliability"] == [{"n": 4, "confidence": pytest.approx(sure, abs=1e-4), "accuracy": 0.75}]
    assert found["calibration_error"] == pytest.approx(sure - 0.75, abs=1e-4)


def drawn_labels(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One-hot labels, as likely as the logits say."""
    return np.eye(logits.shape[1])[[rng.choice(logits.shape[1], p=row / row.sum()) for row in softmax(logits)]]


def test_the_temperature_that_was_applied_is_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20000, 10)) * 2
    temperature, biases = fit_calibration(logits * 1.6, drawn_labels(logits, rng), np.ones(len(logits)))
    assert temperature == pytest.approx(1.6, rel=0.05)
    assert np.abs(biases).max() < 0.1


def test_a_class_that_is_read_too_often_is_held_back():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20000, 4)) * 2
    biased = logits + np.array([0.5, 0, 0, 0])
    _, biases = fit_calibration(biased, drawn_labels(logits, rng), np.ones(len(logits)))
    assert biases[0] - biases[1:].mean() == pytest.approx(-0.5, abs=0.1)


def test_class_weights_make_every_class_weigh_the_same():
    targets = np.eye(3)[[0, 0, 0, 1, 2, 2]]
    assert (class_weights(targets) @ targets).tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("style", ["neat", "free"])
def test_a_test_holds_every_picture_of_its_split_and_mode(corpus, style):
    inputs, labels, alternatives = pictures(corpus.unipen, TEST, "character", style)
    assert inputs.shape == (12, 28, 28)
    assert {ALL[label] for label in labels} == {"A", "H", "e"}
    assert (labels == alternatives).all()
