"""Models that are replaced under a real server, which goes on answering."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app import create_app, serving
from app.recognition import versions, watcher
from app.training.promote import promote, roll_back
from benchmarks.servers import free_port
from tests.drawings import data_url, draw
from tests.models import copy_shipped, make_candidate, serving_file

ROOT = Path(__file__).parent.parent
LIMIT = 30  # seconds that nothing here takes on any machine
QUESTION = json.dumps({"image": data_url(draw("3")), "mode": "digit"})
CLIENTS = 4


@pytest.fixture
def models(tmp_path) -> Path:
    return copy_shipped(tmp_path / "models", keras=True)


@contextmanager
def served(models: Path, processes: int) -> Iterator[tuple[int, Path]]:
    """gunicorn, with so many processes that serve; its port and its log."""
    port, log = free_port(), models.parent / "log"
    environment = os.environ | {"PORT": str(port), "MODELS_DIR": str(models), "WEB_CONCURRENCY": str(processes)}
    with log.open("w") as file:
        command = [sys.executable, "-m", "gunicorn", "main:app"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
    try:
        wait_until(lambda: process.poll() is not None or answers(port), "the server did not start")
        assert process.poll() is None, log.read_text()
        yield port, log
    finally:
        process.terminate()
        process.wait(LIMIT)


def answers(port: int) -> bool:
    try:
        ask(port, "GET", "/health/live")
    except OSError:
        return False
    return True


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


class Clients:
    """Threads that ask without a pause, from the beginning to the end of a `with`."""

    def __init__(self, port: int):
        self.answers: list[tuple[int, dict]] = []
        self._port, self._stop = port, threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                self.answers.append(ask(self._port, "POST", "/api/predict", QUESTION))
            except Exception as error:
                self.answers.append((0, {"detail": repr(error)}))

    def wait_for(self, version: str) -> None:
        """Until a hundred answers one after another are this version's, so each process has it."""

        def has_come() -> bool:
            latest = self.answers[-100:]
            return len(latest) == 100 and all(answer.get("model", {}).get("version") == version for _, answer in latest)

        wait_until(has_come, f"version {version} did not come. The last answer: {self.answers[-1:]}")


@pytest.mark.thorough
def test_every_request_is_answered_by_one_version_while_versions_come_and_go(models, tmp_path):
    before = versions.serving(models, "digit").name
    warm = make_candidate(tmp_path / "warm", "digit", "warm", temperature=20)
    again = make_candidate(tmp_path / "again", "digit", "again")
    make_candidate(models / "digit" / "bad", "digit", "bad", labels=list("0123456789X"))
    with served(models, 2) as (port, log), Clients(port) as clients:
        clients.wait_for(before)
        promote(warm, models, "digit")
        clients.wait_for("warm")
        roll_back(models, "digit")
        clients.wait_for(before)
        (models / "digit" / "current").write_text("bad")
        wait_until(lambda: log.read_text().count("goes on serving") == 2, "no line in the log")
        begun = len(clients.answers)
        wait_until(lambda: len(clients.answers) >= begun + 100, "no more answers")
        promote(again, models, "digit")
        clients.wait_for("again")
    assert [answer for status, answer in clients.answers if status != 200] == []
    confidences = {}
    for _, answer in clients.answers:
        confidences.setdefault(answer["model"]["version"], set()).add(round(answer["confidence"], 6))
    assert confidences.keys() == {before, "warm", "again"}
    # The same picture has one confidence a version: no answer is a mixture of two.
    assert {version: len(found) for version, found in confidences.items()} == dict.fromkeys(confidences, 1)
    assert confidences["warm"] != confidences[before]
    assert log.read_text().count("goes on serving") == 2  # one for each process


def test_process_that_nobody_asked_keeps_up_with_its_models(models):
    with served(models, 1) as (_, log):
        (models / "digit" / "current").write_text("no-such-version")
        wait_until(lambda: "goes on serving" in log.read_text(), "it did not look")


@pytest.fixture
def make_app(models, monkeypatch) -> Iterator[Callable[[], Flask]]:
    """Makes an app that looks at its models often."""
    monkeypatch.setattr(watcher, "PERIOD", 0.01)
    with ExitStack() as stack:

        def make() -> Flask:
            app = create_app({"TESTING": True, "MODELS_DIR": str(models)})
            stack.callback(serving.close, app)
            return app

        yield make


def test_server_that_started_without_models_is_ready_once_they_are_mended(models, make_app):
    model = serving_file(models, "any", "model.tflite")
    model.rename(model.with_name("elsewhere"))
    client = make_app().test_client()
    assert client.get("/health/ready").status_code == 503
    assert client.get("/").status_code == 200
    model.with_name("elsewhere").rename(model)
    wait_until(lambda: client.get("/health/ready").status_code == 200, "not ready")
    assert client.post("/api/predict", data=QUESTION, content_type="application/json").json["prediction"] == "3"


def test_request_has_the_same_models_from_its_beginning_to_its_end(models, make_app):
    app = make_app()
    with app.test_request_context():
        taken = serving.recognizer()
        before = taken.cards["digit"]["version"]
        make_candidate(models / "digit" / "new", "digit", "new")
        (models / "digit" / "current").write_text("new")
        watching = app.extensions["models"]
        wait_until(lambda: watching.recognizer.cards["digit"]["version"] == "new", "the new one did not come")
        assert serving.recognizer() is taken
        assert serving.recognizer().cards["digit"]["version"] == before
    with app.test_request_context():
        assert serving.recognizer().cards["digit"]["version"] == "new"


def test_cards_and_labels_are_those_of_the_new_model(models, make_app):
    client = make_app().test_client()
    client.get("/health/ready")
    make_candidate(models / "digit" / "new", "digit", "new", labels=list("012345678¾"))
    (models / "digit" / "current").write_text("new")
    wait_until(lambda: client.get("/api/model").json["digit"]["version"] == "new", "the new one did not come")
    assert "¾" in client.get("/canvas").text


def test_thread_starts_when_the_app_is_first_asked_and_ends_when_it_is_closed(models):
    def running() -> int:
        return sum(thread.name == "models" for thread in threading.enumerate())

    before = running()
    app = create_app({"TESTING": True, "MODELS_DIR": str(models)})
    assert running() == before
    for _ in range(3):
        assert app.test_client().get("/health/ready").status_code == 200
    assert running() == before + 1
    serving.close(app)
    assert running() == before


def test_server_ends_while_it_watches(models):
    script = "from main import app; app.test_client().get('/health/ready')"
    environment = os.environ | {"MODELS_DIR": str(models)}
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, env=environment, check=True, timeout=LIMIT)
