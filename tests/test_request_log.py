import logging
import re

import pytest

from app import create_app, serving

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def app():
    """One in which GET /health/ready fails as only a bug does."""
    app = create_app({"GOOGLE_CLOUD_PROJECT": "a-project"})
    app.view_functions["health.ready"] = lambda: 1 / 0
    yield app
    serving.close(app)


def test_request_id_of_the_client_is_taken_where_it_is_sane(client):
    for given in ("a", "0f-1.b_2", "x" * 64):
        assert client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "<b>", "é", "-begins", "a;b"])
def test_any_other_is_replaced_by_a_random_one(client, given):
    found = {client.get("/nothing", headers={"X-Request-ID": given}).headers["X-Request-ID"] for _ in range(2)}
    assert len(found) == 2
    assert all(MADE.fullmatch(id) for id in found)


def test_failure_names_the_request_in_the_answer_and_in_every_line_of_the_log(client, caplog):
    answer = client.get("/health/ready", headers={"X-Request-ID": "quote-me"})
    assert answer.status_code == answer.json["status"] == 500
    assert answer.json["request_id"] == answer.headers["X-Request-ID"] == "quote-me"
    assert answer.json["detail"].endswith("There this request is quote-me.")
    trouble, access = caplog.records
    assert "ZeroDivisionError" in caplog.text
    assert (trouble.request["request_id"], access.request["request_id"]) == ("quote-me", "quote-me")
    assert (access.levelno, access.fields["httpRequest"]["status"]) == (logging.ERROR, 500)


def test_fault_of_the_client_is_answered_as_ever(client):
    assert "request_id" not in client.get("/nothing").json


def test_what_is_logged_outside_a_request_is_of_none(client, caplog):
    client.get("/health/live")
    logging.getLogger("app").error("alone")
    assert not hasattr(caplog.records[-1], "request")


@pytest.mark.parametrize(
    ("headers", "sampled"),
    [
        ({"traceparent": f"00-{'c' * 32}-{'d' * 16}-00"}, False),
        ({"X-Cloud-Trace-Context": f"{'c' * 32}/123;o=1"}, True),
        ({"X-Cloud-Trace-Context": "c" * 32}, False),
    ],
)
def test_trace_that_the_front_end_began_is_named(client, caplog, headers, sampled):
    client.get("/health/ready", headers=headers)
    found = caplog.records[-1].request
    assert found["logging.googleapis.com/trace"] == f"projects/a-project/traces/{'c' * 32}"
    assert found["logging.googleapis.com/trace_sampled"] == sampled


@pytest.mark.parametrize("given", [f"00-{'g' * 32}-{'d' * 16}-01", "x", f"{'c' * 32}/1;o=1 and more"])
def test_trace_that_is_none_is_left_out(client, caplog, given):
    client.get("/health/ready", headers={"traceparent": given, "X-Cloud-Trace-Context": given})
    assert caplog.records[-1].request.keys() == {"request_id"}
