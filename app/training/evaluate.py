"""How good a model is: every figure of a card, from logits and true labels."""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image
from tqdm import tqdm

from app.recognition.alike import merged
from app.recognition.recognizer import softmax
from app.training.datasets import LABELS, TEST, Corpus, Drawings, Scans
from app.training.reliability import calibration_error, reliability
from app.training.rendering import draw, read
from app.training.samples import positions

CALIBRATION_STEPS = 500
TEMPERATURES = 0.2, 5.0
BIAS_PENALTY = 0.01  # of those tried on held-out writers, 0.3 to 0.003, the one that made the others' labels likeliest
STYLES = ("neat", "free")


def pictures(
    dataset: Drawings | Scans, split: int, mode: str, style: str = "neat"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every picture of a split that has one of the mode's labels, as the model reads it.

    Drawings are drawn "neat" (one pen and size) or "free" (any pen, size and, for models, the same small irregularities
    as in training are left out). Returns inputs (n, 28, 28) uint8, labels and alternatives (n,) as positions in ALL.
    """
    rng = np.random.default_rng(split)
    members = np.flatnonzero((dataset.splits == split) & (positions(mode)[dataset.labels] >= 0))
    kept, inputs = [], []
    for member in tqdm(members, desc=f"reading {type(dataset).__name__.lower()}", leave=False):
        seen = read(picture(dataset, member, style, rng))
        if seen is not None:
            kept.append(member)
            inputs.append(seen)
    alternatives = dataset.alternatives if isinstance(dataset, Scans) else dataset.labels
    return np.stack(inputs), dataset.labels[kept], alternatives[kept]


def picture(dataset: Drawings | Scans, member: int, style: str, rng: np.random.Generator):
    if isinstance(dataset, Scans):
        return Image.fromarray(dataset.images[member])
    if style == "neat":
        return draw(dataset.strokes(member), None)
    return draw(dataset.strokes(member), None, pen=rng.uniform(6, 24), size=rng.uniform(0.28, 0.85))


def fit_calibration(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """The temperature and class biases that make softmax(logits / T + biases) mean what it says.

    Vector scaling's cautious sister (Guo et al., 2017): one temperature for all classes, biases held small, so that few
    pictures suffice. Under the biases the targets' labels are likeliest, by gradient descent, as the problem is convex;
    under the temperature the mean confidence is the share read rightly, which the likeliest one misses by a per cent.

    Args:
        logits, targets: (n, classes). weights: (n,), for the biases.

    Returns:
        The temperature and the biases, (classes,).
    """
    share = (weights / weights.sum())[:, None]
    inverse, biases = 1.0, np.zeros(logits.shape[1])
    for _ in range(CALIBRATION_STEPS):
        probabilities = softmax(inverse * logits + biases)
        wanted = probabilities * targets
        gradient = share * (probabilities - wanted / np.maximum(wanted.sum(1, keepdims=True), 1e-12))
        inverse -= 0.05 * np.sum(gradient * logits)
        biases -= 4.0 * (gradient.sum(0) + BIAS_PENALTY * biases)
    return match_confidence(logits, targets, biases), biases


def match_confidence(logits: np.ndarray, targets: np.ndarray, biases: np.ndarray) -> float:
    """The temperature in TEMPERATURES, to three figures, at which mean confidence and accuracy come closest."""
    low, high = TEMPERATURES
    while high - low > 1e-4:
        temperature = (low + high) / 2
        probabilities = softmax(logits / temperature + biases)
        read = np.take_along_axis(targets, probabilities.argmax(1)[:, None], 1)
        low, high = (temperature, high) if probabilities.max(1).mean() > read.mean() else (low, temperature)
    return float(f"{(low + high) / 2:.3g}")


def share_equal(first: list[str], second: list[str], key: Callable[[str], str]) -> float:
    return float(np.mean([key(a) == key(b) for a, b in zip(first, second, strict=True)]))


def figures(probabilities: np.ndarray, labels: np.ndarray, mode: str) -> dict:
    """Accuracy (top-1, merged, caseless), calibration error and curve, and confusion matrix [true][read] of one test.

    probabilities: (n, classes). labels: (n,) positions in ALL, all of them among the mode's.
    """
    names = LABELS[mode]
    truth, found = positions(mode)[labels], probabilities.argmax(1)
    said, meant = [names[i] for i in found], [names[i] for i in truth]
    confusion = np.zeros((len(names), len(names)), int)
    np.add.at(confusion, (truth, found), 1)
    result = {"n": len(labels), "accuracy": float(np.mean(truth == found))}
    if mode != "digit":
        result["merged"] = share_equal(said, meant, merged)
        result["caseless"] = share_equal(said, meant, str.lower)
    counts = np.bincount(truth, minlength=len(names))
    recalls = np.diag(confusion)[counts > 0] / counts[counts > 0]
    result["class_mean"] = float(recalls.mean())
    curve = reliability(probabilities.max(1), truth == found)
    result["calibration_error"] = calibration_error(curve)
    return rounded(result) | {"reliability": [rounded(one) for one in curve], "confusion": confusion.tolist()}


def rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in numbers.items()}


def tests(corpus: Corpus, mode: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Every test of a mode: its name, inputs (n, 28, 28) uint8 and labels (n,) as positions in ALL."""
    for style in STYLES:
        inputs, labels, _ = pictures(corpus.unipen, TEST, mode, style)
        yield f"drawings by unseen writers, {style}", inputs, labels
    if mode != "character":
        inputs, labels, _ = pictures(corpus.mnist, TEST, mode)
        yield "MNIST test", inputs, labels
    inputs, labels, _ = pictures(corpus.emnist, TEST, mode)
    yield "EMNIST ByClass, held out", inputs, labels


def class_weights(targets: np.ndarray) -> np.ndarray:
    """Weights (n,) under which every class of `targets` (n, classes) counts the same."""
    return 1 / targets.sum(0)[targets.argmax(1)]
