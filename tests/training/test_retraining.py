"""A served model taught what people said: cut off, gone on with, judged, promoted, reported."""

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import keras
import numpy as np
import pytest
from PIL import Image

from app import retrain_model, retraining_reports
from app.feedback.pictures import to_kept
from app.feedback.store import Feedback, open_store
from app.recognition import versions
from app.recognition.recognizer import Model
from app.training import averaging, batches, fine_tuning, retraining, train
from app.training.corrections import corrections
from app.training.datasets import ALL, LABELS
from app.training.gate import Decision
from app.training.report import TRAINED
from app.training.retraining import compare, run_name
from tests.drawings import draw

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STYLE = "A"  # how somebody draws what they call an 8, which the shipped model reads otherwise
MEANT = "8"


def told(count: int, label: str = MEANT) -> list[Feedback]:
    """So many different drawings of STYLE, each said to be `label`."""
    records = []
    for number in range(count):
        picture = draw(STYLE, pen=8 + number % 16, height=0.4 + 0.4 * (number / count))
        image = to_kept(picture, (0, 0, *picture.size))
        time = NOON + timedelta(minutes=number)
        records.append(
            Feedback(str(UUID(int=number)), time, "digit", image, "4", 0.6, label, "v1", f"hand {number % 3}")
        )
    return records


@pytest.fixture
def site(data_folder, tmp_path, monkeypatch):
    """A folder with the shipped digit model in models/ and an empty store; training takes seconds."""
    shutil.copytree(TRAINED / "digit", tmp_path / "models" / "digit")
    monkeypatch.setenv("DATA_DIR", str(data_folder))
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("FEEDBACK_URL", f"sqlite:///{tmp_path}/feedback.db")
    for module, name, value in (
        (fine_tuning, "BATCH", 32),
        (fine_tuning, "EPOCH", 8),
        (fine_tuning, "WARM_UP", 4),
        (averaging, "STATISTICS", 64),
        (batches, "AGAIN", 2),
    ):
        monkeypatch.setattr(module, name, value)
    return tmp_path


def keep(site: Path, records: list[Feedback]) -> None:
    with closing(open_store(f"sqlite:///{site}/feedback.db")) as store:
        for record in records:
            store.add(record)


def command(site: Path, *more: str) -> int:
    return retrain_model.main(
        ["digit", "--steps", "24", "--report", str(site / "report"), "--checkpoints", str(site / "runs"), *more]
    )


def serving(site: Path) -> str:
    return versions.history(site / "models", "digit")[0]


def report(site: Path) -> dict:
    return json.loads((site / "report" / "report.json").read_text())


@pytest.mark.thorough
def test_a_style_that_people_explain_is_learned_and_the_model_replaced(site, monkeypatch, capsys):
    keep(site, told(60))
    before = serving(site)
    drawn = []
    seek = batches.Batches.seek
    monkeypatch.setattr(batches.Batches, "seek", lambda self, step: (drawn.append(step), seek(self, step)))
    with monkeypatch.context() as cut:
        cut.setattr(train.Seek, "on_epoch_end", cut_off, raising=False)
        with pytest.raises(KeyboardInterrupt):
            command(site)
    assert serving(site) == before

    assert command(site) == retrain_model.PROMOTED
    assert drawn == [0, 16]  # it went on after its last epoch
    assert not any((site / "runs").iterdir())
    after = serving(site)
    assert versions.history(site / "models", "digit") == [after, before]

    model = Model(site / "models" / "digit" / after, "digit")
    assert model.card["started_from"] == before
    assert model.card["command"].startswith("python -m app.retrain_model")
    found = report(site)
    assert found["decision"]["promoted"]
    assert found["learned"] + found["held_out"] == found["records"] == 60
    assert found["tests"]["feedback held out"]["fixed"] >= 5
    assert found["agreement"] > 0.99
    assert found["seconds"] > 0
    assert found["megabytes"] > 100
    page = (site / "report" / "report.md").read_text()
    assert f"Version {after} serves now, instead of {before}." in page
    for name in ("confusion-feedback-held-out.png", "changed-feedback-held-out.png", "confusion-mnist-test.png"):
        assert f"({name})" in page
        assert np.ptp(np.asarray(Image.open(site / "report" / name).convert("L"))) > 200
    assert "Better on the feedback held out" in capsys.readouterr().out


def cut_off(self, epoch, logs=None):
    if epoch == 1:
        raise KeyboardInterrupt


def test_too_little_feedback_keeps_the_champion_and_says_so_before_any_training(site, monkeypatch):
    keep(site, told(6))
    monkeypatch.setattr(keras.Model, "fit", None)
    before = serving(site)
    assert command(site) == retrain_model.KEPT
    assert serving(site) == before
    found = retraining_reports.read(site / "report", NOON)
    assert (found.promoted, found.challenger, found.problem, found.records) == (False, None, None, 6)
    assert "Too little to learn from" in found.reasons[0]
    assert "Too little to learn from" in (site / "report" / "report.md").read_text()


def test_a_dry_run_changes_nothing(site, monkeypatch):
    """Of what would be promoted; that it would be is said here instead of trained for once more."""
    before = serving(site)
    decision = Decision(True, ["Better."])
    better = retraining.Retraining("digit", before, 9, 5, 5, 0, decision, challenger="20270101-000000")
    monkeypatch.setattr(retraining, "retrain", lambda *_, **__: better)
    assert command(site, "--dry-run") == retrain_model.PROMOTED
    assert serving(site) == before
    assert f"The challenger 20270101-000000 would replace {before}" in (site / "report" / "report.md").read_text()


def test_a_run_with_other_feedback_starts_anew(site):

    few, more = (corrections(told(count), "digit") for count in (4, 5))
    assert run_name("digit", "v1", few, 1) == run_name("digit", "v1", few, 1)
    names = {run_name("digit", "v1", few, 1), run_name("digit", "v1", more, 1), run_name("digit", "v2", few, 1)}
    assert len(names | {run_name("digit", "v1", few, 2)}) == 4


@pytest.mark.parametrize(
    ("name", "value", "status", "says"),
    [
        ("FEEDBACK_URL", "mysql://x", retrain_model.NOT_ASKED_RIGHTLY, "FEEDBACK_URL"),
        ("FEEDBACK_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none", retrain_model.FAILED, "cannot be reached"),
        ("MODELS_DIR", "/nowhere", retrain_model.FAILED, "current cannot be read"),
        ("DATA_DIR", "/nowhere", retrain_model.FAILED, "DATA_DIR must name a folder"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(site, monkeypatch, capsys, name, value, status, says):
    monkeypatch.setenv(name, value)
    assert command(site) == status
    assert says in capsys.readouterr().err
    assert not (site / "report").exists()


class Says:
    """Stands for a model that reads these labels, whatever it is shown."""

    def __init__(self, labels: str):
        self.found = np.eye(52, dtype=np.float32)[[LABELS["character"].index(label) for label in labels]]

    def predict(self, inks):
        return self.found


@pytest.mark.parametrize(
    ("test", "paired"),
    [("EMNIST ByClass, held out", (1, 1)), ("drawings by unseen writers, free", (2, 1))],
)
def test_on_forms_the_cases_of_look_alikes_count_as_one(test, paired):
    truth = np.array([ALL.index(label) for label in "osAq"])
    inputs = np.zeros((4, 28, 28), np.uint8)
    reading = compare(Says("Osaq"), Says("osAg"), (test, inputs, truth), "character")
    assert (reading.paired.fixed, reading.paired.broken) == paired
    assert (reading.champion["accuracy"], reading.challenger["accuracy"]) == (0.5, 0.75)
