import numpy as np
import pytest

from app.recognition.occlusion import importance
from app.recognition.preprocessing import preprocess
from app.recognition.recognizer import LARGEST_BATCH
from tests.drawings import STROKES, draw


def corner(inks: np.ndarray) -> np.ndarray:
    """A reader that looks at one place alone: (n, 2), the first class is the ink there."""
    seen = inks[:, 4:8, 4:8].mean((1, 2))
    return np.stack([seen, 1 - seen], axis=1)


@pytest.fixture
def full() -> np.ndarray:
    return np.ones((28, 28), np.float32)


def test_only_what_the_reader_looks_at_matters(full):
    probabilities, found = importance(full, corner)
    assert probabilities.tolist() == [1, 0]
    assert found.shape == (28, 28)
    assert found[4:8, 4:8].min() > 0
    assert found.max() == pytest.approx(found[5, 5])
    assert (found[14:] == 0).all()
    assert (found[:, 14:] == 0).all()


def test_what_speaks_against_the_answer_is_below_0():
    probabilities, found = importance(np.full((28, 28), 0.3, np.float32), corner)
    assert probabilities.argmax() == 1
    assert found[5, 5] < 0
    assert found.max() == 0


def test_paper_does_not_matter(full):
    full[:, 10:] = 0
    _, found = importance(full, lambda inks: np.random.default_rng(1).random((len(inks), 2)))
    assert (found[:, 18:] == 0).all()


def test_all_is_read_in_one_batch_the_ink_itself_first(full):
    batches = []

    def reader(inks):
        batches.append(inks)
        return corner(inks)

    importance(full, reader)
    (batch,) = batches
    assert 1 < len(batch) <= LARGEST_BATCH
    np.testing.assert_array_equal(batch[0], full)
    assert (batch[1:] == 0).any((1, 2)).all()


def test_a_dot_that_any_patch_covers_is_explained_too():
    dot = np.zeros((28, 28), np.float32)
    dot[14, 14] = 1
    _, found = importance(dot, corner)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("label", STROKES)
def test_ink_matters_more_than_paper_far_from_it(recognizer, label):
    ink = preprocess(draw(label)).input
    _, found = importance(ink, lambda inks: recognizer.predict(inks, "any"))
    assert np.abs(found[ink > 0.5]).mean() > 0.02
    assert np.abs(found).max() <= 1
