import re
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import create_app, keeping, rates, serving
from app.feedback.store import StoreUnavailable
from app.settings import SettingError
from tests.drawings import data_url, draw
from tests.models import copy_shipped

ROOT = Path(__file__).parent.parent
TOKEN = "a-token-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app(tmp_path):
    """A new one, so that it counts from nothing."""
    app = create_app({"FEEDBACK_URL": f"sqlite:///{tmp_path}/feedback.db", "METRICS_TOKEN": TOKEN})
    rates.limiter.reset()
    yield app
    rates.limiter.reset()
    serving.close(app)
    keeping.close(app)


@pytest.fixture
def version(app) -> str:
    return app.extensions["models"].recognizer.cards["digit"]["version"]


class Metrics:
    """What /metrics says now, as a Prometheus server reads it."""

    def __init__(self, app):
        answer = app.test_client().get("/metrics", headers=BEARER)
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float | None:
        return self.samples.get((name, frozenset(labels.items())))


def feedback(version: str, **fields) -> dict:
    usual = {"id": str(uuid4()), "image": data_url(draw("3")), "mode": "digit", "prediction": "3", "confidence": 0.9}
    return usual | {"label": "3", "model_version": version, "consent": True} | fields


def test_prediction_is_counted_once_with_its_label_confidence_and_steps(app, version):
    client = app.test_client()
    answer = client.post("/api/predict", json={"image": data_url(draw("3")), "mode": "digit"})
    metrics = Metrics(app)
    assert metrics("inkloop_predictions_total", mode="digit", label="3") == 1
    confidence = {"mode": "digit", "model_version": version}
    assert metrics("inkloop_prediction_confidence_count", **confidence) == 1
    assert metrics("inkloop_prediction_confidence_sum", **confidence) == pytest.approx(answer.json["confidence"])
    for step in ("waiting", "preprocessing", "inference"):
        assert metrics("inkloop_reading_duration_seconds_count", step=step) == 1
    assert metrics("inkloop_reading_duration_seconds_sum", step="inference") > 0


def test_requests_are_counted_by_the_pattern_of_their_route(app):
    client = app.test_client()
    for _ in range(2):
        client.delete(f"/api/feedback/{uuid4()}")
    for path in ("/made/up", "/by/strangers"):
        client.get(path)
    client.open("/", method="MADEUP")
    metrics, route = Metrics(app), "/api/feedback/<uuid:id>"
    assert metrics("inkloop_http_requests_total", method="DELETE", route=route, status="204") == 2
    assert metrics("inkloop_http_request_duration_seconds_count", route=route, status_class="2xx") == 2
    assert metrics("inkloop_http_requests_total", method="GET", route="unmatched", status="404") == 2
    assert metrics("inkloop_http_requests_total", method="OTHER", route="unmatched", status="405") == 1


def test_feedback_is_counted_by_what_it_says_and_once(app, version):
    client, wrong = app.test_client(), feedback(version, prediction="8")
    for record in (feedback(version), feedback(version), wrong, wrong, feedback(version, label="skip")):
        assert client.post("/api/feedback", json=record).status_code in (200, 201)
    client.post("/api/feedback", json=feedback(version, label="7", prediction="3"))  # which the model contradicts
    metrics = Metrics(app)
    found = {
        kind: metrics("inkloop_feedback_total", mode="digit", kind=kind, model_version=version)
        for kind in ("right", "wrong", "skip", "pending")
    }
    assert found == {"right": 2, "wrong": 1, "skip": 1, "pending": 1}
    assert metrics("inkloop_store_duration_seconds_count", operation="add", outcome="ok") == 6
    assert metrics("inkloop_feedback_waiting") == 0


def test_versions_that_strangers_make_up_are_one(app):
    for number in range(3):
        app.test_client().post("/api/feedback", json=feedback(f"made-up-{number}"))
    assert Metrics(app)("inkloop_feedback_total", mode="digit", kind="right", model_version="others") == 3


def test_store_that_fails_is_counted(app, version, monkeypatch):
    def refuse(_):
        raise StoreUnavailable("It is away.", 5)

    monkeypatch.setattr(keeping, "open_store", refuse)
    assert app.test_client().post("/api/feedback", json=feedback(version)).status_code == 503
    metrics = Metrics(app)
    assert metrics("inkloop_store_duration_seconds_count", operation="add", outcome="unavailable") == 1
    assert metrics("inkloop_http_requests_total", method="POST", route="/api/feedback", status="503") == 1


def test_line_before_google_sheets_is_as_long_as_it_is(app):
    app.extensions["feedback"].opened = type("Sheets", (), {"waiting": 7, "close": lambda self: None})()
    assert Metrics(app)("inkloop_feedback_waiting") == 7


def test_what_waits_for_a_thread_and_what_was_refused_is_told(app):
    assert Metrics(app)("inkloop_requests_shed_total") == 0
    app.extensions["worker"] = SimpleNamespace(waiting=2, shed=5)
    metrics = Metrics(app)
    assert (metrics("inkloop_requests_waiting"), metrics("inkloop_requests_shed_total")) == (2, 5)


def test_models_that_serve_and_those_refused_are_named(tmp_path):
    models = copy_shipped(tmp_path / "models")
    app = create_app({"MODELS_DIR": str(models), "METRICS_TOKEN": TOKEN})
    watcher = app.extensions["models"]
    (models / "digit" / "current").write_text("no-such-version")
    watcher.look()
    metrics, version = Metrics(app), watcher.recognizer.cards["digit"]["version"]
    serving.close(app)
    assert metrics("inkloop_model_serves", mode="digit", model_version=version) == 1
    assert metrics("inkloop_model_loads_total", mode="digit", outcome="loaded") == 1
    assert metrics("inkloop_model_loads_total", mode="digit", outcome="refused") == 1
    assert metrics("inkloop_model_loads_total", mode="any", outcome="refused") == 0


def test_process_and_build_are_described(app):
    metrics = Metrics(app)
    assert metrics("process_resident_memory_bytes") > 10_000_000
    assert metrics("process_start_time_seconds") > 0
    assert any(name == "inkloop_build_info" for name, _ in metrics.samples)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}"])
def test_with_a_token_set_only_who_has_it_reads_the_metrics(app, authorization):
    answer = app.test_client().get("/metrics", headers={"Authorization": authorization})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_without_one_everybody_does(app, monkeypatch):
    monkeypatch.setitem(app.config, "METRICS_TOKEN", "")
    assert "inkloop_build_info" in app.test_client().get("/metrics").text


def test_what_operations_tells_to_watch_is_there(app, version):
    client = app.test_client()
    client.post("/api/predict", json={"image": data_url(draw("3")), "mode": "digit"})
    client.post("/api/feedback", json=feedback(version))
    client.get("/")
    told = set(
        re.findall(r"\b(?:inkloop|process)_[a-z_]+", (ROOT / "doc" / "operations.md").read_text(encoding="utf-8"))
    )
    there = {name for name, _ in Metrics(app).samples}
    there |= {name.removesuffix(end) for name in there for end in ("_bucket", "_count")}
    assert len(told) > 10
    assert not told - there


def test_token_that_can_be_guessed_is_refused_at_the_start():
    with pytest.raises(SettingError, match="METRICS_TOKEN must have at least 16 characters"):
        create_app({"METRICS_TOKEN": "short"})
