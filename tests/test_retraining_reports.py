import json
from datetime import UTC, datetime

import pytest

from app import retrain_model
from app.retraining_reports import latest
from tests.owners_app import KEPT, PROMOTED


@pytest.fixture
def leave(tmp_path, monkeypatch):
    """Leaves a report where the command does."""
    monkeypatch.setenv("REPORTS_DIR", str(tmp_path))

    def leave(mode: str, hour: int, report: dict | str):
        folder = retrain_model.report_folder(mode, datetime(2026, 3, 1, hour, tzinfo=UTC))
        folder.mkdir()
        (folder / "report.json").write_text(report if isinstance(report, str) else json.dumps(report))

    return leave


def test_the_latest_report_of_a_mode_is_found(leave, tmp_path):
    leave("digit", 8, KEPT)
    leave("digit", 9, PROMOTED)
    leave("character", 10, KEPT)
    found = latest(tmp_path, "digit")
    assert found.time == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (found.promoted, found.dry_run, found.champion, found.challenger) == (
        True,
        False,
        "20260101-000000",
        "20260202-000000",
    )
    assert found.reasons == PROMOTED["decision"]["reasons"]
    assert (found.records, found.learned, found.held_out, found.problem) == (1234, 12, 3, None)
    assert latest(tmp_path, "any") is None


def test_a_challenger_that_was_never_trained_has_no_version(leave, tmp_path):
    leave("character", 10, KEPT)
    assert latest(tmp_path, "character").challenger is None


def test_no_folder_is_no_report(tmp_path):
    assert latest(tmp_path / "none", "digit") is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps(KEPT | {"decision": None}), "null"])
def test_a_report_that_cannot_be_read_is_said_not_passed_over(leave, tmp_path, content):
    leave("digit", 8, PROMOTED)
    leave("digit", 9, content)
    found = latest(tmp_path, "digit")
    assert found.time.hour == 9
    assert "digit-20260301-090000/report.json cannot be read" in found.problem


def test_what_else_lies_in_the_folder_is_no_report(leave, tmp_path):
    leave("digit", 9, PROMOTED)
    for name in ("digit-20260399-250000", "digit-20260302-090000.bak", "notes"):
        (tmp_path / name).mkdir()
    assert latest(tmp_path, "digit").time.hour == 9
