import os
from pathlib import Path

import numpy as np
import pytest

from app.training import datasets
from app.training.datasets import ALL, LEFT_OUT, TEST, TRAIN, VALIDATION, Corpus
from tests.drawings import STROKES
from tests.training.conftest import scans


def test_a_split_is_the_same_every_time(data_folder):
    for name in ("mnist", "emnist", "unipen"):
        first, second = (getattr(Corpus(data_folder), name).splits for _ in range(2))
        assert (first == second).all()
        assert {TRAIN, VALIDATION, TEST} <= set(np.unique(first)) <= {TRAIN, VALIDATION, TEST, LEFT_OUT}


def test_no_writer_is_in_two_splits(corpus):
    for writer in np.unique(corpus.unipen.writers):
        assert len(set(corpus.unipen.splits[corpus.unipen.writers == writer])) == 1


def test_mnists_test_and_the_held_out_writers_are_tests_alone(corpus):
    assert (corpus.mnist.splits == TEST).nonzero()[0].tolist() == list(range(200, 240))
    assert ((corpus.unipen.splits == TEST) == (corpus.unipen.writers >= 56)).all()


def test_strokes_are_those_of_the_character(corpus):
    four = next(i for i, label in enumerate(corpus.unipen.labels) if ALL[label] == "4")
    assert [stroke.tolist() for stroke in corpus.unipen.strokes(four)] == [
        [[1800, 0], [0, 2600], [2800, 2600]],
        [[2000, 1400], [2000, 4000]],
    ]


def test_a_folder_without_merged_letters_will_do(tmp_path):
    assert Corpus(tmp_path).emnist_merged is None


def test_data_dir_must_hold_data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        datasets.data_folder()


def test_emnists_copies_of_mnists_test_scans_are_left_out(data_folder, tmp_path, monkeypatch):
    for file in data_folder.glob("*.npz"):
        (tmp_path / file.name).symlink_to(file)
    digits = [label for label in ALL[:10] if label in STROKES]
    with np.load(data_folder / "mnist.npz") as arrays:
        copies, labels = arrays["x_test"][: len(digits)], arrays["y_test"][: len(digits)]
    (tmp_path / "emnist-bymerge.npz").unlink()
    letters, letter_labels = scans(["A", "H"], 6)
    images = np.concatenate([letters, copies])
    numbers = np.concatenate([letter_labels, labels])
    np.savez(tmp_path / "emnist-bymerge.npz", images=images, labels=numbers, alternative_labels=numbers)
    assert (Corpus(tmp_path).emnist_merged.splits == LEFT_OUT).tolist() == [False] * 6 + [True] * len(digits)


@pytest.mark.skipif("DATA_DIR" not in os.environ, reason="DATA_DIR names no data folder")
def test_no_split_is_empty_and_few_pictures_are_left_out():
    corpus = Corpus(Path(os.environ["DATA_DIR"]))
    for found, measured in (
        (corpus.mnist, True),
        (corpus.emnist, True),
        (corpus.unipen, True),
        (corpus.emnist_merged, False),
    ):
        shares = np.bincount(found.splits, minlength=4) / len(found.splits)
        assert shares[TRAIN] > 0.75
        assert shares[LEFT_OUT] < 0.02
        assert (shares[TEST] > 0.05) == measured
