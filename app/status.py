"""What the owner of a server wants to know of it, for the page and for scripts alike."""

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from flask import Flask, current_app

from app import drift, keeping, retraining_reports
from app.drift import Drift
from app.feedback.store import FeedbackStore
from app.feedback.summary_reader import Look, SummaryReader
from app.recognition import versions
from app.recognition.recognizer import MODES
from app.recognition.versions import ModelError
from app.retraining_reports import Report

MOST_VERSIONS = 5  # of a mode
FIGURES = ("n", "accuracy", "calibration_error")


@dataclass(frozen=True)
class Version:
    """tests: the figures of each test by its name, as the card has them; none where there is no card to read."""

    version: str
    tests: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """serves: the version that answers in this process, None where none could be loaded. versions: the one that shall
    serve, then those that it replaced, newest first. problem: why they are not known, else None.
    """

    mode: str
    serves: str | None
    versions: list[Version] = field(default_factory=list)
    problem: str | None = None


@dataclass(frozen=True)
class Retraining:
    """last: None where there was none."""

    mode: str
    last: Report | None


@dataclass(frozen=True)
class Status:
    """store: the scheme of FEEDBACK_URL, such as sqlite. drift: of each mode, none where the models did not load."""

    store: str
    feedback: Look
    drift: list[Drift]
    models: list[Model]
    retrainings: list[Retraining]


def init_app(app: Flask) -> None:
    drift.init_app(app)
    app.extensions["feedback_summary"] = SummaryReader(partial(_open_store, app))


def gather() -> Status:
    """As it is now; feedback may be a minute old. Takes a few seconds where the store does not answer."""
    root = Path(current_app.root_path).parent
    reports = root / current_app.config["REPORTS_DIR"]
    look = current_app.extensions["feedback_summary"].look()
    return Status(
        store=current_app.config["FEEDBACK_URL"].partition("://")[0].partition("+")[0],
        feedback=look,
        drift=_drift(look),
        models=[_model(root / current_app.config["MODELS_DIR"], mode) for mode in MODES],
        retrainings=[Retraining(mode, retraining_reports.latest(reports, mode)) for mode in MODES],
    )


def _open_store(app: Flask) -> FeedbackStore:
    with app.app_context():
        return keeping.store()


def _drift(look: Look) -> list[Drift]:
    if (loaded := current_app.extensions["models"].recognizer) is None:
        return []
    recent = look.summary.recent if look.summary else []
    return drift.compare(loaded.cards, recent, current_app.extensions["live_answers"])


def _model(models: Path, mode: str) -> Model:
    loaded = current_app.extensions["models"].recognizer
    serves = loaded.cards[mode]["version"] if loaded else None
    try:
        names = versions.history(models, mode)[:MOST_VERSIONS]
    except ModelError as problem:
        return Model(mode, serves, problem=str(problem))
    return Model(mode, serves, [_version(models, mode, name) for name in names])


def _version(models: Path, mode: str, name: str) -> Version:
    try:
        card = json.loads((versions.folder_of(models, mode, name) / "card.json").read_text(encoding="utf-8"))
        tests = {
            test: {figure: float(measured[figure]) for figure in FIGURES if figure in measured}
            for test, measured in card["tests"].items()
        }
    except (ModelError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return Version(name)  # older ones may be gone
    return Version(name, tests)
