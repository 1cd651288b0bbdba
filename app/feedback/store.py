"""What people say was right: one record, one interface, two stores."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, Self

from app.feedback import sheets_url
from app.settings import SettingError

NOT_A_CHARACTER, SKIP = "not a character", "skip"  # answers that no model learns as a label
ACCEPTED, PENDING, REJECTED = STATUSES = ("accepted", "pending", "rejected")
SYNTHETIC = "synthetic"  # the browser of records that `dummy_data` made
SQL_STORES = {
    "sqlite:///path/of/a/file.db": r"sqlite:///(?!:memory:|file:)[^?]+",
    "postgresql+psycopg://user:password@host/database": r"postgresql\+psycopg://.+",
}
STORES = SQL_STORES | {"sheets://SPREADSHEET_ID": sheets_url.URL}


@dataclass(frozen=True)
class Feedback:
    """One drawing, what the model said of it, and what a person says it is.

    id: UUID, made by the browser. time: when the server took it, UTC. mode: "digit", "character" or "any". image: a
    grey PNG as a base64 data URL, see `pictures.py`. confidence: of the prediction, [0, 1]. label: one of the mode's
    labels, NOT_A_CHARACTER or SKIP. browser: a random id that the browser gave itself, "" where it gave none. status:
    ACCEPTED, PENDING (waits for a second opinion) or REJECTED.
    """

    id: str
    time: datetime
    mode: str
    image: str
    prediction: str
    confidence: float
    label: str
    model_version: str
    browser: str = ""
    status: str = ACCEPTED

    def with_status(self, status: str) -> Self:
        return replace(self, status=status)


class StoreUnavailable(Exception):
    """Nothing can be made durable now. retry_after: seconds after which to try again."""

    def __init__(self, problem: str, retry_after: int):
        super().__init__(problem)
        self.retry_after = retry_after


class FeedbackStore(Protocol):
    """Where feedback is kept. Safe to call from many threads; every method may raise StoreUnavailable."""

    def add(self, feedback: Feedback) -> bool:
        """Return once it is durable: True where it is new, False where its id was there, which changes nothing."""

    def delete(self, id: str) -> bool:
        """Forget a record for good: whether it was there. A record that is added again later is new."""

    def set_status(self, id: str, status: str) -> bool:
        """Whether the record was there."""

    def read(self, mode: str | None = None) -> Iterator[Feedback]:
        """Every record once, of one mode or of all, oldest first."""

    def close(self) -> None:
        """Finish what is under way, and let go of connections."""


def check_url(url: str) -> None:
    """Raises SettingError where `url` names no store, or a spreadsheet with an option that cannot be used."""
    sheets_url.parse(url)
    check_is_one_of(STORES, url, "FEEDBACK_URL")


def check_is_one_of(stores: Mapping[str, str], url: str, setting: str) -> None:
    """Raises SettingError where `url`, the value of a setting, names none of the stores."""
    if not any(re.fullmatch(pattern, url) for pattern in stores.values()):
        scheme = url.partition(":")[0][:40]  # what follows may hold a password
        raise SettingError(f"{setting} must be like {' or '.join(stores)}. Received: one of scheme {scheme!r}")


def open_store(url: str) -> FeedbackStore:
    """The store that `url` names, one of STORES; each loads its libraries only where it is the one.

    Raises SettingError; may raise StoreUnavailable.
    """
    check_url(url)
    if found := sheets_url.parse(url):
        from app.feedback.sheets import open_spreadsheet

        return open_spreadsheet(found)
    from app.feedback.sql import SqlStore

    return SqlStore(url)
