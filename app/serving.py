"""The models that this process serves, and how it reads a picture with them."""

from pathlib import Path
from threading import Lock

from flask import Flask, current_app
from PIL import Image
from werkzeug.exceptions import ServiceUnavailable

from app.recognition.preprocessing import Ink, preprocess
from app.recognition.recognizer import ModelError, Recognizer

NOT_LOADED = {503: "The models are not loaded."}
# One picture is read at a time: threads that take the interpreter from each other between NumPy's many short calls
# give a quarter fewer answers (doc/benchmarks.md).
_turn = Lock()


def init_app(app: Flask) -> None:
    """Load the models, and give the templates `modes`: each mode's labels.

    Models that do not load leave the process alive but not ready, so that what watches it can tell.
    """
    try:
        app.extensions["recognizer"] = Recognizer(Path(app.root_path).parent / app.config["MODELS_DIR"])
    except ModelError as error:
        app.extensions["recognizer"] = None
        app.logger.critical("The models cannot be served: %s", error)
    cards = app.extensions["recognizer"].cards if app.extensions["recognizer"] else {}
    modes = {mode: card["labels"] for mode, card in cards.items()}
    app.context_processor(lambda: {"modes": modes})


def recognizer() -> Recognizer:
    """The models that serve. Raises ServiceUnavailable (503) where they did not load."""
    if (loaded := current_app.extensions["recognizer"]) is None:
        raise ServiceUnavailable("The models did not load, so nothing can be read. The server's log says why.")
    return loaded


def read(picture: Image.Image, mode: str, *, keep_steps: bool = False) -> tuple[Ink, dict[str, float]]:
    """What the models see of an opaque "L" or "RGB" picture, and the probability of each of the mode's labels.

    Raises ServiceUnavailable, NothingDrawn.
    """
    models = recognizer()
    with _turn:
        ink = preprocess(picture, keep_steps=keep_steps)
        probabilities = models.predict(ink.input[None], mode)[0]
    return ink, dict(zip(models.cards[mode]["labels"], probabilities.tolist(), strict=True))
