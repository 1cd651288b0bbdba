import os
import shutil
import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.recognition import versions
from app.recognition.recognizer import load_serving
from app.training import durable, promote
from app.training.promote import PromotionError, listing, main, roll_back
from tests.models import FILES, SHIPPED, change_card, copy_shipped, make_candidate

ROOT = Path(__file__).parents[2]


@pytest.fixture
def models(tmp_path) -> Path:
    return copy_shipped(tmp_path / "models", keras=True)


@pytest.fixture
def shipped(models) -> str:
    """The version of the digits that serves at first."""
    return versions.serving(models, "digit").name


@pytest.fixture
def candidate(tmp_path) -> Path:
    return make_candidate(tmp_path / "candidate", "digit", "v2")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_promoted_version_serves_and_what_it_replaced_stays(models, shipped, candidate):
    before = contents(models)
    assert promote.promote(candidate, models, "digit") == "v2"
    assert versions.history(models, "digit") == ["v2", shipped]
    assert load_serving(models, "digit").version == "v2"
    files = {f"digit/v2/{name}": content for name, content in contents(candidate).items()}
    assert contents(models) == before | files | {"digit/current": f"v2\n{shipped}\n".encode()}


def test_only_what_belongs_to_a_model_is_taken_over(models, candidate):
    (candidate / "report.md").write_text("not a part of it")
    promote.promote(candidate, models, "digit")
    assert {path.name for path in versions.serving(models, "digit").iterdir()} == set(FILES)


def test_first_promotion_makes_the_folder(tmp_path, candidate):
    promote.promote(candidate, tmp_path / "new", "digit")
    assert versions.history(tmp_path / "new", "digit") == ["v2"]


def test_promoted_version_can_be_read_by_whoever_could_read_the_others(models, candidate):
    candidate.chmod(0o700)  # as a temporary folder is
    promote.promote(candidate, models, "digit")
    assert versions.serving(models, "digit").stat().st_mode == (models / "digit").stat().st_mode


def fail_self_test(folder: Path) -> None:
    test = load_serving(ROOT / "app" / "recognition" / "trained", "digit").card["self_test"]
    change_card(folder, self_test=test | {"label": "5"})


def damage_keras(folder: Path) -> None:
    content = bytearray((folder / "model.keras").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.keras").write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "model.tflite").write_bytes(b""), "model.tflite is not the file"),
        (lambda folder: change_card(folder, labels=list("0123456789X")), r"into \(n, 11\)"),
        (lambda folder: change_card(folder, name="any"), "name must be 'digit'"),
        (lambda folder: change_card(folder, version="../v2"), "version must be"),
        (fail_self_test, "self-test fails: expected '5'"),
        (lambda folder: (folder / "model.keras").unlink(), "model.keras cannot be read"),
        (lambda folder: (folder / "model.keras").write_bytes(b"PK"), "model.keras cannot be read"),
        (damage_keras, "model.keras is damaged|model.keras cannot be read"),
        (shutil.rmtree, "card.json cannot be read"),
    ],
)
def test_candidate_that_must_not_serve_is_refused_by_name_and_changes_nothing(models, candidate, spoil, reason):
    before = contents(models)
    spoil(candidate)
    with pytest.raises(PromotionError, match=f"candidate: .*({reason})"):
        promote.promote(candidate, models, "digit")
    assert contents(models) == before


def test_version_that_is_there_is_refused(models, candidate):
    promote.promote(candidate, models, "digit")
    before = contents(models)
    with pytest.raises(PromotionError, match="v2 is there already"):
        promote.promote(candidate, models, "digit")
    assert contents(models) == before


def test_other_model_under_the_version_of_one_that_is_there_is_refused(models, candidate):
    promote.promote(candidate, models, "digit")
    roll_back(models, "digit")
    before = contents(models)
    change_card(candidate, temperature=2)
    with pytest.raises(PromotionError, match=r"v2 is there already, so .*candidate needs a version of its own"):
        promote.promote(candidate, models, "digit")
    assert contents(models) == before


