import keras
import numpy as np
import pytest

from app.training.networks import SMOOTHING, accuracy, adopt, build, either_label_loss


def softmax_loss(logits: np.ndarray, labels: list[int]) -> float:
    """-log of the labels' probability, smoothed, for one row, in NumPy."""
    log_probabilities = logits - np.log(np.exp(logits).sum())
    either = np.log(np.exp(log_probabilities[labels]).sum())
    return -(1 - SMOOTHING) * either - SMOOTHING * log_probabilities.mean()


@pytest.mark.parametrize("labels", [[2], [0, 3]])
def test_the_loss_is_that_of_either_label(labels):
    logits = np.random.default_rng(0).normal(size=(1, 5)).astype(np.float32)
    targets = np.zeros((1, 5), np.float32)
    targets[0, labels] = 1
    assert float(either_label_loss(targets, logits)[0]) == pytest.approx(softmax_loss(logits[0], labels), rel=1e-5)


def test_an_unknown_case_pulls_neither_way():
    logits = keras.Variable([[0.5, 0.5, -1.0]])
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = either_label_loss(np.array([[1, 1, 0]], np.float32), logits.value)
    first, second, third = np.asarray(tape.gradient(loss, logits.value))[0]
    assert first == pytest.approx(second)
    assert first < 0 < third


def test_accuracy_counts_either_label():
    targets = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32)
    logits = np.array([[0, 2, 1], [0, 1, 2], [0, 1, 2]], np.float32)
    assert np.asarray(accuracy(targets, logits)).tolist() == [1, 0, 1]


def test_a_saved_model_gives_the_same_answers(tmp_path):
    model, inks = build(10), np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    model.save(tmp_path / "model.keras")
    assert np.allclose(keras.saving.load_model(tmp_path / "model.keras")(inks), model(inks), atol=1e-6)


def test_another_modes_layers_are_adopted_but_for_its_labels():
    model, other = build(10), build(52)
    labels = model.get_layer("logits").get_weights()[0].copy()
    assert adopt(model, other) == sum(1 for layer in model.layers if layer.weights) - 1
    assert (
        model.get_layer("whole_convolution").get_weights()[0] == other.get_layer("whole_convolution").get_weights()[0]
    ).all()
    assert (model.get_layer("logits").get_weights()[0] == labels).all()
