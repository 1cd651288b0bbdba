import json
import os
import stat
import sys
from pathlib import Path

import pytest

from deploy import retrain
from deploy.cloud import Cloud
from tests.deploy.cloud_run import SETTINGS
from tests.deploy.recorders import Recorders

URL = "postgresql+psycopg://reader:p%40ss@db.example/feedback"
# Stands in for Python where it runs app.retrain_model: promotes a version and writes a report as that does.
TRAINER = """\
import json, os, sys
from pathlib import Path
flags = dict(part.split("=", 1) for part in sys.argv[4:])
models, report, mode = Path(flags["--models"]), Path(flags["--report"]), sys.argv[3]
(Path(__file__).parent / "said").write_text(json.dumps({"argv": sys.argv[1:4], "url": os.environ["FEEDBACK_URL"]}))
status = int(os.environ["STATUS"])
if status in (0, 3):
    (report / "report.md").write_text("# Retraining\\n\\n![a](confusion-a.png)\\n\\n![b](changed-a.png)\\n\\nAll.\\n")
    (report / "changed-a.png").write_bytes(b"a stranger's drawing")
if status == 0:
    version = models / mode / "20261201-030000"
    version.mkdir(parents=True)
    for name in ("model.tflite", "model.keras", "card.json"):
        (version / name).write_text(name)
    (models / mode / "current").write_text("20261201-030000\\n20261120-000000\\n")
sys.exit(status)
"""


@pytest.fixture
def retraining(tmp_path, monkeypatch):
    """Retrains a digit model; the trainer ends with a status. Returns the status and the folder."""
    trainer = tmp_path / "python"
    trainer.write_text(f"#!{sys.executable} -IS\n{TRAINER}")
    trainer.chmod(trainer.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(trainer))

    def run(status: int) -> tuple[int, Path]:
        monkeypatch.setenv("STATUS", str(status))
        out = tmp_path / "out"
        return retrain.retrain("digit", URL, out, models=tmp_path / "models"), out

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_promoted_model_is_left_with_its_report_and_no_strangers_drawing(retraining, tmp_path):
    status, out = retraining(retrain.PROMOTED)
    assert status == retrain.PROMOTED
    model = [f"20261201-030000/{name}" for name in ("card.json", "model.keras", "model.tflite")]
    assert names(out) == [*model, "report.md"]
    assert (out / "report.md").read_text() == "# Retraining\n\nAll.\n"
    said = json.loads((tmp_path / "said").read_text())
    assert said == {"argv": ["-m", "app.retrain_model", "digit"], "url": URL}


def test_a_kept_champion_leaves_its_report_alone(retraining):
    assert names(retraining(retrain.KEPT)[1]) == ["report.md"]


def test_a_retraining_that_fails_is_not_taken_for_a_decision(retraining):
    status, out = retraining(1)
    assert status == 1
    assert names(out) == []


def test_where_feedback_is_kept_is_masked_in_the_log(tmp_path, monkeypatch, capsys):
    recorders = Recorders(tmp_path, "gcloud")
    recorders.answer("gcloud secrets versions access latest --secret=inkloop-feedback-url", stdout=URL)
    monkeypatch.setenv("PATH", recorders.environment["PATH"])
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert retrain.feedback_url(Cloud(*SETTINGS.values())) == URL
    lines = capsys.readouterr().out.splitlines()
    masked = {line.removeprefix("::add-mask::") for line in lines if line.startswith("::add-mask::")}
    assert masked == {URL.replace("%", "%25"), "p%2540ss", "p@ss"}
    assert not any("p%40ss" in line or "p@ss" in line for line in lines if not line.startswith("::add-mask::"))
    assert os.environ.get("FEEDBACK_URL") != URL
