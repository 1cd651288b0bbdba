import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy import publish_model
from deploy.cloud import ROOT, DeploymentError
from tests.deploy.recorders import Recorders

VERSION, OLD = "20261201-030000", "20261120-000000"
BRANCH = "retrain/digit"


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A clone of a repository that serves a digit model."""
    origin, checkout = tmp_path / "origin.git", tmp_path / "checkout"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", origin], check=True)
    subprocess.run(["git", "clone", "--quiet", origin, checkout], check=True, capture_output=True)
    models = checkout / "app" / "recognition" / "trained" / "digit"
    (models / OLD).mkdir(parents=True)
    (models / OLD / "card.json").write_text("{}")
    (models / "current").write_text(f"{OLD}\n")
    git(checkout, "switch", "--quiet", "--force-create", "main")
    git(checkout, "add", ".")
    git(
        checkout, "-c", "user.name=Tests", "-c", "user.email=tests@example.org", "commit", "--quiet", "--message=models"
    )
    git(checkout, "push", "--quiet", "origin", "main")
    return checkout


@pytest.fixture
def retrained(tmp_path) -> Path:
    """What a retraining left that promoted its model."""
    folder = tmp_path / "retrained"
    (folder / VERSION).mkdir(parents=True)
    (folder / VERSION / "model.tflite").write_bytes(b"model")
    (folder / VERSION / "model.keras").write_bytes(b"to train on")
    card = {"name": "digit", "version": VERSION, "sha256": hashlib.sha256(b"model").hexdigest()}
    (folder / VERSION / "card.json").write_text(json.dumps(card))
    (folder / "report.md").write_text("# Retraining of `digit`: promoted\n\nAs @somebody said, closes #7.\n")
    return folder


def publish(recorders: Recorders, retrained: Path, checkout: Path) -> subprocess.CompletedProcess[str]:
    return recorders.run("python3", "-m", "deploy.publish_model", "digit", retrained, "--root", checkout)


@pytest.mark.parametrize("open_already", ["", "17"])
def test_a_better_model_is_proposed_and_ci_started(tmp_path, checkout, retrained, open_already):
    recorders = Recorders(tmp_path, "gh")
    recorders.answer("gh pr list", stdout=open_already)
    done = publish(recorders, retrained, checkout)
    assert done.returncode == 0, done.stderr
    changed = git(tmp_path / "origin.git", "diff", "--name-status", "main", BRANCH).split("\n")
    folder = "app/recognition/trained/digit"
    files = [f"A\t{folder}/{VERSION}/{name}" for name in ("card.json", "model.keras", "model.tflite")]
    assert sorted(filter(None, changed)) == sorted([*files, f"M\t{folder}/current"])
    assert git(tmp_path / "origin.git", "show", f"{BRANCH}:{folder}/current") == f"{VERSION}\n{OLD}\n"
    request = recorders.calls[-2].argv[1:]
    title = f"title=Model {VERSION} for digit"
    if open_already:
        assert request[:4] == ["api", "--method=PATCH", "repos/{owner}/{repo}/pulls/17", f"--field={title}"]
    else:
        assert request[:5] == ["pr", "create", "--base=main", f"--head={BRANCH}", f"--{title}"]
    assert recorders.commands[-1] == f"gh workflow run ci.yml --ref={BRANCH}"
    # Nothing of the login stays.
    assert "credential" not in (checkout / ".git" / "config").read_text()


def test_a_second_week_replaces_what_the_first_proposed(tmp_path, checkout, retrained):
    recorders = Recorders(tmp_path, "gh")
    assert publish(recorders, retrained, checkout).returncode == 0
    git(checkout, "switch", "--quiet", "main")
    later = "20261208-030000"
    (retrained / VERSION).rename(retrained / later)
    card = json.loads((retrained / later / "card.json").read_text()) | {"version": later}
    (retrained / later / "card.json").write_text(json.dumps(card))
    assert publish(recorders, retrained, checkout).returncode == 0
    current = git(tmp_path / "origin.git", "show", f"{BRANCH}:app/recognition/trained/digit/current")
    assert current == f"{later}\n{OLD}\n"


def test_a_champion_that_stays_is_not_proposed(tmp_path, checkout, retrained):
    shutil.rmtree(retrained / VERSION)
    recorders = Recorders(tmp_path, "gh")
    assert publish(recorders, retrained, checkout).returncode == 0
    assert publish(recorders, tmp_path / "failed", checkout).returncode == 0
    assert recorders.calls == []


def damage(folder: Path, how: str) -> None:
    model = folder / VERSION
    match how:
        case "another file":
            (folder / "changed-feedback.png").write_bytes(b"a stranger's drawing")
        case "a hidden one":
            (model / ".gitattributes").write_text("* filter=run")
        case "a link":
            (model / "model.keras").unlink()
            (model / "model.keras").symlink_to("/etc/passwd")
        case "a linked folder":
            model.rename(folder.parent / "elsewhere")
            model.symlink_to(folder.parent / "elsewhere")
        case "too large":
            (folder / "report.md").write_text("x" * 1_000_001)
        case "another version":
            model.rename(folder / "..-20261201")
        case "another model":
            (model / "model.tflite").write_bytes(b"another")
        case "no card":
            (model / "card.json").write_text("[" * 100_000)
        case "a list for a card":
            (model / "card.json").write_text("[]")
        case "two versions":
            shutil.copytree(model, folder / "20261202-030000")


@pytest.mark.parametrize(
    "how",
    [
        *("another file", "a hidden one", "a link", "a linked folder", "too large", "another version"),
        *("another model", "no card", "a list for a card", "two versions"),
    ],
)
def test_what_is_not_expected_is_refused(tmp_path, retrained, how):
    assert publish_model.checked(retrained, "digit", tmp_path).version == VERSION
    damage(retrained, how)
    with pytest.raises(DeploymentError):
        publish_model.checked(retrained, "digit", tmp_path)


def test_a_report_mentions_nobody_closes_nothing_and_fits():
    text = publish_model.body("As @somebody said, closes #7 and GH-8.\n" + "x" * 100_000)
    assert "@somebody" not in text
    assert "#7" not in text
    assert "GH-8" not in text
    assert len(text) < 65_536


def test_the_models_that_are_shipped_would_be_accepted(tmp_path):
    """The limits and the card's names are those of real models."""
    models = ROOT / "app" / "recognition" / "trained"
    version = (models / "digit" / "current").read_text().split()[0]
    shutil.copytree(models / "digit" / version, tmp_path / "retrained" / version)
    (tmp_path / "retrained" / "report.md").write_text("# Report")
    assert publish_model.checked(tmp_path / "retrained", "digit", tmp_path / "none").version == version
