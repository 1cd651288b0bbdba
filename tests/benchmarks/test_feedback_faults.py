"""The benchmark of durability: that it measures what it says, and would see what is lost."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.feedback.store import Feedback
from benchmarks import feedback_clients, feedback_faults, feedback_places
from benchmarks.feedback_clients import Sending, made_records
from benchmarks.feedback_faults import Kept, Outcome, Trial, compare, run, table
from tests.feedback.conftest import NOON

pytestmark = pytest.mark.thorough


@pytest.fixture
def records():
    return made_records(3, seed=1)


@pytest.fixture
def answering():
    """Starts a server that answers as a list says, one after the other, None by closing the connection."""
    servers = []

    def start(answers):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if (status := answers.pop(0)) is None:
                    self.close_connection = True
                    return
                content = body if status < 300 else b"{}"
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        servers.append((server, thread))
        return server.server_port

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def as_kept(record: dict, **changed) -> Feedback:
    return Feedback(**{name: record[name] for name in record.keys() - {"consent"}} | {"time": NOON} | changed)


def test_records_differ_in_drawing_and_id_and_come_again_with_the_same_seed():
    records = made_records(12, seed=1)
    assert len({record["id"] for record in records}) == len({record["image"] for record in records}) == 12
    assert {record["mode"] for record in records} == {"digit", "character", "any"}
    assert made_records(12, seed=1) == records
    assert {record["id"] for record in made_records(12, seed=2)}.isdisjoint(record["id"] for record in records)


def test_a_record_is_sent_again_until_it_is_acknowledged(answering, records):
    sending = Sending(records)
    sending.work(answering([503, None, 429, 201, 201, None, 200]))
    assert sending.acknowledged == {record["id"] for record in records}
    assert (sending.sends, sending.already_there) == (7, 1)


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_and_a_failure_of_the_app_stop_everyone(answering, records, status):
    sending = Sending(records)
    with pytest.raises(RuntimeError, match=f"{status} for record {records[0]['id']}"):
        sending.work(answering([status]))
    sending.wait_for(3)  # which will never be
    sending.work(answering([]))
    assert (sending.sends, sending.acknowledged) == (1, set())


def test_a_record_that_nobody_takes_is_given_up(answering, records, monkeypatch):
    monkeypatch.setattr(feedback_clients, "PATIENCE", 0)
    with pytest.raises(RuntimeError, match="was not acknowledged within 0 s"):
        Sending(records).work(answering([503] * 2))


def test_what_is_missing_changed_doubled_or_never_sent_is_counted(records):
    first, second, _ = records
    acknowledged = {first["id"], second["id"]}
    assert compare(records, acknowledged, map(as_kept, records)) == Kept(0, 0, 0)  # a lost answer is no fault
    assert compare(records, acknowledged, [as_kept(first)]) == Kept(1, 0, 0)
    assert compare(records, acknowledged, [as_kept(first), as_kept(second, label="A")]) == Kept(1, 0, 0)
    assert compare(records, acknowledged, map(as_kept, [first, second, second])) == Kept(0, 1, 0)
    assert compare([first, second], acknowledged, map(as_kept, records)) == Kept(0, 0, 1)


@pytest.mark.parametrize(
    ("times", "most"), [([], 0), ([5.0], 1), ([0, 30, 59.9], 3), ([0, 30, 60], 2), ([*range(0, 100, 2)], 30)]
)
def test_fullest_minute_is_found_wherever_it_starts(times, most):
    assert feedback_places.most_in_a_minute(times) == most


@pytest.mark.parametrize(
    "changed",
    [
        {"acknowledged": 9},
        {"kept": Kept(1, 0, 0)},
        {"kept": Kept(0, 1, 0)},
        {"kept": Kept(0, 0, 1)},
        {"most_writes": 61},
    ],
)
def test_exit_status_says_whether_all_held(monkeypatch, capsys, changed):
    outcome = Outcome(Trial("SQLite", None, 10, 2, 1), 3, 1, 10, Kept(0, 0, 0), None, None, None, 1.4)
    for given, status in ((outcome, 0), (outcome._replace(**changed), 1)):
        monkeypatch.setattr(feedback_faults, "run", lambda trial, given=given: given)
        assert feedback_faults.main(["--store", "sqlite"]) == status
    shown = capsys.readouterr().out
    assert "command: python -m benchmarks.feedback_faults --store sqlite\n" in shown
    assert "| SQLite | 10 | 2 | 1 | 3 | 1 | 10 | 0 | 0 | 0 | – | – | – | 1 |" in shown
    assert shown.splitlines()[2] == table([]).splitlines()[0]


def test_too_few_records_for_the_kills_are_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        feedback_faults.main(["--store", "sqlite", "--records", "5"])
    assert "must be more than the kills. Received: 5" in capsys.readouterr().err


def test_nothing_is_lost_where_the_server_is_killed():
    outcome = run(Trial("SQLite", feedback_places.sqlite, 12, 2, 1))
    assert outcome.holds
    assert outcome.acknowledged == 12
    assert outcome.most_writes is None


def test_nothing_is_lost_where_an_answer_of_google_sheets_is_and_its_calls_are_counted():
    @contextmanager
    def failing_sheets():
        with feedback_places.sheets({}) as place:
            place.sheets.faults = {"values.append": iter(["drop after"])}
            yield place

    outcome = run(Trial("Sheets", failing_sheets, 1, 1, 0))
    assert outcome.holds
    assert outcome.most_writes == 3  # worksheets made, and the record sent twice
    assert outcome.spare_rows == 1
