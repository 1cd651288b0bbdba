import threading
from collections import Counter

import numpy as np
import pytest

from app.feedback.pictures import from_kept
from app.feedback.store import ACCEPTED, SYNTHETIC, StoreUnavailable, open_store
from app.recognition.preprocessing import preprocess
from app.training import dummy_data
from app.training.datasets import ALL, LEFT_OUT, TRAIN, Corpus, Scans
from app.training.dummy_data import MOST_TURNED, TRIES, each, main, rotated, synthetic, turned
from tests.feedback.conftest import made
from tests.feedback.sheets_server import SheetsServer
from tests.training.conftest import scan


@pytest.fixture
def numbered(tmp_path) -> Corpus:
    """200 pictures, each in one grey by which it is known; its label and its split follow from that."""
    greys = np.arange(1, 201, dtype=np.uint8)
    corpus = Corpus(tmp_path)
    images = np.repeat(greys, 28 * 28).reshape(-1, 28, 28)
    corpus.mnist = Scans(images, greys % 10, greys % 10, greys % (LEFT_OUT + 1))
    return corpus


@pytest.fixture
def angles(monkeypatch) -> list[float]:
    """Those by which pictures were turned."""
    angles = []

    def take_down(image, degrees):
        angles.append(degrees)
        return turned(image, degrees)

    monkeypatch.setattr(dummy_data, "turned", take_down)
    return angles


@pytest.fixture
def settings(monkeypatch, data_folder):
    """What the command reads its pictures and models from."""
    monkeypatch.setenv("DATA_DIR", str(data_folder))
    monkeypatch.delenv("MODELS_DIR", raising=False)
    return monkeypatch


@pytest.fixture
def store(settings, tmp_path):
    """The one that the command works on."""
    settings.setenv("FEEDBACK_URL", url := f"sqlite:///{tmp_path}/feedback.db")
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def sheets_server(settings):
    """The spreadsheet that the command works on, quicker than Google lets it."""
    settings.setattr("app.feedback.sheets.WRITE_INTERVAL", 0.1)
    with SheetsServer() as server:
        settings.setenv("FEEDBACK_URL", f"sheets://{server.spreadsheet_id}?endpoint={server.url}")
        yield server
    assert not server.wrong


def slant(image: np.ndarray) -> float:
    """Degrees from the horizontal to the longer axis of the ink, counterclockwise."""
    y, x = np.nonzero(image)
    spread = np.cov(x, -y, aweights=image[y, x])
    return np.degrees(np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1]) / 2)


@pytest.mark.parametrize("degrees", [-30.0, -7.0, 0.0, 30.0])
def test_a_picture_is_turned_about_its_centre_and_stays_bright(degrees):
    bar = np.zeros((28, 28), np.uint8)
    bar[12:16, 4:24] = 255
    image = turned(bar, degrees)
    assert slant(image) == pytest.approx(degrees, abs=1)
    assert image.mean() == pytest.approx(bar.mean(), rel=0.02)
    for axis in np.nonzero(image):
        assert np.average(axis, weights=image[image > 0]) == pytest.approx(13.5, abs=0.1)


def test_digits_are_turned_by_up_to_thirty_degrees_evenly_either_way(corpus, angles):
    rotated(corpus, 1000, seed=1)
    assert MOST_TURNED == 30
    assert max(map(abs, angles)) <= MOST_TURNED
    assert min(np.histogram(angles, 6, (-MOST_TURNED, MOST_TURNED))[0]) > 120


def test_digits_come_from_the_training_split_alone_and_keep_their_labels(numbered):
    images, labels = rotated(numbered, 1000, seed=1)
    greys = images[:, 14, 14]
    assert (images.shape, images.dtype) == ((1000, 28, 28), np.uint8)
    assert set(greys) == set(numbered.mnist.images[numbered.mnist.splits == TRAIN][:, 0, 0])
    assert (labels == greys % 10).all()


def test_a_seed_gives_the_same_digits_and_fewer_are_the_beginning_of_more(corpus):
    few, more, others = rotated(corpus, 20, seed=1), rotated(corpus, 50, seed=1), rotated(corpus, 50, seed=2)
    assert (few[0] == more[0][:20]).all()
    assert (few[1] == more[1][:20]).all()
    assert (more[0] != others[0]).any()


def test_records_show_the_digits_and_hold_what_the_model_makes_of_them(corpus, recognizer):
    images, labels = rotated(corpus, 30, seed=1)
    records = list(synthetic(corpus, recognizer, 30, seed=1))
    for record, image, label in zip(records, images, labels, strict=True):
        picture = from_kept(record.image)
        probabilities = recognizer.predict(preprocess(picture).input[None], "digit")[0]
        assert (np.asarray(picture) == 255 - image).all()
        assert record.label == ALL[label]
        assert record.prediction == recognizer.cards["digit"]["labels"][probabilities.argmax()]
        assert record.confidence == pytest.approx(probabilities.max())
        assert (record.mode, record.browser, record.status) == ("digit", SYNTHETIC, ACCEPTED)
        assert record.model_version == recognizer.cards["digit"]["version"]
    assert np.mean([record.prediction == record.label for record in records]) > 0.8


