"""What this process did, counted for Prometheus. Everything else only says what happens (`app.events`).

Each label's values are a closed set: routes, statuses, the modes' labels, the versions that this process served.
"""

import hmac
import os
import platform
from collections.abc import Iterator
from typing import Any

from flask import Flask, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app import events, secret_key
from app.feedback.store import Feedback
from app.feedback.summary import OTHERS, kind_of
from app.recognition.recognizer import MODES
from app.recognition.watcher import Watcher
from app.request_log import Request

ANSWERING = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)  # seconds
READING = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)  # seconds
CONFIDENCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)
disable_created_metrics()  # a second series for each, which nobody asks for
REVISIONS = ("K_REVISION", "GAE_VERSION")  # the names that Cloud Run and App Engine give what they run


def init_app(app: Flask) -> None:
    """Count from now on. Raises SettingError where METRICS_TOKEN can be guessed."""
    if app.config["METRICS_TOKEN"]:
        secret_key.check(app, "METRICS_TOKEN")
    app.extensions["metrics"] = Metrics(app)


def may_read(app: Flask) -> bool:
    """Whether the request may see the metrics: any where METRICS_TOKEN is empty, else who sends it as a bearer."""
    if not (token := app.config["METRICS_TOKEN"]):
        return True
    given = request.authorization
    if given is None or given.type != "bearer":
        return False
    return hmac.compare_digest((given.token or "").encode(), token.encode())


class Metrics:
    """The metrics of one app, in a registry of their own."""

    def __init__(self, app: Flask):
        self._app, self._registry = app, CollectorRegistry()
        into = {"registry": self._registry}
        self._answers = Counter("inkloop_http_requests", "Requests answered.", ("method", "route", "status"), **into)
        self._seconds = Histogram(
            "inkloop_http_request_duration_seconds",
            "From a request's first line to its answer.",
            ("route", "status_class"),
            buckets=ANSWERING,
            **into,
        )
        steps = Histogram(
            "inkloop_reading_duration_seconds",
            "Of one picture: waiting for its turn, preprocessing, inference.",
            ("step",),
            buckets=READING,
            **into,
        )
        self._steps = {step: steps.labels(step) for step in ("waiting", "preprocessing", "inference")}
        self._predictions = Counter("inkloop_predictions", "Answers to those who draw.", ("mode", "label"), **into)
        self._confidence = Histogram(
            "inkloop_prediction_confidence",
            "Of those answers.",
            ("mode", "model_version"),
            buckets=CONFIDENCES,
            **into,
        )
        self._feedback = Counter(
            "inkloop_feedback", "Records kept, by what they say.", ("mode", "kind", "model_version"), **into
        )
        self._store = Histogram(
            "inkloop_store_duration_seconds",
            "Of an operation of the feedback store, until it is durable or given up.",
            ("operation", "outcome"),
            buckets=ANSWERING,
            **into,
        )
        build = {name: os.environ[name] for name in REVISIONS if name in os.environ}
        Info("inkloop_build", "What runs.", **into).info(
            {"python": platform.python_version(), "revision": next(iter(build.values()), "")}
        )
        self._registry.register(_OnAsking(app))
        ProcessCollector(**into)
        GCCollector(**into)
        self._served: set[tuple[str, str]] = set()
        events.answered.connect(self._on_answered, app)
        events.picture_read.connect(self._on_picture_read, app)
        events.predicted.connect(self._on_predicted, app)
        events.feedback_kept.connect(self._on_feedback_kept, app)
        events.store_asked.connect(self._on_store_asked, app)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def _on_answered(self, _: Flask, *, request: Request, status: int, seconds: float) -> None:
        self._answers.labels(request.method, request.route, status).inc()
        self._seconds.labels(request.route, f"{status // 100}xx").observe(seconds)

    def _on_picture_read(self, _: Flask, **seconds: float) -> None:
        for step, took in seconds.items():
            self._steps[step].observe(took)

    def _on_predicted(self, _: Flask, *, mode: str, version: str, label: str, confidence: float) -> None:
        self._served.add((mode, version))
        self._predictions.labels(mode, label).inc()
        self._confidence.labels(mode, version).observe(confidence)

    def _on_feedback_kept(self, _: Flask, *, feedback: Feedback) -> None:
        # What version it was is the client's word: of those that never served here there may be any number.
        known = (feedback.mode, feedback.model_version) in self._served | _serving(self._app)
        self._feedback.labels(feedback.mode, kind_of(feedback), feedback.model_version if known else OTHERS).inc()

    def _on_store_asked(self, _: Flask, *, operation: str, outcome: str, seconds: float) -> None:
        self._store.labels(operation, outcome).observe(seconds)


class _OnAsking(Collector):
    """What other parts know already, looked up when somebody asks."""

    def __init__(self, app: Flask):
        self._app = app

    def describe(self) -> list[Metric]:
        return []  # known only when asked

    def collect(self) -> Iterator[Metric]:
        watcher: Watcher = self._app.extensions["models"]
        says = "1 for each version that answers."
        serves = GaugeMetricFamily("inkloop_model_serves", says, labels=("mode", "model_version"))
        for mode, version in sorted(_serving(self._app)):
            serves.add_metric((mode, version), 1)
        yield serves
        loads = CounterMetricFamily("inkloop_model_loads", "Versions that were tried.", labels=("mode", "outcome"))
        for mode in MODES:
            loads.add_metric((mode, "loaded"), watcher.loaded[mode])
            loads.add_metric((mode, "refused"), watcher.refused[mode])
        yield loads
        worker: Any = self._app.extensions.get("worker")  # gunicorn's (gunicorn.conf.py); other servers have none
        line, shed = (worker.waiting, worker.shed) if worker else (0, 0)
        yield GaugeMetricFamily("inkloop_requests_waiting", "Requests that wait for a thread.", line)
        yield CounterMetricFamily("inkloop_requests_shed", "Requests refused since they waited for too long.", shed)
        waiting: Any = getattr(self._app.extensions["feedback"].opened, "waiting", 0)
        yield GaugeMetricFamily("inkloop_feedback_waiting", "Calls that stand in line for Google Sheets.", waiting)


def _serving(app: Flask) -> set[tuple[str, str]]:
    loaded = app.extensions["models"].recognizer
    return {(mode, card["version"]) for mode, card in loaded.cards.items()} if loaded else set()
