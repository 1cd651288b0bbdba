import time

import pytest
from flask import Flask, redirect, request

from deploy import smoke
from tests.server import served


@pytest.fixture
def broken():
    """A server that is ready, and reads everything as 8; `asked` holds the tokens that it was shown."""
    app = Flask("broken")
    app.asked = set()
    app.before_request(lambda: app.asked.add(request.headers.get("Authorization")))
    reading = {"prediction": "8", "confidence": 0.9, "model": {"version": "1"}}
    app.add_url_rule("/health/ready", "ready", lambda: {"status": "ready"})
    app.add_url_rule("/api/predict", "predict", lambda: reading, methods=["POST"])
    app.add_url_rule("/", "page", lambda: "<!doctype html>")
    return app


def lines(output: str) -> dict[str, str]:
    """What was said of each check, by its name: "ok" or "FAIL"."""
    return {line[6:].partition(":")[0]: line[:6].strip() for line in output.splitlines()}


def test_the_server_passes(live_server, capsys):
    assert smoke.main([live_server]) == 0
    said = lines(capsys.readouterr().out)
    assert said == dict.fromkeys(("ready", "digit", "letter", "bad input", "page"), "ok")


def test_one_that_reads_wrongly_takes_anything_and_sends_no_headers_fails(broken, capsys):
    with served(broken) as address:
        assert smoke.main([address, "--token", "from-google"]) == 1
    said = lines(capsys.readouterr().out)
    assert said == {"ready": "ok"} | dict.fromkeys(("digit", "letter", "bad input", "page"), "FAIL")
    assert broken.asked == {"Bearer from-google"}


def test_an_answer_without_its_parts_fails(broken, capsys):
    broken.before_request(lambda: {"prediction": "3"} if request.path == "/api/predict" else None)
    with served(broken) as address:
        assert smoke.main([address]) == 1
    assert "FAIL  digit: KeyError('confidence')" in capsys.readouterr().out


def test_a_token_goes_to_no_other_server(broken, live_server, capsys):
    broken.before_request(lambda: redirect(live_server + request.path))
    with served(broken) as address:
        assert smoke.main([address, "--wait", "0", "--token", "from-google"]) == 1
    assert "302" in capsys.readouterr().out


def test_it_waits_until_the_server_is_ready(live_server, monkeypatch):
    server, looks = smoke.Server(live_server), []
    monkeypatch.setattr(smoke, "PAUSE", 0)

    def get(path):
        looks.append(path)
        if len(looks) == 1:
            raise smoke.Failure("nobody listens")
        return smoke.Answer(503, {}, b"") if len(looks) == 2 else smoke.Server(live_server).get(path)

    monkeypatch.setattr(server, "get", get)
    assert smoke.wait_until_ready(server, 60)
    assert len(looks) == 3


def test_it_does_not_wait_for_ever(monkeypatch, capsys):
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("the time was over"))
    assert smoke.main(["http://127.0.0.1:9", "--wait", "-1"]) == 1
    assert lines(capsys.readouterr().out) == {"ready": "FAIL"}
