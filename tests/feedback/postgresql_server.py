"""A PostgreSQL server of the tests' own, on this machine alone."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.servers import free_port

DEBIAN = Path("/usr/lib/postgresql")


class NoPostgresql(Exception):
    """No PostgreSQL is installed here."""


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The URL of an empty database, which is gone afterwards. Raises NoPostgresql, or RuntimeError where it fails."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    user = {"user": "nobody", "group": "nogroup", "extra_groups": ()} if os.geteuid() == 0 else {}  # never runs as root
    try:
        if user:
            shutil.chown(folder, user["user"], user["group"])
        initdb = [programs / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C"]
        made = subprocess.run([*initdb, "--no-sync"], cwd=folder, capture_output=True, text=True, **user)
        if made.returncode:
            raise RuntimeError(f"initdb fails: {made.stderr.strip()}")
        with _running(programs / "postgres", folder, user) as port:
            yield f"postgresql+psycopg://tests@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    found = shutil.which("initdb") or max(
        DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), default=None
    )
    if not found:
        raise NoPostgresql("PostgreSQL is not installed; Debian's package postgresql brings it.")
    return Path(found).parent


@contextmanager
def _running(program: Path, folder: Path, user: dict) -> Iterator[int]:
    port = free_port()
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "port": port}
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([program, "-D", folder / "data", *flags], cwd=folder, stderr=log, **user)
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"postgres does not start: {(folder / 'log').read_text()}")
            time.sleep(0.05)
        yield port
    finally:
        if server.poll() is None:
            server.send_signal(2)  # fast shutdown: whoever is connected is cut off
        server.wait(60)


def _answers(port: int) -> bool:
    try:
        psycopg.connect(host="127.0.0.1", port=port, user="tests", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True
