"""A Redis of the tests' own, on this machine alone, that keeps nothing."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from benchmarks.servers import free_port

PASSWORD = "the-password-of-redis"


@contextmanager
def redis_server() -> Iterator[str]:
    """Its URL. Skips the test where no Redis is installed."""
    if (program := shutil.which("redis-server")) is None:
        pytest.skip("There is no Redis on this machine; Debian's package redis-server brings it.")
    port = free_port()
    flags = {"port": str(port), "bind": "127.0.0.1", "save": "", "appendonly": "no", "requirepass": PASSWORD}
    command = [program, *(part for name, value in flags.items() for part in (f"--{name}", value))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("redis-server does not start")
            time.sleep(0.02)
        yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
        connection.sendall(b"PING\r\n")  # which it refuses without the password, in words
        return bool(connection.recv(100))
    return False