def test_version_that_was_rolled_back_can_serve_again(models, shipped, candidate):
    promote.promote(candidate, models, "digit")
    roll_back(models, "digit")
    promote.promote(models / "digit" / "v2", models, "digit")
    assert versions.history(models, "digit") == ["v2", shipped]


def test_version_whose_folder_was_lost_can_be_promoted_again(models, shipped, candidate):
    promote.promote(candidate, models, "digit")
    shutil.rmtree(models / "digit" / "v2")
    promote.promote(candidate, models, "digit")
    assert versions.history(models, "digit") == ["v2", shipped]
    assert load_serving(models, "digit")


def test_promotion_over_another_version_than_the_one_that_was_measured_is_refused(models, shipped, candidate, tmp_path):
    promote.promote(candidate, models, "digit", instead_of=shipped)
    late = make_candidate(tmp_path / "late", "digit", "v3")
    before = contents(models)
    with pytest.raises(PromotionError, match=f"was to replace version {shipped}. Received: v2 serves by now"):
        promote.promote(late, models, "digit", instead_of=shipped)
    assert contents(models) == before


def test_full_disk_leaves_everything_as_it_was(models, candidate, monkeypatch):
    before = contents(models)

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.shutil, "copyfile", no_space)
    with pytest.raises(OSError, match="No space"):
        promote.promote(candidate, models, "digit")
    assert contents(models) == before


def test_promotions_at_once_lose_none(models, shipped, tmp_path):
    names = [f"v{n}" for n in range(2, 8)]
    candidates = [make_candidate(tmp_path / name, "digit", name) for name in names]
    with ThreadPoolExecutor(len(names)) as pool:
        assert list(pool.map(lambda folder: promote.promote(folder, models, "digit"), candidates)) == names
    *others, first = versions.history(models, "digit")
    assert (sorted(others), first) == (names, shipped)


def test_rolling_back_goes_one_version_at_a_time(models, shipped, candidate, tmp_path):
    promote.promote(candidate, models, "digit")
    promote.promote(make_candidate(tmp_path / "third", "digit", "v3"), models, "digit")
    assert roll_back(models, "digit") == "v2"
    assert roll_back(models, "digit") == shipped
    assert load_serving(models, "digit").version == shipped
    with pytest.raises(PromotionError, match=r"digit: .* replaced no other"):
        roll_back(models, "digit")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(shutil.rmtree, "there is no folder"), (lambda folder: (folder / "model.tflite").unlink(), "cannot be read")],
)
def test_rolling_back_to_what_does_not_load_is_refused(models, shipped, candidate, spoil, reason):
    promote.promote(candidate, models, "digit")
    spoil(models / "digit" / shipped)
    with pytest.raises(PromotionError, match=reason):
        roll_back(models, "digit")
    assert versions.history(models, "digit") == ["v2", shipped]


def test_rolling_back_mends_a_version_that_was_lost(models, shipped, candidate):
    promote.promote(candidate, models, "digit")
    shutil.rmtree(models / "digit" / "v2")
    assert roll_back(models, "digit") == shipped
    assert load_serving(models, "digit")


