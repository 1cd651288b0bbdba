"""What a look makes of the folder of models, one by one; tests/test_serving.py looks on from outside."""

import base64
import gc
import hashlib
import logging
import re
import shutil
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

from app.recognition import versions, watcher
from app.recognition.recognizer import MODES
from app.recognition.watcher import Watcher
from tests.models import change_card, copy_shipped, make_candidate, serving_file

ROOT = Path(__file__).parents[2]
NOTHING = {"input": base64.b64encode(bytes(28 * 28)).decode(), "label": "3"}  # which nobody reads as a 3


@pytest.fixture
def models(tmp_path) -> Path:
    return copy_shipped(tmp_path / "models")


@pytest.fixture
def watching(models):
    """A watcher that has looked once, whose thread does not run."""
    watching = Watcher(models, logging.getLogger("watched"))
    watching.look()
    yield watching
    watching.stop()


def put(models: Path, mode: str, version: str, **changes) -> Path:
    """A version beside the others, named in `current`."""
    folder = make_candidate(models / mode / version, mode, version, **changes)
    name(models, mode, version)
    return folder


def name(models: Path, mode: str, version: str) -> None:
    (models / mode / "current").write_text(f"{version}\n")


def serves(watching: Watcher, mode: str = "digit") -> str:
    return watching.recognizer.cards[mode]["version"]


def threads_that_look() -> int:
    return sum(thread.name == "models" for thread in threading.enumerate())


def truncate(folder: Path) -> None:
    with (folder / "model.tflite").open("r+b") as file:
        file.truncate(100_000)


def put_other_modes_model(folder: Path) -> None:
    content = serving_file(folder.parents[1], "any", "model.tflite").read_bytes()
    (folder / "model.tflite").write_bytes(content)
    change_card(folder, sha256=hashlib.sha256(content).hexdigest())


def put_other_modes_files(folder: Path) -> None:
    for file in versions.serving(folder.parents[1], "any").iterdir():
        shutil.copy(file, folder)


SPOILT = {
    "truncated": (truncate, "model.tflite is not the file"),
    "another mode's model": (put_other_modes_model, r"must turn \(n, 28, 28, 1\) into \(n, 10\)"),
    "another mode's files": (put_other_modes_files, "name must be 'digit'. Received: 'any'"),
    "another count of labels": (lambda folder: change_card(folder, labels=list("0123456789X")), r"into \(n, 11\)"),
    "a failed self-test": (lambda folder: change_card(folder, self_test=NOTHING), "self-test fails: expected '3'"),
    "no model": (lambda folder: (folder / "model.tflite").unlink(), "model.tflite cannot be read: No such file"),
    "no card": (lambda folder: (folder / "card.json").unlink(), "card.json cannot be read: No such file"),
    "half a card": (lambda folder: (folder / "card.json").write_text('{"name": "digit"'), "card.json is damaged"),
    "no folder": (shutil.rmtree, "there is no folder"),
    "no current": (lambda folder: (folder.parent / "current").unlink(), "current cannot be read: No such file"),
    "an empty current": (lambda folder: (folder.parent / "current").write_text(""), "current is empty"),
    "a path in current": (lambda folder: (folder.parent / "current").write_text("../any"), "Received: '../any'"),
}


def test_what_current_names_anew_serves(models, watching):
    ink = np.zeros((1, 28, 28), np.float32)
    ink[:, 4:24, 13:15] = 1
    before = watching.recognizer.predict(ink, "digit")
    put(models, "digit", "new", temperature=20)
    watching.look()
    assert serves(watching) == "new"
    assert watching.recognizer.predict(ink, "digit").max() < before.max()


def test_who_took_the_models_before_finishes_with_them(models, watching):
    taken = watching.recognizer
    before = taken.cards["digit"]["version"]
    put(models, "digit", "new")
    watching.look()
    assert taken.cards["digit"]["version"] == before
    assert taken.predict(np.zeros((1, 28, 28), np.float32), "digit").shape == (1, 10)


