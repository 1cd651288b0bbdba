"""How lines look, from records alone and from a server as it is started."""

import http.client
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import logs
from benchmarks.servers import free_port
from tests.drawings import data_url, draw

ROOT = Path(__file__).parent.parent
EVIL = "a\nINFO forged\r\x1b[2J\u2028\x85 b"
LINE_ENDS = "\n\r\u2028\x85\x1b"


def record(message: str = "said", exception: Exception | None = None, **extra) -> logging.LogRecord:
    trouble = exception and (type(exception), exception, None)
    made = logging.LogRecord("app.part", logging.WARNING, "", 0, message, None, trouble)
    vars(made).update(extra)
    return made


def test_json_has_the_names_that_cloud_logging_knows():
    request, fields = {"request_id": "r1", "logging.googleapis.com/trace": "t"}, {"httpRequest": {"status": 200}}
    line = json.loads(logs.JsonFormatter().format(record(request=request, fields=fields)))
    assert line.pop("time").endswith("+00:00")
    assert line.pop("process") == os.getpid()
    assert line == {"severity": "WARNING", "message": "said", "logger": "app.part"} | request | fields


def test_json_keeps_a_traceback_in_the_same_line():
    try:
        raise ValueError(EVIL)
    except ValueError as error:
        trouble = (type(error), error, error.__traceback__)
    made = record()
    made.exc_info = trouble
    line = logs.JsonFormatter().format(made)
    assert "\n" not in line
    assert json.loads(line)["stack_trace"].startswith("Traceback")
    assert "ValueError" in json.loads(line)["stack_trace"]


@pytest.mark.parametrize("format", logs.FORMATS)
def test_what_strangers_sent_begins_no_line(format):
    (line,) = [logs.FORMATTERS[format]().format(record(EVIL))]
    assert not [end for end in LINE_ENDS if end in line]
    assert "forged" in line


def test_in_text_only_lines_of_a_traceback_follow_and_they_are_indented():
    first, *others = logs.TextFormatter().format(record(exception=ValueError(EVIL))).split("\n")
    assert first.endswith("WARNING  said")
    assert others
    assert all(line.startswith("  | ") for line in others)


@pytest.mark.parametrize("format", logs.FORMATS)
def test_a_line_has_an_end(format):
    assert len(logs.FORMATTERS[format]().format(record("x" * 1_000_000))) < logs.LONGEST + 1000


def test_format_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"LOG_FORMAT must be text or json\. Received: 'xml'"):
        logs.configuration("xml")


@pytest.fixture(scope="module")
def lines() -> list[dict]:
    """All that gunicorn says from its start to its end, in JSON, with three requests between."""
    port = free_port()
    environment = {"PORT": str(port), "LOG_FORMAT": "json", "GOOGLE_CLOUD_PROJECT": "a-project"}

    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "main:app"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    found = []
    for line in process.stdout:
        found.append(json.loads(line))
        if "any: version" in found[-1]["message"]:
            break
    trace = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    question = json.dumps({"image": data_url(draw("3")), "mode": "digit"})
    kinds = {"X-Request-ID": "mine.1", "Content-Type": "application/json"}
    ask(port, "POST", "/api/predict", question, kinds | trace)
    ask(port, "GET", "/a%0Apath-of-a-stranger?token=hidden", None, {"X-Request-ID": "not sane"})
    ask(port, "GET", "/health/ready")
    process.terminate()
    said, _ = process.communicate(timeout=30)
    return found + [json.loads(line) for line in said.splitlines()]


def ask(port: int, method: str, path: str, body: str | None = None, headers: dict | None = None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, headers or {})
    connection.getresponse().read()
    connection.close()


def test_every_line_of_gunicorn_and_the_app_is_json_with_a_severity(lines):
    assert {"gunicorn.error", "app", "app.requests"} <= {line["logger"] for line in lines}
    assert all(line["severity"] in ("INFO", "WARNING", "ERROR") for line in lines)


def test_each_request_is_one_line_by_which_it_is_found_but_not_those_that_only_watch(lines):
    predicted, unmatched = [line for line in lines if line["logger"] == "app.requests"]
    assert predicted["request_id"] == "mine.1"
    http = predicted["httpRequest"]
    assert (http["requestMethod"], http["requestUrl"], http["status"]) == ("POST", "/api/predict", 200)
    assert http["latency"].endswith("s")
    assert int(http["responseSize"]) > 100
    assert predicted["mode"] == "digit"
    assert predicted["model_version"] in predicted["message"]
    assert predicted["logging.googleapis.com/trace"] == f"projects/a-project/traces/{'a' * 32}"
    assert predicted["logging.googleapis.com/spanId"] == "b" * 16
    assert (unmatched["httpRequest"]["requestUrl"], unmatched["httpRequest"]["status"]) == ("unmatched", 404)


def test_nothing_is_logged_of_who_asked_or_what_they_wrote(lines):
    said = json.dumps([line for line in lines if line["logger"] == "app.requests"])
    for secret in ("127.0.0.1", "stranger", "hidden", "not sane", "base64"):
        assert secret not in said
