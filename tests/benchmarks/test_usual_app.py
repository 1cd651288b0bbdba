import numpy as np
import pytest

from benchmarks import cache
from benchmarks.drawings import by_hand
from benchmarks.usual_network import LABELS, build, load
from tests.drawings import data_url, draw


@pytest.fixture
def app():
    from benchmarks.usual_app import app

    return app.test_client()


def test_usual_app_takes_the_drawings_that_ours_takes(app):
    for drawing in by_hand(1, np.random.default_rng(1)):
        answer = app.post("/api/predict", data=drawing.body, content_type="application/json").get_json()
        assert answer["prediction"] in LABELS[drawing.mode]
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert list(answer["probabilities"]) == list(LABELS[drawing.mode])


def test_usual_app_reads_light_and_dark_paper_as_one(app):
    from benchmarks.usual_app import prepare

    light, dark = (prepare(data_url(draw("3", ink=ink, paper=255 - ink))) for ink in (0, 255))
    assert light.shape == (1, 28, 28, 1)
    assert light[0, 0, 0, 0] == 0
    np.testing.assert_allclose(light, dark, atol=0.01)


def test_usual_network_is_the_one_it_is_said_to_be():
    kinds = {"Conv2D": "Conv", "MaxPooling2D": "Pool", "BatchNormalization": "BN", "Dropout": "Drop"}
    names = []
    for layer in build(10).layers:
        name = kinds.get(type(layer).__name__, type(layer).__name__)
        if name == "Conv":
            name += str(layer.filters) + ("/5s2" if (layer.kernel_size, layer.strides) == ((5, 5), (2, 2)) else "")
        names.append(name)
    assert "-".join(names) == (
        "Conv32-Pool-Conv32-BN-Conv32/5s2-BN-Drop-Conv64-BN-Conv64-BN-Conv64/5s2-BN-Drop-Flatten-Drop-Dense-Softmax"
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")  # Keras, of TensorFlow
def test_trained_network_is_loaded_where_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "CACHE", tmp_path)
    trained = build(10)
    trained.save(cache.usual_model("digit"))
    inputs = np.random.default_rng(1).random((2, 28, 28, 1), np.float32)
    np.testing.assert_allclose(load("digit")(inputs), trained(inputs), rtol=1e-6)
    assert load("character")(inputs).shape == (2, 52)
