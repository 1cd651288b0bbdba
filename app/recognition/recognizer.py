"""The models, loaded once; predict() gives calibrated probabilities."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Self

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from app.recognition import versions
from app.recognition.familiarity import PERCENTILES, not_a_character
from app.recognition.preprocessing import INK_SIZE
from app.recognition.versions import ModelError

MODES = ("digit", "character", "any")
LARGEST_BATCH = 64  # bounds the memory that a batch takes


class Recognizer:
    """Every mode's model. Safe to call from many threads at once.

    Example:
        >>> recognizer = Recognizer.load(Path("app/recognition/trained"))
        >>> recognizer.predict(np.zeros((2, 28, 28), np.float32), "digit").shape
        (2, 10)
    """

    def __init__(self, models: "Mapping[str, Model]"):
        self._models = dict(models)
        self.cards = {mode: self._models[mode].card for mode in MODES}

    @classmethod
    def load(cls, models: Path) -> Self:
        """The versions that serve in a folder of models. Raises ModelError where one must not serve."""
        return cls({mode: load_serving(models, mode) for mode in MODES})

    def predict(self, inks: np.ndarray, mode: str) -> np.ndarray:
        """Calibrated probabilities of `inks`, (n, 28, 28) float32 in [0, 1], ink bright.

        Returns (n, classes) float32 in the order of `cards[mode]["labels"]`; rows sum to 1. Raises ValueError where the
        shape is another or n is 0.
        """
        return self.read(inks, mode).probabilities

    def read(self, inks: np.ndarray, mode: str) -> "Reading":
        """As `predict`, and how unlike characters the inks look."""
        if not len(inks) or inks.shape[1:] != (INK_SIZE, INK_SIZE):
            raise ValueError(f"Inks must be (n, {INK_SIZE}, {INK_SIZE}), n at least 1. Received: {inks.shape}")
        return self._models[mode].read(inks)


class Reading(NamedTuple):
    """Of n inks.

    probabilities: (n, classes). not_a_character: (n,) (`familiarity`), None where the card has no percentiles for it.
    """

    probabilities: np.ndarray
    not_a_character: np.ndarray | None


class Model:
    """A version of a mode's model with its card, and the interpreter that threads take turns at.

    Args:
        folder: holds model.tflite and card.json.

    Raises:
        ModelError: it does not load, is not what its card says, or fails its self-test.
    """

    def __init__(self, folder: Path, mode: str):
        self._folder, self._mode = folder, mode
        self.card = self._read_card()
        self.version: str = self.card["version"]
        # Read, not mapped: whatever becomes of the file, what was tested serves.
        content = self._read("model.tflite")
        # First: LiteRT's own code may crash, and the process with it, over a file that is not as it was made.
        if hashlib.sha256(content).hexdigest() != self.card["sha256"]:
            raise self._error("model.tflite is not the file that card.json describes")
        self._interpreter, self._turn = self._make_interpreter(content), Lock()
        self._test()

    def predict(self, inks: np.ndarray) -> np.ndarray:
        """(n, 28, 28) float32 -> (n, classes) float32, rows sum to 1."""
        return self.read(inks).probabilities

    def read(self, inks: np.ndarray) -> Reading:
        """Of (n, 28, 28) float32."""
        with self._turn:
            batches = [self._interpreter(inks[i : i + LARGEST_BATCH]) for i in range(0, len(inks), LARGEST_BATCH)]
        logits = np.concatenate(batches) / self.card["temperature"]
        of_characters = self.card.get("familiarity")
        return Reading(softmax(logits), not_a_character(logits, of_characters) if of_characters else None)

    def _read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise self._error(f"{name} cannot be read: {error.strerror}") from error

    def _read_card(self) -> dict:
        try:
            card = json.loads(self._read("card.json"))
            problem = _problem_of_card(card, self._mode)
        except (ValueError, TypeError, KeyError) as error:
            raise self._error(f"card.json is damaged: {type(error).__name__}: {error}") from error
        if problem:
            raise self._error(f"card.json is wrong: {problem}")
        return card

    def _make_interpreter(self, content: bytes) -> "LiteRTModel":
        try:
            interpreter = LiteRTModel(content)
        except (ValueError, RuntimeError) as error:
            raise self._error(f"model.tflite does not load: {error}") from error
        classes = len(self.card["labels"])
        if interpreter.input_shape != [INK_SIZE, INK_SIZE, 1] or interpreter.output_shape != [classes]:
            raise self._error(
                f"model.tflite must turn (n, {INK_SIZE}, {INK_SIZE}, 1) into (n, {classes}), a logit for each label of"
                f" its card. Received: a model from (n, *{interpreter.input_shape}) to (n, *{interpreter.output_shape})"
            )
        return interpreter

    def _test(self) -> None:
        test = self.card["self_test"]
        pixels = np.frombuffer(base64.b64decode(test["input"]), np.uint8)
        probabilities = self.predict(pixels.reshape(1, INK_SIZE, INK_SIZE) / np.float32(255))[0]
        answer = self.card["labels"][int(probabilities.argmax())]
        if not np.isfinite(probabilities).all() or answer != test["label"]:
            raise self._error(f"the self-test fails: expected {test['label']!r}. Received: {answer!r}")

    def _error(self, problem: str) -> ModelError:
        return ModelError(f"{self._folder}: {problem}. Train this model again, or restore it from the repository.")


def load_serving(models: Path, mode: str) -> Model:
    """The version of a mode that serves in a folder of models. Raises ModelError."""
    folder = versions.serving(models, mode)
    model = Model(folder, mode)
    if model.version != folder.name:
        raise ModelError(f"{folder} must be named like the version of its card.json. Received: {model.version!r}.")
    return model


class LiteRTModel:
    """A LiteRT interpreter as a function, (n, 28, 28) -> (n, classes) logits, for one thread at a time."""

    def __init__(self, content: bytes):
        self._litert = Interpreter(model_content=content, num_threads=1)
        self._litert.allocate_tensors()
        (source,), (sink,) = self._litert.get_input_details(), self._litert.get_output_details()
        if source["dtype"] != np.float32 or sink["dtype"] != np.float32:
            raise ValueError(f"its input and output must be float32, not {source['dtype']} and {sink['dtype']}")
        self._input, self._output, self._batch = source["index"], sink["index"], int(source["shape"][0])
        self.input_shape = source["shape"][1:].tolist()
        self.output_shape = sink["shape"][1:].tolist()

    def __call__(self, inks: np.ndarray) -> np.ndarray:
        if len(inks) != self._batch:
            self._litert.resize_tensor_input(self._input, (len(inks), *self.input_shape))
            self._litert.allocate_tensors()
            self._batch = len(inks)
        self._litert.set_tensor(self._input, np.asarray(inks, np.float32)[..., np.newaxis])
        self._litert.invoke()
        return self._litert.get_tensor(self._output)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis; float32, summed in float64 so that rows sum to 1 closely."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True), dtype=np.float64)
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


def _problem_of_card(card: dict, mode: str) -> str | None:
    labels, temperature, test = card["labels"], card["temperature"], card["self_test"]
    if not isinstance(card["sha256"], str):
        return f"sha256 must be a string. Received: {card['sha256']!r}"
    if card["name"] != mode:
        return f"name must be {mode!r}. Received: {card['name']!r}"
    if not versions.NAME.fullmatch(card["version"]):
        return f"version must be letters, digits and . _ + - between them, at most 64. Received: {card['version']!r}"
    if not labels or len(set(labels)) != len(labels) or not all(isinstance(label, str) for label in labels):
        return f"labels must be distinct strings. Received: {labels!r}"
    if not isinstance(temperature, int | float) or not 0 < temperature < np.inf:
        return f"temperature must be a number above 0. Received: {temperature!r}"
    of_characters = card.get("familiarity")
    if of_characters is not None and (len(of_characters) != len(PERCENTILES) or of_characters != sorted(of_characters)):
        return f"familiarity must be {len(PERCENTILES)} rising numbers. Received: {of_characters!r}"
    if len(base64.b64decode(test["input"], validate=True)) != INK_SIZE**2 or test["label"] not in labels:
        return f"self_test must hold {INK_SIZE**2} bytes and one of the labels. Received: {test!r}"
    return None
