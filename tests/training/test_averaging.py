import numpy as np
import pytest

from app.training.averaging import average
from app.training.networks import build


@pytest.fixture
def inputs():
    return np.random.default_rng(1).random((64, 28, 28, 1), np.float32)


def test_the_average_holds_the_kept_share_of_the_start(inputs):
    model, start = build(10), build(10)
    own, theirs = (network.get_layer("logits").kernel.numpy() for network in (model, start))
    average(model, start, 0.25, [inputs])
    assert np.allclose(model.get_layer("logits").kernel, 0.75 * own + 0.25 * theirs)


def test_normalisation_is_measured_anew_on_the_batches(inputs):
    model, start = build(10), build(10)
    average(model, start, 0.5, [inputs[:32], inputs[32:]])
    stem = model.get_layer("stem_normalisation")
    seen = model.get_layer("stem_convolution")(inputs).numpy()
    assert np.allclose(stem.moving_mean, seen.mean((0, 1, 2)), atol=1e-5)
    assert stem.momentum == pytest.approx(0.97)
