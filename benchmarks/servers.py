"""An app as it is served, in processes of its own, on this machine alone."""

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

from benchmarks import gradio_environment, protocols
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

    protocol = staticmethod(protocols.plain)

    def __init__(self, target: str, environment: Mapping[str, str] | None = None):
        settings = {"HOST": ADDRESS, "PORT": str(free_port()), "WEB_CONCURRENCY": "1"} | dict(environment or {})
        self.port = int(settings["PORT"])
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        environment = os.environ | settings
        command = self._command(target)
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self._log, stderr=self._log, process_group=0
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        if self._process.poll() is None:
            self.go_on()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def client(self) -> Client:
        """One that asks as this server wants to be asked. Raises ConnectionError where it does not listen."""
        return Client(self.port, self.protocol)

    def kill(self) -> None:
        """SIGKILL to all of its processes at once: none gets to finish anything, or to start another."""
        tree = self._tree()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        psutil.wait_procs(tree)

    def pause(self) -> None:
        """Stop all of its processes where they are until `go_on`: some take processor time while nobody asks."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.killpg(self._process.pid, signal.SIGCONT)

    def first_answer(self, drawing: Drawing, expected: str | None) -> float:
        """Seconds from the start of the process until `drawing` is read as `expected` (None: as anything)."""
        while time.perf_counter() - self._began < START_LIMIT and self._process.poll() is None:
            try:
                with self.client() as client:
                    answer = client.ask(drawing)
            except ConnectionError:  # not listening yet: once it listens, it holds the question until it can answer
                time.sleep(0.002)
                continue
            if expected in (None, answer.prediction):
                return time.perf_counter() - self._began
        raise RuntimeError(
            f"The server gave no right answer within {START_LIMIT} s. Its log ends:\n{self.log()[-2000:]}"
        )

    def log(self) -> str:
        """What it has written so far."""
        number = self._log.fileno()  # read without moving the place where it goes on writing
        return os.pread(number, os.fstat(number).st_size, 0).decode()

    @property
    def worker(self) -> int:
        """The process that serves, by its number."""
        return self._tree()[1].pid

    def memory(self) -> Memory:
        """What its processes hold now."""
        parent, *workers = self._tree()
        infos = [process.memory_full_info() for process in (parent, *workers)]
        return Memory(max(info.rss for info in infos), sum(getattr(info, "pss", info.uss) for info in infos))

    def _tree(self) -> list[psutil.Process]:
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def _command(self, target: str) -> list[str]:
        return [sys.executable, "-m", "gunicorn", target]


class GradioServer(Server):
    """`python -m TARGET`, a module that launches a Gradio app at HOST and PORT, in Gradio's own environment."""

    protocol = staticmethod(protocols.gradio)

    def _command(self, target: str) -> list[str]:
        return [str(gradio_environment.python()), "-m", target]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]