def test_the_ink_is_seen_even_of_the_thinnest_digit(tmp_path, recognizer):
    corpus = Corpus(tmp_path)
    thin = np.array([scan("1", pen=3)])
    corpus.mnist = Scans(thin, np.array([1]), np.array([1]), np.array([TRAIN]))
    assert len(list(synthetic(corpus, recognizer, 10, seed=1))) == 10


def test_the_same_again_adds_nothing_and_a_larger_count_the_rest(store, capsys):
    assert main(["--count", "40"]) == 0
    assert main(["--count", "40"]) == 0
    assert main(["--count", "50"]) == 0
    assert main(["--count", "10", "--seed", "2"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["40", "0", "10", "10"]
    assert len({record.id for record in store.read("digit")}) == len(list(store.read())) == 60


def test_remove_deletes_what_is_synthetic_and_nothing_else(store, capsys):
    theirs = [made(1), made(2, mode="any", label="a")]
    for record in theirs:
        store.add(record)
    main(["--count", "20"])
    assert main(["--remove"]) == 0
    assert "20 synthetic records deleted" in capsys.readouterr().out
    assert list(store.read()) == theirs


def test_many_records_go_to_a_spreadsheet_in_few_calls_and_the_same_again_in_none(sheets_server):
    assert main(["--count", "300"]) == 0
    assert len(sheets_server.rows("Digit_dummy")) == 1 + 300
    assert len(sheets_server.calls) < 50
    sheets_server.calls.clear()
    assert main(["--count", "300"]) == 0
    assert Counter(name for name, _ in sheets_server.calls).keys() <= {"get", "values.batchGet"}
    assert len(sheets_server.calls) < 10
    assert len(sheets_server.rows("Digit_dummy")) == 1 + 300


def test_synthetic_rows_of_a_spreadsheet_are_removed(sheets_server):
    main(["--count", "3"])
    assert main(["--remove"]) == 0
    assert len(sheets_server.rows("Digit_dummy")) == 1


def test_progress_is_shown(store, capsys):
    main(["--count", "20"])
    assert "20/20" in capsys.readouterr().err


def test_a_passing_failure_is_waited_out():
    failures = iter([StoreUnavailable("Busy.", 0)] * (TRIES - 1))

    def change(item):
        for failure in failures:
            raise failure
        return item == 2

    assert each(change, [1, 2], at_once=1) == 1


@pytest.mark.parametrize(("wait", "tries"), [(0, TRIES), (300, 1)], ids=["again and again", "until it is repaired"])
def test_a_lasting_failure_says_how_much_is_done(wait, tries):
    tried = Counter()

    def change(item):
        tried[item] += 1
        if item == 3:
            raise StoreUnavailable("The disk is full.", wait)
        return True

    with pytest.raises(StoreUnavailable) as failure:
        each(change, range(1, 10), at_once=1)
    assert tried[3] == tries
    done = len(tried) - 1  # those that came before it, and until it was heard of
    assert str(failure.value) == f"The disk is full. {done} of 9 records are done. Run the same again to go on."


def test_a_lasting_failure_does_not_wait_for_those_who_would_try_again():
    waiting = threading.Event()

    def change(item):
        if item == "patient":
            waiting.set()
            raise StoreUnavailable("Busy.", 60)
        waiting.wait()
        raise StoreUnavailable("Refused.", 300)

    with pytest.raises(StoreUnavailable, match="0 of 2"):
        each(change, ["patient", "other"], at_once=2)


def test_a_store_that_cannot_be_reached_ends_with_1(settings, capsys):
    settings.setenv("FEEDBACK_URL", "postgresql+psycopg://a:secret@127.0.0.1:1/b")
    settings.setattr(dummy_data, "TRIES", 1)
    assert main(["--remove"]) == 1
    assert "cannot be reached" in (error := capsys.readouterr().err)
    assert "secret" not in error


def test_models_that_are_missing_end_with_1(store, settings, capsys, tmp_path):
    settings.setenv("MODELS_DIR", str(tmp_path))
    assert main(["--count", "1"]) == 1
    assert "must name the version" in capsys.readouterr().err


def test_a_data_folder_without_mnist_ends_with_1(store, settings, capsys, tmp_path):
    settings.setenv("DATA_DIR", str(tmp_path))
    assert main(["--count", "1"]) == 1
    assert f"Received: {tmp_path}" in capsys.readouterr().err


def test_a_store_that_is_none_ends_with_2(settings, capsys):
    settings.setenv("FEEDBACK_URL", "mysql://a:secret@b")
    assert main(["--count", "1"]) == 2
    assert "FEEDBACK_URL must be like" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["--count", "0"], ["--count", "-1"], ["--count", "1", "--seed", "x"], ["--count", "1", "--remove"]],
)
def test_what_cannot_be_asked_for_ends_with_2(store, arguments):
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    assert exit.value.code == 2
    assert list(store.read()) == []
