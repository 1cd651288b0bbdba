"""An app behind gunicorn as it is shipped, in processes of its own, on this machine alone."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

import psutil

from benchmarks.client import ADDRESS, Client
from benchmarks.drawings import Drawing

ROOT = Path(__file__).parent.parent
START_LIMIT, STOP_LIMIT = 120, 15  # seconds


class Memory(NamedTuple):
    """Bytes. process: resident in the one that serves. together: of all, a page that they share counted once (PSS)."""

    process: int
    together: int


class Server:
    """`gunicorn TARGET` from its start to the end of a `with`: 1 process that serves, the threads of gunicorn.conf.py.

    `environment` holds settings of its own, above those of this process; with PORT in it, a server that was killed
    starts again where it was. Raises RuntimeError, with the end of its log, where it does not come up.
    """

    def __init__(self, target: str, environment: Mapping[str, str] | None = None):
        settings = {"HOST": ADDRESS, "PORT": str(free_port()), "WEB_CONCURRENCY": "1"} | dict(environment or {})
        self.port = int(settings["PORT"])
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        environment = os.environ | settings
        command = [sys.executable, "-m", "gunicorn", target]
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self._log, stderr=self._log, process_group=0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def kill(self) -> None:
        """SIGKILL to all of its processes at once: none gets to finish anything, or to start another."""
        tree = self._tree()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        psutil.wait_procs(tree)

    def first_answer(self, drawing: Drawing, expected: str | None) -> float:
        """Seconds from the start of the process until `drawing` is read as `expected` (None: as anything)."""
        while time.perf_counter() - self._began < START_LIMIT and self._process.poll() is None:
            try:
                with Client(self.port) as client:
                    answer = client.ask(drawing)
            except ConnectionError:  # not listening yet: once it listens, it holds the question until it can answer
                time.sleep(0.002)
                continue
            if expected in (None, answer.prediction):
                return time.perf_counter() - self._began
        self._log.seek(0)
        log = self._log.read()[-2000:]
        raise RuntimeError(f"The server gave no right answer within {START_LIMIT} s. Its log ends:\n{log}")

    def memory(self) -> Memory:
        """What its processes hold now."""
        parent, *workers = self._tree()
        infos = [process.memory_full_info() for process in (parent, *workers)]
        return Memory(max(info.rss for info in infos), sum(getattr(info, "pss", info.uss) for info in infos))

    def _tree(self) -> list[psutil.Process]:
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]
