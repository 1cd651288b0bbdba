import logging
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from app.feedback import database as databases
from app.feedback import sql
from app.feedback.sql import SqlStore
from app.feedback.store import StoreUnavailable, open_store
from app.settings import SettingError
from tests.feedback.conftest import made


@pytest.fixture
def database(tmp_path) -> Path:
    return tmp_path / "feedback.db"


@pytest.fixture
def open_sql():
    """Opens a store that waits for nobody long."""
    opened = []

    def open_sql(url: str, patience: float = 0.2) -> SqlStore:
        opened.append(SqlStore(url, patience))
        return opened[-1]

    yield open_sql
    for store in opened:
        store.close()


def plain(url: str) -> str:
    """As psycopg wants it."""
    return url.replace("+psycopg", "")


# A process that adds records with one picture after another, and says which are acknowledged.
ADDING = """
import sys
from datetime import UTC, datetime
from uuid import uuid4
from app.feedback.sql import SqlStore
from app.feedback.store import Feedback
store = SqlStore(sys.argv[1], 30)
for _ in range(int(sys.argv[2])):
    record = Feedback(str(uuid4()), datetime.now(UTC), "digit", "A" * 4000, "8", 0.6, "3", "v1")
    store.add(record)
    print(record.id, flush=True)
"""


def adding(path: Path, number: int) -> subprocess.Popen:
    command = [sys.executable, "-c", ADDING, f"sqlite:///{path}", str(number)]
    return subprocess.Popen(command, cwd=databases.ROOT, stdout=subprocess.PIPE, text=True)


def test_sqlite_is_durable_once_committed_and_overwrites_what_is_deleted(open_sql, database):
    store = open_sql(f"sqlite:///{database}")
    store.add(made())
    with store._database.engine.connect() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "busy_timeout")
        ]
    assert settings == ["wal", 2, 1, 200]


def test_deleted_drawing_is_not_left_in_the_file(open_sql, database):
    store = open_sql(f"sqlite:///{database}")
    stays, gone = made(label="3"), made(image="data:image/png;base64," + "TheDrawing" * 500)
    store.add(stays)
    store.add(gone)
    store.delete(gone.id)
    store.close()
    assert stays.id.encode() in database.read_bytes()
    assert b"TheDrawing" not in database.read_bytes()


def test_relative_path_starts_at_the_project(open_sql, tmp_path, monkeypatch):
    monkeypatch.setattr(databases, "ROOT", tmp_path)
    open_sql("sqlite:///instance/feedback.db").add(made())
    assert (tmp_path / "instance" / "feedback.db").exists()
    assert Path(__file__).parent.parent.parent == Path(databases.__file__).parent.parent.parent


def test_opening_asks_nothing_of_the_database(open_sql, database):
    open_sql(f"sqlite:///{database}")
    open_sql("postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert not database.exists()


def test_acknowledged_records_outlive_a_killed_process(open_sql, database):
    with adding(database, 10_000) as process:
        acknowledged = [process.stdout.readline().strip() for _ in range(20)]
        process.kill()
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    kept = [record.id for record in open_sql(f"sqlite:///{database}").read()]
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept))
    assert process.returncode == -signal.SIGKILL


def test_processes_that_start_together_make_one_table(open_sql, database):
    processes = [adding(database, 5) for _ in range(3)]
    acknowledged = [id for process in processes for id in process.communicate()[0].split()]
    assert len(set(acknowledged)) == 15
    assert {record.id for record in open_sql(f"sqlite:///{database}").read()} == set(acknowledged)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_threads_that_start_together_make_one_table(open_sql, request, tmp_path, kind):
    if kind == "postgresql":
        request.getfixturevalue("postgresql")
        url = request.getfixturevalue("postgresql_url")
    else:
        url = f"sqlite:///{tmp_path}/feedback.db"
    stores = [open_sql(url, 10) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda number: stores[number % 4].add(made(number)), range(8)))


