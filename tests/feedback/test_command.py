import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from app.feedback.__main__ import main
from app.feedback.database import ROOT
from app.feedback.store import ACCEPTED, NOT_A_CHARACTER, PENDING, REJECTED, SKIP, open_store
from tests.feedback.conftest import made

RECORDS = [
    made(1, id="11111111-0000-4000-8000-000000000001", label="3", prediction="3"),
    made(2, id="11111111-0000-4000-8000-000000000002", label="5", status=PENDING),
    made(3, id="22222222-0000-4000-8000-000000000003", mode="any", label="a", prediction="A", status=PENDING),
    made(4, id="33333333-0000-4000-8000-000000000004", label=NOT_A_CHARACTER),
    made(5, id="44444444-0000-4000-8000-000000000005", label=SKIP),
]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """What the command works on, with RECORDS in it."""
    monkeypatch.setenv("FEEDBACK_URL", url := f"sqlite:///{tmp_path}/feedback.db")
    store = open_store(url)
    for record in RECORDS:
        store.add(record)
    yield store
    store.close()


def lines(capsys) -> list[list[str]]:
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_counts_are_by_mode_and_status_and_say_how_often_the_model_was_right(store, capsys):
    assert main(["counts"]) == 0
    header, *rows = lines(capsys)
    assert header == ["mode", "status", "right", "wrong", "not", "a", "character", "skip", "all"]
    assert rows == [
        ["digit", "accepted", "1", "0", "1", "1", "3"],
        ["digit", "pending", "0", "1", "0", "0", "1"],
        ["any", "pending", "0", "1", "0", "0", "1"],
    ]


def test_counts_of_one_mode(store, capsys):
    assert main(["counts", "--mode", "any"]) == 0
    assert len(lines(capsys)) == 2


def test_export_holds_everything_of_every_record(store, capsys):
    assert main(["export"]) == 0
    exported = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["id"] for record in exported] == [record.id for record in RECORDS]
    assert exported[2] == {
        "id": RECORDS[2].id,
        "time": "2026-03-01T12:03:00+00:00",
        "mode": "any",
        "image": RECORDS[2].image,
        "prediction": "A",
        "confidence": 0.6,
        "label": "a",
        "model_version": "v1",
        "browser": "",
        "status": "pending",
    }


def test_export_of_a_mode_and_status_goes_to_a_file(store, capsys, tmp_path):
    file = tmp_path / "records.ndjson"
    assert main(["export", "--mode", "digit", "--status", "pending", "--output", str(file)]) == 0
    assert [json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()] == [RECORDS[1].id]
    assert capsys.readouterr().out == ""


def test_pending_is_listed_and_drawn(store, capsys, tmp_path):
    file = tmp_path / "sheet.png"
    assert main(["pending", "--sheet", str(file)]) == 0
    assert lines(capsys) == [[RECORDS[1].id, "digit", "8", "→", "5"], [RECORDS[2].id, "any", "A", "→", "a"]]
    with Image.open(file) as sheet:
        assert sheet.format == "PNG"


def test_nothing_pending_draws_no_sheet(store, capsys, tmp_path):
    assert main(["pending", "--mode", "character", "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert "Nothing is pending" in capsys.readouterr().err
    assert not (tmp_path / "sheet.png").exists()


@pytest.mark.parametrize(("command", "status"), [("accept", ACCEPTED), ("reject", REJECTED)])
def test_records_are_accepted_and_rejected_by_id_or_its_beginning(store, command, status):
    assert main([command, RECORDS[1].id, "22222222"]) == 0
    assert [record.status for record in store.read()] == [ACCEPTED, status, status, ACCEPTED, ACCEPTED]


def test_records_are_deleted(store):
    assert main(["delete", "22222222-0000", "22222222", RECORDS[0].id.upper()]) == 0
    assert [record.id for record in store.read()] == [RECORDS[number].id for number in (1, 3, 4)]


@pytest.mark.parametrize("command", ["accept", "reject", "delete"])
@pytest.mark.parametrize(("wrong", "meant"), [("11111111", "2 records"), ("99999999", "no record")])
def test_beginning_of_none_or_several_changes_nothing(store, capsys, command, wrong, meant):
    assert main([command, "22222222", wrong]) == 1
    assert f"{wrong} is the beginning of {meant}. Nothing was changed." in capsys.readouterr().err
    assert list(store.read()) == RECORDS


@pytest.mark.parametrize("id", ["1111111", "%", "11111111%", "", "x" * 8])
def test_id_that_is_too_short_or_none_is_refused(store, capsys, id):
    with pytest.raises(SystemExit) as exit:
        main(["delete", id])
    assert exit.value.code == 2
    assert "at least 8 characters" in capsys.readouterr().err
    assert list(store.read()) == RECORDS


@pytest.mark.parametrize("arguments", [[], ["no-such"], ["delete"], ["counts", "--mode", "digits"]])
def test_what_cannot_be_asked_for_ends_with_2(store, arguments):
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    assert exit.value.code == 2


def test_store_that_is_none_ends_with_2(monkeypatch, capsys):
    monkeypatch.setenv("FEEDBACK_URL", "mysql://a:secret@b")
    assert main(["counts"]) == 2
    assert "FEEDBACK_URL must be like" in (error := capsys.readouterr().err)
    assert "secret" not in error


def test_store_that_cannot_be_reached_ends_with_1(monkeypatch, capsys):
    monkeypatch.setenv("FEEDBACK_URL", "postgresql+psycopg://a:secret@127.0.0.1:1/b")
    assert main(["counts"]) == 1
    assert "cannot be reached" in (error := capsys.readouterr().err)
    assert "secret" not in error


def test_file_that_cannot_be_written_ends_with_1(store, capsys, tmp_path):
    assert main(["export", "--output", str(tmp_path / "no" / "such" / "folder")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_reader_that_has_enough_is_no_error(store):
    for number in range(100):
        store.add(made(number))
    command = [sys.executable, "-m", "app.feedback", "export"]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert json.loads(process.stdout.readline())["id"]
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (0, "")
