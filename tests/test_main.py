"""The server as it is started, over a real connection."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.servers import free_port
from tests.drawings import data_url, draw

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module", params=[["-m", "gunicorn", "main:app"], ["main.py"]], ids=["gunicorn", "python"])
def port(request):
    """The port of a server of its own process."""
    port = free_port()
    environment = os.environ | {"PORT": str(port)}
    quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *request.param], cwd=ROOT, env=environment, **quietly)
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture
def connection(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    yield connection
    connection.close()


def post(connection, body: str, path: str = "/api/predict", content_type: str = "application/json"):
    connection.request("POST", path, body, {"Content-Type": content_type})
    response = connection.getresponse()
    return response, json.loads(response.read())


def test_picture_is_read(connection):
    response, answer = post(connection, json.dumps({"image": data_url(draw("3")), "mode": "digit"}))
    assert (response.status, answer["prediction"]) == (200, "3")


def test_nobody_on_this_machine_is_believed_to_be_a_proxy(connection):
    connection.request("GET", "/health/live", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in connection.getresponse().headers


@pytest.mark.parametrize(
    ("path", "content_type", "status"),
    [
        ("/api/predict", "application/json", 413),
        ("/api/predict", "text/plain", 415),
        ("/api/no-such-thing", "application/json", 404),
        ("/", "application/json", 405),
    ],
)
def test_client_that_sends_too_much_sees_why_it_is_refused(connection, path, content_type, status):
    response, problem = post(connection, "x" * 20_000_000, path, content_type)
    assert response.status == problem["status"] == status
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
