"""An app whose owner may see its status, with feedback of many kinds and a retraining of each outcome."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app import create_app, keeping, playing, retrain_model, serving
from app.feedback.store import NOT_A_CHARACTER, PENDING, REJECTED, SKIP, SYNTHETIC
from tests.feedback.conftest import made

TOKEN = "the-token-of-the-tests"
NOW = datetime.now(UTC)
KEPT = {
    "mode": "character",
    "champion": "20260101-000000",
    "challenger": None,
    "learned": 12,
    "held_out": 3,
    "decision": {"promoted": False, "reasons": ["Too little to learn from: <3> drawings held out."]},
    "records": 1234,
    "dry_run": False,
}
PROMOTED = KEPT | {
    "mode": "digit",
    "challenger": "20260202-000000",
    "decision": {"promoted": True, "reasons": ["Better on the feedback held out.", "Not worse on any base test."]},
}
FEEDBACK = (
    [made(label="8") for _ in range(3)]
    + [made(), made(label=NOT_A_CHARACTER), made(label=SKIP), made(status=PENDING), made(status=REJECTED)]
    + [made(browser=SYNTHETIC), made(mode="any", model_version="v2")]
)


@contextmanager
def owners_app(folder: Path, **config) -> Iterator[Flask]:
    """config: settings other than those of a new and empty app in `folder`."""
    usual = {"FEEDBACK_URL": f"sqlite:///{folder}/feedback.db", "GAME_URL": f"sqlite:///{folder}/game.db"}
    usual |= {"REPORTS_DIR": str(folder / "reports"), "OWNER_TOKEN": TOKEN, "TESTING": True}
    app = create_app(usual | config)
    yield app
    for part in (playing, serving, keeping):
        part.close(app)


def add_feedback(app: Flask, records=FEEDBACK, time: datetime = NOW) -> None:
    """All of one time, to be seen when a page is next asked for."""
    with app.app_context():
        for record in records:
            keeping.store().add(made(**{**vars(record), "time": time}))


def leave_report(app: Flask, report: dict | str, time: datetime = NOW) -> Path:
    """As the command does; a text: something else. Its folder."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REPORTS_DIR", app.config["REPORTS_DIR"])
        mode = report["mode"] if isinstance(report, dict) else "digit"
        folder = retrain_model.report_folder(mode, time)
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(report if isinstance(report, str) else json.dumps(report))
    return folder


def earlier(**time) -> datetime:
    return NOW - timedelta(**time)
