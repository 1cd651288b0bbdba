"""A data folder as small as a test can wait for, drawn by the tests themselves."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from app.training.datasets import ALL, Corpus
from tests.drawings import STROKES, draw
from tests.strokes_file import save_strokes

DIGITS = [label for label in STROKES if label.isdigit()]
WRITERS = 60


def scan(label: str, pen: int, lean: int = 0) -> np.ndarray:
    picture = ImageOps.invert(draw(label, size=112, height=0.7, pen=pen)).rotate(lean)
    return np.asarray(picture.resize((28, 28), Image.Resampling.BOX))


def scans(labels: list[str], count: int, lean: int = 0) -> tuple[np.ndarray, np.ndarray]:
    chosen = [labels[i % len(labels)] for i in range(count)]
    pens = [scan(label, 8 + i % 5, lean) for i, label in enumerate(chosen)]
    return np.stack(pens), np.array([ALL.index(label) for label in chosen], np.uint8)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """So that no test leaves anything in, or takes anything from, the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    train, test = scans(DIGITS, 200), scans(DIGITS, 40)
    np.savez(folder / "mnist.npz", x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
    images, labels = scans(list(STROKES), 300, lean=15)  # or they would be left out as MNIST's
    np.savez(folder / "emnist-byclass.npz", images=images, labels=labels)
    images, labels = scans(["A", "H"], 40)
    alternatives = np.array([ALL.index(ALL[label].lower()) for label in labels], np.uint8)
    np.savez(folder / "emnist-bymerge.npz", images=images, labels=labels, alternative_labels=alternatives)
    drawn = [(writer, label, label) for writer in range(WRITERS) for label in STROKES]
    save_strokes(folder / "unipen-strokes.npz", drawn, WRITERS, measuring=set(range(WRITERS - 4, WRITERS)))
    return folder


@pytest.fixture
def corpus(data_folder) -> Corpus:
    return Corpus(data_folder)
