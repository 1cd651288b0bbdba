"""The models that this process serves, and how it reads a picture with them."""

import atexit
from functools import partial
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import NamedTuple

import numpy as np
from flask import Flask, current_app, g
from PIL import Image
from werkzeug.exceptions import ServiceUnavailable

from app import certainty, events
from app.recognition import occlusion
from app.recognition.preprocessing import Ink, preprocess
from app.recognition.recognizer import Recognizer
from app.recognition.watcher import Watcher

NOT_LOADED = {503: "The models are not loaded."}
# One picture is read at a time: threads that take the interpreter from each other between NumPy's many short calls
# give a quarter fewer answers (doc/benchmarks.md).
_turn = Lock()


def init_app(app: Flask) -> None:
    """Load the models, and give the templates `modes`, each mode's labels, and `sure_from` (`certainty`).

    Models that do not load leave the process alive but not ready, so that what watches it can tell.
    """
    watcher = app.extensions["models"] = Watcher(Path(app.root_path).parent / app.config["MODELS_DIR"], app.logger)
    watcher.look()
    app.context_processor(_for_templates)
    atexit.register(close, app)


def recognizer() -> Recognizer:
    """The models that serve: one and the same throughout a request, so that all of its answer comes from them.

    Raises ServiceUnavailable (503) where they did not load.
    """
    if (loaded := _recognizer()) is None:
        raise ServiceUnavailable("The models did not load, so nothing can be read. The server's log says why.")
    return loaded


class Reading(NamedTuple):
    """What the models see of a picture, the probability of each label, and how unlike a character it looks."""

    ink: Ink
    probabilities: dict[str, float]
    not_a_character: float | None


def read(picture: Image.Image, mode: str, *, keep_steps: bool = False) -> Reading:
    """Of an opaque "L" or "RGB" picture. Raises ServiceUnavailable, NothingDrawn."""
    models = recognizer()
    asked = perf_counter()
    with _turn:
        begun = perf_counter()
        ink = preprocess(picture, keep_steps=keep_steps)
        preprocessed = perf_counter()
        probabilities, not_characters = models.read(ink.input[None], mode)
    events.picture_read.send(
        current_app._get_current_object(),
        waiting=begun - asked,
        preprocessing=preprocessed - begun,
        inference=perf_counter() - preprocessed,
    )
    return _reading(models, mode, ink, probabilities, not_characters)


def explain(picture: Image.Image, mode: str) -> tuple[Reading, np.ndarray]:
    """As `read`, and (28, 28) float32: how much of the answer each part of the ink accounts for (`occlusion`)."""
    models = recognizer()
    with _turn:
        ink = preprocess(picture)
        probabilities, not_characters = models.read(ink.input[None], mode)
        _, importance = occlusion.importance(ink.input, partial(models.predict, mode=mode))
    return _reading(models, mode, ink, probabilities, not_characters), importance


def close(app: Flask) -> None:
    """Load no more models; done by itself when the process ends."""
    app.extensions["models"].stop()


def _recognizer() -> Recognizer | None:
    if "recognizer" not in g:
        watcher: Watcher = current_app.extensions["models"]
        watcher.start()  # here and not before, because a server forks first
        g.recognizer = watcher.recognizer
    return g.recognizer


def _reading(models: Recognizer, mode: str, ink: Ink, probabilities: np.ndarray, odd: np.ndarray | None) -> Reading:
    """Of the one picture in a batch."""
    by_label = dict(zip(models.cards[mode]["labels"], probabilities[0].tolist(), strict=True))
    return Reading(ink, by_label, None if odd is None else float(odd[0]))


def _for_templates() -> dict[str, dict]:
    loaded = _recognizer()
    cards = loaded.cards if loaded else {}
    return {
        "modes": {mode: card["labels"] for mode, card in cards.items()},
        "sure_from": {mode: certainty.sure_from(card) for mode, card in cards.items()},
    }
