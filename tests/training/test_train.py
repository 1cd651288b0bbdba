"""One tiny model, trained, cut off, gone on with, converted and promoted."""

import keras
import numpy as np
import pytest

from app.recognition import versions
from app.recognition.recognizer import load_serving
from app.training import batches, train
from app.training.datasets import TEST, Corpus
from app.training.evaluate import pictures

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def run(data_folder, tmp_path_factory):
    """The models, with one for digits that was trained for seconds, and the steps at which its batches began."""
    out, checkpoints = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("checkpoints") / "digit"
    temporary = tmp_path_factory.mktemp("temporary")
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(data_folder))
        patch.setattr(train.tempfile, "tempdir", str(temporary))
        patch.setattr(train, "BATCH", 64)
        patch.setattr(train, "EPOCH", 12)
        patch.setattr(train, "WARM_UP", 4)
        patch.setattr(batches, "AGAIN", 4)
        seek = batches.Batches.seek
        patch.setattr(batches.Batches, "seek", lambda self, step: (drawn.append(step), seek(self, step)))
        options = {"steps": 36, "rate": 2e-3, "seed": 1, "precision": "mixed_bfloat16", "start": None, "keep": 0}
        options |= {"out": out, "checkpoints": checkpoints}
        with patch.context() as cut:
            cut.setattr(keras.callbacks.EarlyStopping, "on_epoch_end", cut_off)
            with pytest.raises(KeyboardInterrupt):
                train.train("digit", **options)
        train.train("digit", **options)
    assert not list(temporary.glob("inkloop-*"))
    return out, drawn


@pytest.fixture
def card(run) -> dict:
    return load_serving(run[0], "digit").card


def cut_off(self, epoch, logs=None):
    if epoch == 1:
        raise KeyboardInterrupt


def test_a_run_that_was_cut_off_goes_on_after_its_last_epoch(run):
    _, drawn = run
    assert drawn == [0, 24]


def test_a_tiny_model_learns_what_it_is_shown(card):
    assert card["tests"]["drawings by unseen writers, neat"]["accuracy"] > 0.8


def test_the_card_says_what_the_model_is_and_how_it_was_made(card):
    assert card["labels"] == list("0123456789")
    assert card["weights"] > 1_000_000
    assert card["command"].startswith("python -m app.training.train")
    assert {data["terms"] for data in card["data"]} == {"CC BY-SA 3.0", "CC BY 4.0", "public domain"}
    for test in card["tests"].values():
        assert np.shape(test["confusion"]) == (10, 10)
        assert np.sum(test["confusion"]) == test["n"]


def test_litert_reads_as_keras_does(run, data_folder):
    served = load_serving(run[0], "digit")
    trained = keras.saving.load_model(versions.serving(run[0], "digit") / "model.keras")
    inputs, _, _ = pictures(Corpus(data_folder).mnist, TEST, "digit")
    inks = inputs / np.float32(255)
    logits = np.asarray(trained(inks[..., None])) / served.card["temperature"]
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert np.abs(served.predict(inks) - expected).max() < 0.03
    assert (served.predict(inks).argmax(1) == expected.argmax(1)).mean() > 0.97


@pytest.mark.parametrize(
    ("named", "means"), [("digit", "{models}/digit/{version}/model.keras"), ("any.keras", "any.keras")]
)
def test_start_is_a_mode_whose_model_serves_or_a_file(run, monkeypatch, named, means):
    asked = {}
    monkeypatch.setattr(train, "train", lambda mode, **options: asked.update(options))
    monkeypatch.setattr("sys.argv", ["train", "any", "--start", named, "--out", str(run[0])])
    train.main()
    version = versions.serving(run[0], "digit").name
    assert str(asked["start"]) == means.format(models=run[0], version=version)


def test_start_from_a_mode_that_nobody_trained_is_refused(run, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["train", "any", "--start", "character", "--out", str(run[0])])
    with pytest.raises(SystemExit):
        train.main()
    assert "character/current cannot be read" in capsys.readouterr().err