def test_locked_sqlite_is_waited_for_then_unavailable(open_sql, database):
    store = open_sql(f"sqlite:///{database}")
    store.add(made())
    other = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        store.add(made())
    assert len(list(store.read())) == 1
    patient = open_sql(f"sqlite:///{database}", 10)
    release = threading.Timer(0.3, other.rollback)
    release.start()
    assert patient.add(made())
    release.join()
    other.close()


@pytest.mark.parametrize("content", [b"no database" * 1000, b""])
def test_sqlite_file_that_is_none_is_unavailable_and_left_as_it_is(open_sql, database, content, caplog):
    database.write_bytes(content)
    store = open_sql(f"sqlite:///{database}")
    if content:
        with pytest.raises(StoreUnavailable) as raised:
            store.add(made())
        assert raised.value.retry_after > 0
        assert "file is not a database" in caplog.text
        assert database.read_bytes() == content
    else:
        assert store.add(made())


def test_folder_that_cannot_be_made_is_unavailable(open_sql, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        open_sql(f"sqlite:///{tmp_path}/file/feedback.db").add(made())


def test_every_call_to_an_unreachable_server_is_unavailable(open_sql, caplog):
    store = open_sql("postgresql+psycopg://reader:secret@127.0.0.1:1/none")
    for call in (
        lambda: store.add(made()),
        lambda: store.delete(made().id),
        lambda: store.set_status(made().id, "rejected"),
        lambda: next(store.read()),
    ):
        with pytest.raises(StoreUnavailable) as raised:
            call()
        assert raised.value.retry_after > 0
        assert "secret" not in str(raised.value)
    assert "secret" not in caplog.text
    assert "INSERT" not in caplog.text
    assert all(record.levelno == logging.ERROR for record in caplog.records)


def test_server_that_does_not_answer_is_given_up(open_sql):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        store = open_sql(f"postgresql+psycopg://tests@127.0.0.1:{silent.getsockname()[1]}/postgres")
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.add(made())
        assert time.monotonic() - began < 10


def test_statement_that_waits_too_long_is_given_up(open_sql, postgresql, postgresql_url):
    store = open_sql(postgresql_url)
    store.add(made())
    with psycopg.connect(plain(postgresql_url)) as other:
        other.execute("LOCK TABLE feedback")
        with pytest.raises(StoreUnavailable):
            store.add(made())
    assert store.add(made())


def test_connections_that_the_server_closed_are_replaced(open_sql, postgresql, postgresql_url):
    store = open_sql(postgresql_url, 5)
    store.add(made())
    with psycopg.connect(plain(postgresql_url), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'inkloop'"
        ).fetchall()
    assert store.add(made())


def test_postgresql_commits_durably_whatever_the_server_defaults_to(open_sql, postgresql_url):
    with open_sql(postgresql_url)._database.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "200ms"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_reading_goes_on_over_pages(request, monkeypatch, kind):
    monkeypatch.setattr(sql, "PAGE", 2)
    with closing(request.getfixturevalue(kind)()) as store:
        records = [made(number // 3, id=f"{number:08}") for number in range(7)]  # of times that are the same, too
        for record in [*records, made(9, mode="any")]:
            store.add(record)
        assert list(store.read("digit")) == records
        assert len(list(store.read())) == 8


def test_time_without_a_zone_is_refused(open_sql, database):
    with pytest.raises(Exception, match="must have a zone"):
        open_sql(f"sqlite:///{database}").add(made(time=datetime(2026, 3, 1)))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://a:secret@b/c",
        "postgresql://a:secret@b/c",
        "sqlite://",
        "sqlite:///:memory:",
        "feedback.db",
        "sheets://a b",
    ],
)
def test_url_of_no_store_is_refused_without_showing_its_password(url):
    with pytest.raises(SettingError, match="FEEDBACK_URL must be like sqlite:///") as raised:
        open_store(url)
    assert "secret" not in str(raised.value)
