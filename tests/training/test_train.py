"""One tiny model, trained, cut off, gone on with, converted and served."""

import json

import keras
import numpy as np
import pytest

from app.recognition.recognizer import Model
from app.training import batches, train
from app.training.datasets import TEST, Corpus
from app.training.evaluate import pictures


@pytest.fixture(scope="module")
def run(data_folder, tmp_path_factory):
    """The folder of a digit model that was trained for seconds, and the steps at which its batches began."""
    out, checkpoints = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("checkpoints") / "digit"
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(data_folder))
        patch.setattr(train, "BATCH", 64)
        patch.setattr(train, "EPOCH", 12)
        patch.setattr(train, "WARM_UP", 4)
        patch.setattr(batches, "AGAIN", 4)
        seek = batches.Batches.seek
        patch.setattr(batches.Batches, "seek", lambda self, step: (drawn.append(step), seek(self, step)))
        options = {"steps": 36, "rate": 2e-3, "seed": 1, "precision": "mixed_bfloat16", "start": None, "keep": 0}
        options |= {"out": out / "digit", "checkpoints": checkpoints}
        with patch.context() as cut:
            cut.setattr(keras.callbacks.EarlyStopping, "on_epoch_end", cut_off)
            with pytest.raises(KeyboardInterrupt):
                train.train("digit", **options)
        train.train("digit", **options)
    return out, drawn


def cut_off(self, epoch, logs=None):
    if epoch == 1:
        raise KeyboardInterrupt


def test_a_run_that_was_cut_off_goes_on_after_its_last_epoch(run):
    _, drawn = run
    assert drawn == [0, 24]


def test_a_tiny_model_learns_what_it_is_shown(run):
    card = json.loads((run[0] / "digit" / "card.json").read_text())
    assert card["tests"]["drawings by unseen writers, neat"]["accuracy"] > 0.8


def test_the_card_says_what_the_model_is_and_how_it_was_made(run):
    card = json.loads((run[0] / "digit" / "card.json").read_text())
    assert card["labels"] == list("0123456789")
    assert card["weights"] > 1_000_000
    assert card["command"].startswith("python -m app.training.train")
    assert {data["terms"] for data in card["data"]} == {"CC BY-SA 3.0", "CC BY 4.0", "public domain"}
    for test in card["tests"].values():
        assert np.shape(test["confusion"]) == (10, 10)
        assert np.sum(test["confusion"]) == test["n"]


def test_litert_reads_as_keras_does(run, data_folder):
    served = Model(run[0], "digit")
    trained = keras.saving.load_model(run[0] / "digit" / "model.keras")
    inputs, _, _ = pictures(Corpus(data_folder).mnist, TEST, "digit")
    inks = inputs / np.float32(255)
    logits = np.asarray(trained(inks[..., None])) / served.card["temperature"]
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.abs(served.predict(inks) - expected).max() < 0.03
    assert (served.predict(inks).argmax(1) == expected.argmax(1)).mean() > 0.97
