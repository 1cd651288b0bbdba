"""From a trained Keras model to what serves: model.tflite, its measured figures, and the card that says it all."""

import base64
import hashlib
import io
import json
from collections.abc import Iterable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np

from app.recognition.familiarity import percentiles
from app.recognition.recognizer import LiteRTModel, softmax
from app.training.architecture import layers_of
from app.training.datasets import LABELS, VALIDATION, Corpus
from app.training.evaluate import STYLES, class_weights, figures, fit_calibration, pictures, tests
from app.training.rendering import draw, read
from app.training.samples import one_or_two_hot

DATA = [
    {
        "name": "MNIST",
        "authors": "Y. LeCun, C. Cortes, C. Burges",
        "source": "http://yann.lecun.com/exdb/mnist/",
        "terms": "CC BY-SA 3.0",
    },
    {
        "name": "EMNIST ByClass",
        "authors": "G. Cohen, S. Afshar, J. Tapson, A. van Schaik (2017), from NIST Special Database 19",
        "source": "https://www.nist.gov/itl/products-and-services/emnist-dataset",
        "terms": "public domain",
    },
    {
        "name": "UNIPEN train_r01_v07, categories 1a, 1b, 1c",
        "authors": "International Unipen Foundation",
        "source": "https://zenodo.org/records/1195803",
        "terms": "CC BY 4.0",
    },
]

BATCH = 64

E = [[(1, 0), (0, 0), (0, 1.5), (1, 1.5)], [(0, 0.75), (0.8, 0.75)]]
FOUR = [[(0.6, 0), (0, 0.9), (1, 0.9)], [(0.7, 0.5), (0.7, 1.5)]]
SELF_TESTS = {"digit": ("4", FOUR), "character": ("E", E), "any": ("E", E)}


def convert(model: keras.Model) -> bytes:
    """The model for LiteRT, any batch size, its weights kept as 8-bit integers and its sums as floats.

    Dynamic-range quantisation: a quarter of the size, and faster than floats where the processor multiplies bytes.
    """
    import tensorflow as tf

    with redirect_stdout(io.StringIO()):  # it prints every weight's address
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return converter.convert()


def logits_of(served: LiteRTModel, inputs: np.ndarray) -> np.ndarray:
    """Logits (n, classes) of what will serve, for inputs (n, 28, 28) uint8."""
    batches = np.split(inputs, range(BATCH, len(inputs), BATCH))
    return np.concatenate([served(batch / np.float32(255)) for batch in batches])


def validation_drawings(corpus: Corpus, mode: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By the writers that calibrate, in all styles, as `evaluate.pictures` gives them."""
    parts = [pictures(corpus.unipen, VALIDATION, mode, style) for style in STYLES]
    inputs, labels, alternatives = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return inputs, labels, alternatives


def calibrate(model: keras.Model, drawings: tuple[np.ndarray, np.ndarray, np.ndarray], mode: str) -> float:
    """Fit temperature and class biases to drawings (`validation_drawings`); the biases go into the model's last layer.

    Returns the temperature. Every class counts the same for the biases, as nobody knows what will be drawn.
    """
    inputs, labels, alternatives = drawings
    targets = one_or_two_hot(labels, alternatives, mode)
    logits = logits_of(LiteRTModel(convert(model)), inputs)
    temperature, biases = fit_calibration(logits, targets, class_weights(targets))
    model.get_layer("logits").bias.assign_add(biases * temperature)
    return temperature


def self_test(mode: str) -> dict:
    """A character drawn here, and its label: whoever loads the model reads it before the model may serve."""
    label, strokes = SELF_TESTS[mode]
    seen = read(draw([np.array(stroke, np.float32) for stroke in strokes], None))
    return {"input": base64.b64encode(seen.tobytes()).decode(), "label": label}


def write_atomically(file: Path, content: bytes) -> None:
    """So that nobody ever reads half a file."""
    partial = file.with_name(file.name + ".partial")
    partial.write_bytes(content)
    partial.replace(file)


def publish(
    model: keras.Model,
    corpus: Corpus,
    mode: str,
    out: Path,
    *,
    command: str,
    on: Iterable | None = None,
    **more,
) -> dict:
    """Write model.keras, model.tflite and card.json into `out`, and return the card.

    Args:
        model: of float32 and never compiled, so that no optimizer's two values a weight are saved; it is calibrated
            here.
        on: the tests to measure on, as `tests` gives them, where they are read already.
        more: further entries of the card.
    """
    drawings = validation_drawings(corpus, mode)
    temperature = calibrate(model, drawings, mode)
    content = convert(model)
    served = LiteRTModel(content)
    measured = {}
    for name, inputs, labels in tests(corpus, mode) if on is None else on:
        measured[name] = figures(softmax(logits_of(served, inputs) / temperature), labels, mode)
        print(
            mode, name, {key: value for key, value in measured[name].items() if not isinstance(value, list)}, flush=True
        )
    card = {
        "name": mode,
        "version": datetime.now(UTC).strftime("%Y%m%d-%H%M%S"),
        "labels": list(LABELS[mode]),
        "sha256": hashlib.sha256(content).hexdigest(),
        "temperature": temperature,
        "familiarity": percentiles(logits_of(served, drawings[0]) / temperature),
        "weights": model.count_params(),
        "layers": layers_of(model),
        "command": command,
        "data": DATA,
        "self_test": self_test(mode),
        "tests": measured,
    } | more
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.partial.keras")
    (out / "model.partial.keras").replace(out / "model.keras")
    write_atomically(out / "model.tflite", content)
    write_atomically(out / "card.json", json.dumps(card, separators=(",", ":")).encode())
    return card