@pytest.mark.parametrize(("spoil", "reason"), SPOILT.values(), ids=SPOILT)
def test_what_must_not_serve_leaves_the_old_one_and_one_line_in_the_log(models, watching, caplog, spoil, reason):
    before = serves(watching)
    spoil(put(models, "digit", "bad"))
    for _ in range(3):
        watching.look()
    assert serves(watching) == before
    assert watching.recognizer.predict(np.zeros((1, 28, 28), np.float32), "digit").shape == (1, 10)
    (line,) = caplog.records
    assert (line.levelname, line.exc_info) == ("ERROR", None)
    assert re.search(reason, line.message)
    assert f"Version {before} goes on serving." in line.message
    put(models, "digit", "good")
    watching.look()
    assert serves(watching) == "good"


def test_what_was_bad_serves_once_it_is_mended(models, watching):
    folder = put(models, "digit", "bad")
    (folder / "model.tflite").rename(folder / "elsewhere")
    watching.look()
    (folder / "elsewhere").rename(folder / "model.tflite")
    watching.look()
    assert serves(watching) == "bad"


def test_going_back_to_what_serves_loads_nothing(models, watching, caplog):
    before, taken = serves(watching), watching.recognizer
    truncate(put(models, "digit", "bad"))
    watching.look()
    name(models, "digit", before)
    watching.look()
    assert watching.recognizer is taken
    assert len(caplog.records) == 1


def test_one_modes_failure_does_not_hold_up_the_others(models, watching):
    truncate(put(models, "digit", "bad"))
    put(models, "any", "new")
    watching.look()
    assert (serves(watching) != "bad", serves(watching, "any")) == (True, "new")


def test_an_error_that_nobody_foresaw_is_logged_whole_and_holds_up_nothing(models, watching, caplog, monkeypatch):
    loads = watcher.load_serving
    monkeypatch.setattr(watcher, "load_serving", lambda models, mode: 1 / 0 if mode == "digit" else loads(models, mode))
    put(models, "digit", "new")
    put(models, "any", "new")
    watching.look()
    watching.look()
    assert serves(watching, "any") == "new"
    (line,) = caplog.records
    assert line.exc_info[0] is ZeroDivisionError


def test_models_that_were_missing_at_the_start_serve_once_they_are_there(tmp_path, caplog):
    models = tmp_path / "models"
    watching = Watcher(models, logging.getLogger("watched"))
    watching.look()
    assert watching.recognizer is None
    assert [line.levelname for line in caplog.records] == ["CRITICAL"] * len(MODES)
    copy_shipped(models)
    watching.look()
    assert serves(watching)


def test_replaced_models_are_let_go(models, watching):
    replaced = weakref.ref(watching.recognizer)
    put(models, "digit", "new")
    watching.look()
    gc.collect()
    assert replaced() is None


def test_thread_looks_until_it_is_stopped(models, watching, monkeypatch):
    monkeypatch.setattr(watcher, "PERIOD", 0.01)
    looked, before = threading.Event(), threads_that_look()
    monkeypatch.setattr(watching, "look", looked.set)
    watching.start()
    assert looked.wait(10)
    watching.stop()
    watching.start()  # as a late request would
    assert threads_that_look() == before


def test_thread_is_started_once(watching):
    before = threads_that_look()
    threads = [threading.Thread(target=watching.start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert threads_that_look() == before + 1


def test_process_that_was_forked_looks_for_itself(models):
    script = """
import logging, os, sys, time
from pathlib import Path
from app.recognition import watcher
watcher.PERIOD = 0.01
models = Path(sys.argv[1])
watching = watcher.Watcher(models, logging.getLogger())
watching.look()
watching.start()
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
watching.start()
(models / "digit" / "current").write_text("new")
deadline = time.monotonic() + 20
while watching.recognizer.cards["digit"]["version"] != "new":
    assert time.monotonic() < deadline
    time.sleep(0.01)
os._exit(0)
"""
    make_candidate(models / "digit" / "new", "digit", "new")
    subprocess.run([sys.executable, "-c", script, models], cwd=ROOT, check=True, timeout=60)
