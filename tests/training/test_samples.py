import numpy as np

from app.training.datasets import ALL, LABELS, Scans
from app.training.samples import Artist, one_or_two_hot
from tests.training.conftest import scan


def test_a_batch_is_the_same_for_the_same_step_and_another_for_the_next(data_folder):
    first, again, other = (Artist(data_folder, "any", seed=3).batch(step, 16) for step in (5, 5, 6))
    assert (first[0] == again[0]).all()
    assert (first[1] == again[1]).all()
    assert (first[0] != other[0]).any()


def test_a_batch_holds_inputs_and_targets_of_the_modes_labels(data_folder):
    for mode, labels in LABELS.items():
        inputs, targets = Artist(data_folder, mode, seed=1).batch(0, 24)
        assert inputs.shape == (24, 28, 28)
        assert inputs.dtype == np.uint8
        assert targets.shape == (24, len(labels))
        assert set(targets.sum(1)) <= {1, 2}


def test_every_class_of_pen_drawings_is_drawn_equally_often(data_folder):
    artist = Artist(data_folder, "any", seed=1)
    source, labels = artist.sources["unipen"], artist.sets["unipen"].labels
    rng = np.random.default_rng(0)
    drawn = np.bincount([labels[source.choose(rng)] for _ in range(2000)], minlength=len(ALL))
    assert drawn[drawn > 0].min() > 0.6 * drawn.max()


def test_only_training_pictures_are_drawn(data_folder):
    artist = Artist(data_folder, "digit", seed=1)
    for name, source in artist.sources.items():
        assert (artist.sets[name].splits[source.members] == 0).all()


def test_an_unknown_case_marks_both_labels():
    upper, lower = np.array([ALL.index("C"), ALL.index("7")]), np.array([ALL.index("c"), ALL.index("7")])
    targets = one_or_two_hot(upper, lower, "any")
    assert [[ALL[i] for i in np.flatnonzero(row)] for row in targets] == [["C", "c"], ["7"]]


def test_further_sets_get_their_share_of_a_batch(data_folder):
    nine = np.full(3, ALL.index("9"), np.uint8)  # which the data folder has none of
    further = Scans(np.stack([scan("7", pen) for pen in (8, 10, 12)]), nine, nine, np.zeros(3, int))
    _, targets = Artist(data_folder, "digit", seed=1, more={"further": (further, 0.25)}).batch(0, 400)
    assert 0.18 < targets[:, 9].mean() < 0.32


def test_sets_are_drawn_as_often_as_they_are_asked_for(data_folder):
    artist = Artist(data_folder, "digit", seed=1, shares={"mnist": 0.6, "emnist": 0.2})
    assert list(artist.sets) == ["mnist", "emnist"]
    np.testing.assert_allclose(artist.shares, [0.75, 0.25])
