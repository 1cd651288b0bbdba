import gzip
import os

import pytest

from tests.deploy.recorders import Recorders


@pytest.fixture
def recorders(tmp_path):
    recorders = Recorders(tmp_path, "docker")
    recorders.answer("docker run", stdout="the-container\n")
    recorders.answer("docker save", stdout="layers")
    return recorders


def test_the_image_is_smoke_tested_as_it_serves_then_kept(recorders, tmp_path, live_server):
    recorders.answer("docker port", stdout=live_server.removeprefix("http://") + "\n")
    done = recorders.run("deploy/image.sh", tmp_path / "image.tar.gz")
    assert done.returncode == 0, done.stderr
    started = next(call.argv for call in recorders.calls if call.argv[1] == "run")
    assert {"--read-only", "--cap-drop", "no-new-privileges", "/tmp"} <= set(started)
    assert gzip.decompress((tmp_path / "image.tar.gz").read_bytes()) == b"layers"
    assert recorders.commands[-1] == "docker rm --force the-container"


def test_an_image_that_fails_is_not_kept_and_says_why(recorders, tmp_path):
    failing = tmp_path / "bin"
    failing.mkdir()
    (failing / "python3").write_text("#!/bin/sh\nexit 1\n")  # the smoke test
    (failing / "python3").chmod(0o755)
    recorders.answer("docker port", stdout="127.0.0.1:1\n")
    recorders.answer("docker logs", stderr="gunicorn: cannot write")
    path = os.pathsep.join([str(failing), recorders.environment["PATH"]])
    done = recorders.run("deploy/image.sh", tmp_path / "image.tar.gz", PATH=path)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert not (tmp_path / "image.tar.gz").exists()
    assert recorders.commands[-1] == "docker rm --force the-container"
