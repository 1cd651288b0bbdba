import numpy as np
import pytest

from app.recognition.recognizer import load_serving
from app.training.datasets import Corpus
from app.training.report import TRAINED
from benchmarks.loop import Question, pictures, said
from benchmarks.writers import data_without, drawings_of, label_of, worst_read
from tests.strokes_file import save_strokes

TIMES = 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Strokes by three writers: 0 means a 7 where it draws a 4, 1 writes plainly, 2 does as 0 but measures."""
    folder = tmp_path_factory.mktemp("data")
    drawn = [(0, "4", "7"), (0, "3", "3"), (1, "4", "4"), (1, "7", "7"), (2, "4", "7"), (2, "3", "3")]
    save_strokes(folder / "unipen-strokes.npz", drawn * TIMES, 3, measuring={2})
    np.savez(folder / "mnist.npz", x_train=np.zeros(1))
    return folder


def test_writers_are_chosen_by_what_the_model_misreads_alike_and_never_those_who_measure(folder):
    assert worst_read(Corpus(folder), load_serving(TRAINED, "digit"), "digit", 10).tolist() == [0]


def test_a_writer_s_drawings_are_found_with_their_labels(folder):
    corpus = Corpus(folder)
    members = drawings_of(corpus, np.array([0]), "digit")
    assert sorted(label_of(corpus, member) for member in members) == ["3"] * TIMES + ["7"] * TIMES
    assert len(drawings_of(corpus, np.array([0]), "character")) == 0


def test_pictures_are_drawn_neatly_or_freely(folder):
    corpus = Corpus(folder)
    neat, again, free = (
        [question.image for question in pictures(corpus, [0, 1], rng)] for rng in (None, None, np.random.default_rng(1))
    )
    assert neat == again
    assert not set(neat) & set(free)


def test_data_without_a_writer_is_else_the_same(folder, tmp_path):
    before, after = Corpus(folder).unipen, Corpus(data_without(folder, np.array([0]), tmp_path / "data")).unipen
    staying = np.flatnonzero(before.writers != 0)
    assert len(after.labels) == len(staying) == 4 * TIMES
    for now, then in enumerate(staying):
        assert after.labels[now] == before.labels[then]
        assert after.splits[now] == before.splits[then]
        assert len(after.strokes(now)) == len(before.strokes(then))
        for one, other in zip(after.strokes(now), before.strokes(then), strict=True):
            np.testing.assert_array_equal(one, other)
    assert (tmp_path / "data" / "mnist.npz").exists()


def test_labels_are_posted_as_they_are_or_wrong_by_a_share_or_shuffled():
    questions = [Question(label, "data:") for label in "0123456789" * 100]
    labels = [question.label for question in questions]
    rng = np.random.default_rng(1)
    assert said(questions, 0.0, "digit", rng) == labels
    wrong = np.mean([one != other for one, other in zip(said(questions, 0.1, "digit", rng), labels, strict=True)])
    assert 0.07 < wrong < 0.13
    shuffled = said(questions, None, "digit", rng)
    assert sorted(shuffled) == sorted(labels)
    assert shuffled != labels
