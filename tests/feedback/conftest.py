from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from google.auth.credentials import AnonymousCredentials

from app.feedback.pictures import to_kept
from app.feedback.sheets import SheetsStore
from app.feedback.store import Feedback, FeedbackStore, open_store
from tests.drawings import draw
from tests.feedback.sheets_server import SheetsServer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORES = (
    "sqlite",
    "postgresql",
    "sheets",
)  # fixtures, each a function that opens one and the same store, empty at first


def drawing(label: str = "3", **options) -> str:
    """A picture of the character as it is kept."""
    picture = draw(label, **options)
    return to_kept(picture, (0, 0, *picture.size))


THREE = drawing("3")


def made(minute: float = 0, **fields) -> Feedback:
    """A record like others but for its id and `fields`, so many minutes past noon."""
    usual = {"mode": "digit", "image": THREE, "prediction": "8", "confidence": 0.6, "label": "3", "model_version": "v1"}
    return Feedback(**{"id": str(uuid4()), "time": NOON + timedelta(minutes=minute)} | usual | fields)


@pytest.fixture
def sqlite(tmp_path):
    return _opener(f"sqlite:///{tmp_path}/made/when/missing/feedback.db")


@pytest.fixture
def postgresql(postgresql_url):
    yield _opener(postgresql_url)
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS feedback")


@pytest.fixture
def sheets_server():
    with SheetsServer() as server:
        yield server
    assert not server.wrong


@pytest.fixture
def sheets(sheets_server):
    """Takes options of SheetsStore; without any, the store does not wait long for anything."""
    quick = {"credentials": AnonymousCredentials(), "api_endpoint": sheets_server.url, "backoff": 0.01}
    quick |= {"write_interval": 0, "timeout": 2, "deadline": 10}
    return lambda **options: SheetsStore(sheets_server.spreadsheet_id, **quick | options)


@pytest.fixture(params=STORES)
def reopen(request) -> Callable[[], FeedbackStore]:
    """Opens the store; what was opened is closed in the end. Each of STORES in turn."""
    opened = []

    def reopen() -> FeedbackStore:
        opened.append(request.getfixturevalue(request.param)())
        return opened[-1]

    request.getfixturevalue(request.param)
    yield reopen
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen) -> FeedbackStore:
    return reopen()


def _opener(url: str) -> Callable[[], FeedbackStore]:
    return lambda: open_store(url)