def test_a_kill_at_any_step_leaves_a_version_that_loads_and_the_promotion_can_be_made_again(tmp_path, candidate):
    """In a process of its own, each of whose children is killed before its nth call that touches the disk."""
    with zipfile.ZipFile(candidate / "model.keras", "w") as small:  # so that there is less to copy
        small.writestr("config.json", "{}")
    shutil.copytree(SHIPPED / "digit", tmp_path / "models" / "digit", ignore=shutil.ignore_patterns("*.keras"))
    script = """
import itertools, os, shutil, signal, sys
from pathlib import Path
from app.recognition.recognizer import load_serving
from app.training.promote import promote

STEPS = {"flock", "open", "write", "sendfile", "close", "__exit__", "mkdir", "rename", "replace", "unlink"}
os.fsync = lambda descriptor: None  # a kill, unlike a power failure, loses nothing that is not on the disk yet
candidate, models = map(Path, sys.argv[1:])
before = load_serving(models, "digit").version
for last in itertools.count(1):
    work = models.with_name("work")
    shutil.copytree(models, work)
    if not (child := os.fork()):
        done = []
        def die_at_last(frame, event, called):
            if event == "c_call" and called.__name__ in STEPS and not isinstance(called.__self__, str):
                if done or called.__name__ == "flock":  # the candidate was looked at before
                    done.append(called.__name__)
                if len(done) == last:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.setprofile(die_at_last)
        promote(candidate, work, "digit")
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    version = load_serving(work, "digit").version
    print(status, version == before, version, flush=True)
    if version == before:
        promote(candidate, work, "digit")
        assert load_serving(work, "digit").version == "v2"
    assert not list((work / "digit").glob("*.partial"))
    shutil.rmtree(work)
    if status == 0:
        break
"""
    run = subprocess.run(
        [sys.executable, "-c", script, candidate, tmp_path / "models"],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    *killed, finished = (line.split() for line in run.stdout.splitlines())
    assert {status for status, *_ in killed} == {str(-signal.SIGKILL)}
    assert finished == ["0", "False", "v2"]
    assert len(killed) > 15
    olds = [old for _, old, _ in killed]
    assert olds == sorted(olds, reverse=True)  # from one step on it is the new one
    assert set(olds) == {"True", "False"}


def test_list_says_what_serves_what_was_replaced_and_what_was_withdrawn(models, shipped, candidate, tmp_path):
    promote.promote(candidate, models, "digit")
    promote.promote(make_candidate(tmp_path / "third", "digit", "v3"), models, "digit")
    roll_back(models, "digit")
    (models / "digit" / ".partial").mkdir()
    digits = [line.split() for line in listing(models).splitlines() if line.startswith("digit")]
    assert [words[1:3] for words in digits] == [["v2", "serving"], [shipped, "replaced"], ["v3", "withdrawn"]]
    assert all("% of drawings by unseen writers, free" in " ".join(words) for words in digits)


def test_list_says_what_is_wrong_with_a_mode(models, shipped):
    (models / "digit" / "current").unlink()
    shutil.rmtree(models / "any" / versions.serving(models, "any").name)
    lines = listing(models)
    assert "digit/current cannot be read" in lines
    assert f"{shipped}  withdrawn" in lines
    assert "its card cannot be read" in lines


def test_command_promotes_lists_and_rolls_back(models, shipped, candidate, capsys):
    where = ["--models", str(models)]
    assert main(["--promote", "digit", str(candidate), *where]) == 0
    assert main(["--list", *where]) == 0
    assert main(["--rollback", "digit", *where]) == 0
    shown = capsys.readouterr().out
    assert "digit: version v2 serves." in shown
    assert f"digit      {shipped}  replaced" in shown
    assert f"digit: version {shipped} serves again." in shown


def test_command_takes_the_models_that_are_served_where_none_are_named(models, candidate, monkeypatch):
    monkeypatch.setenv("MODELS_DIR", str(models))
    assert main(["--promote", "digit", str(candidate)]) == 0
    assert versions.serving(models, "digit").name == "v2"


def test_command_that_fails_says_why_and_makes_nothing(models, capsys):
    assert main(["--rollback", "digit", "--models", str(models)]) == 1
    assert "there is none to go back to" in capsys.readouterr().err
    assert main(["--rollback", "digit", "--models", str(models / "missing")]) == 1
    assert "No such file" in capsys.readouterr().err
    assert not (models / "missing").exists()


@pytest.mark.parametrize(
    "arguments", [[], ["--rollback", "x"], ["--promote", "x", "."], ["--list", "--rollback", "any"]]
)
def test_command_that_is_not_understood_ends_with_2(arguments):
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    assert exit.value.code == 2
