"""The server as its image runs it: the files that it holds, as its user, from its command, with what it installs."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from http.client import HTTPConnection
from pathlib import Path

import pytest
from uv import find_uv_bin

from app.feedback.store import open_store
from benchmarks.servers import free_port
from deploy import smoke
from tests.deploy import container
from tests.feedback.sheets_server import SheetsServer

pytestmark = pytest.mark.thorough

ROOT = container.ROOT
CLIENTS = 16  # twice the threads: some always wait
SECONDS_TO_STOP = 10  # after which Cloud Run kills


@pytest.fixture(scope="session")
def environment(pytestconfig) -> Path:
    """What deploy/install.sh makes. Kept until something of it changes: it takes some ten seconds."""
    script = ROOT / "deploy" / "install.sh"
    made_from = script.read_bytes() + (ROOT / "requirements-prod.txt").read_bytes() + sys.version.encode()
    kept = pytestconfig.cache.mkdir("container")
    folder = kept / hashlib.sha256(made_from).hexdigest()[:16]
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(kept)
        tools = {"PYTHON": sys.executable, "PIP": f"{find_uv_bin()} pip"}
        subprocess.run([script, folder], env=os.environ | tools, check=True, timeout=300)
        complete.touch()
    return folder


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> list[str]:
    return container.context(tmp_path_factory.mktemp("git"))


@pytest.fixture(scope="session")
def image(files, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    container.copy(files, folder)
    return folder


@pytest.fixture
def temporary(tmp_path) -> Path:
    """The container's /tmp."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, container.user(), container.user())
        for parent in folder.parents[:3]:  # pytest's own
            parent.chmod(0o755)
    return folder


@pytest.fixture
def start(environment, image, temporary):
    """Starts the server with settings beside the image's own, until it is ready; gives its process and its address."""
    processes = []

    def start(**settings: str) -> tuple[subprocess.Popen, str]:
        here = {"/venv": str(environment), "/tmp": str(temporary), "$PATH": os.defpath}
        settings = {
            name: re.sub(r"/venv|/tmp|\$PATH", lambda found: here[found[0]], value)
            for name, value in container.environment().items()
        } | {"TMPDIR": str(temporary), "PORT": str(free_port()), **settings}
        program, *arguments = container.command()
        command = [*as_its_user(), shutil.which(program, path=settings["PATH"]), *arguments]
        log = temporary.with_name("log")
        with log.open("w") as file:
            process = subprocess.Popen(command, cwd=image, env=settings, stdout=file, stderr=file)
        processes.append(process)
        address = f"http://127.0.0.1:{settings['PORT']}"
        while not is_ready(smoke.Server(address)):
            assert process.poll() is None, log.read_text()
        return process, address

    yield start
    for process in processes:
        process.terminate()  # not killed, which would leave its worker behind
        process.wait(SECONDS_TO_STOP)


def is_ready(server: smoke.Server) -> bool:
    with contextlib.suppress(smoke.Failure):
        return bool(smoke.wait_until_ready(server, 0.5))
    return False


def as_its_user() -> list[str]:
    """As root, what to run it with: the image's user, who may read all here, for Python may be in somebody's home."""
    if os.geteuid():
        return []
    user, only = container.user(), "-all,+dac_read_search"
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] + [
        f"--{kind}-{caps}={only}" for kind, caps in (("inh", "caps"), ("ambient", "caps"), ("bounding", "set"))
    ]


def test_image_holds_what_serves_and_nothing_that_trains(files, image):
    models = {path.name for path in (image / "app" / "recognition" / "trained").rglob("*.*")}
    assert {"model.tflite", "card.json"} <= models
    assert "model.keras" not in models
    assert (image / "app" / "static" / "specimens.json").exists()
    assert not (image / "app" / "training").exists()
    assert not (image / "tests").exists()
    assert not [file for file in files if not file.startswith(("app/", *container.copied(), *container.INSTALLING))]


def test_user_is_a_number_other_than_roots():
    assert container.user() > 0


def test_tensorflow_is_not_there(environment):
    script = "import importlib.util as u; print([u.find_spec(n) for n in ('tensorflow', 'keras', 'pip', 'pytest')])"
    found = subprocess.run([environment / "bin" / "python", "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[None, None, None, None]"


def test_what_is_installed_leaves_room_for_the_base_image(environment):
    assert sum(path.stat().st_size for path in environment.rglob("*") if path.is_file()) < 200e6


def test_the_server_answers_rightly_and_writes_nothing_beside_its_code(start, image, capsys):
    before = sorted(image.rglob("*"))
    _, address = start()
    assert smoke.main([address]) == 0, capsys.readouterr().out
    assert sorted(image.rglob("*")) == before


class Client:
    """Sends one request after another over one connection, until an answer says that the server closes it."""

    def __init__(self, address: str, *, gives_feedback: bool):
        self._address, self._gives_feedback = address.removeprefix("http://"), gives_feedback
        self.kept: list[str] = []  # ids of what the server has acknowledged
        self.problem: str | None = None
        self.answered = threading.Event()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        connection = HTTPConnection(self._address, timeout=60)
        try:
            while self._ask(connection):
                self.answered.set()
        except Exception as error:
            self.problem = repr(error)
        finally:
            self.answered.set()
            connection.close()

    def _ask(self, connection: HTTPConnection) -> bool:
        """Whether the connection stays open."""
        body, path = {"image": smoke.THREE, "mode": "digit"}, "/api/predict"
        if self._gives_feedback:
            path = "/api/feedback"
            body |= {"id": str(uuid.uuid4()), "prediction": "3", "confidence": 0.9, "label": "3", "consent": True}
            body["model_version"] = "1"
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        if self._gives_feedback and response.status == 503 and "Retry-After" in response.headers:
            return not response.will_close  # too many at once: not acknowledged, so not lost
        if response.status not in (200, 201):
            raise AssertionError(f"{response.status}: {content[:300]!r}")
        if self._gives_feedback:
            self.kept.append(body["id"])
        return not response.will_close


@pytest.fixture
def file_url(temporary):
    return f"sqlite:///{temporary}/feedback.db"


@pytest.fixture
def sheet_url():
    with SheetsServer() as server:
        yield f"sheets://{server.spreadsheet_id}?endpoint={server.url}"


@pytest.mark.parametrize("store", ["file_url", "sheet_url"])
def test_stopping_under_load_drops_no_request_and_loses_no_feedback(start, store, request):
    url = request.getfixturevalue(store)
    process, address = start(FEEDBACK_URL=url, FEEDBACK_RATE="1000 per second")
    clients = [Client(address, gives_feedback=number % 2 == 0) for number in range(CLIENTS)]
    for client in clients:
        assert client.answered.wait(60)
    process.send_signal(signal.SIGTERM)
    process.wait(SECONDS_TO_STOP)
    for client in clients:
        client.thread.join()
    assert [client.problem for client in clients if client.problem] == []
    assert process.returncode == 0
    reader = open_store(url)
    there = {feedback.id for feedback in reader.read()}
    reader.close()
    assert {id for client in clients for id in client.kept} == there != set()
