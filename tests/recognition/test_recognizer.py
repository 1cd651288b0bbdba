import base64
import hashlib
import json
import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.recognition import versions
from app.recognition.preprocessing import preprocess
from app.recognition.recognizer import LARGEST_BATCH, MODES, ModelError, Recognizer
from tests.drawings import STROKES, draw
from tests.models import change_card, copy_shipped, serving_file

LABELS = {
    "digit": string.digits,
    "character": string.ascii_uppercase + string.ascii_lowercase,
    "any": string.digits + string.ascii_uppercase + string.ascii_lowercase,
}


@pytest.fixture(scope="module")
def inks() -> np.ndarray:
    """One of each drawing, (n, 28, 28)."""
    return np.stack([preprocess(draw(label)).input for label in STROKES])


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of the shipped models, to be spoiled."""
    return copy_shipped(tmp_path / "trained")


def change_served_card(folder: Path, mode: str, **changes) -> None:
    change_card(versions.serving(folder, mode), **changes)


def put_model(folder: Path, mode: str, content: bytes) -> None:
    """Another model.tflite, which the card says is the right one."""
    serving_file(folder, mode, "model.tflite").write_bytes(content)
    change_served_card(folder, mode, sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("mode", MODES)
def test_labels_are_those_of_the_mode_in_order(recognizer, mode):
    assert recognizer.cards[mode]["name"] == mode
    assert "".join(recognizer.cards[mode]["labels"]) == LABELS[mode]


@pytest.mark.parametrize("mode", MODES)
def test_probabilities_are_a_distribution_over_the_labels(recognizer, inks, mode):
    probabilities = recognizer.predict(inks, mode)
    assert probabilities.shape == (len(inks), len(LABELS[mode]))
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1, dtype=np.float64), 1, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_clear_characters_are_read(recognizer, inks, mode):
    read = [LABELS[mode][best] for best in recognizer.predict(inks, mode).argmax(axis=1)]
    for label, answer in zip(STROKES, read, strict=True):
        if label in LABELS[mode] and not (mode == "any" and label in "01"):  # 0 and O, 1 and l are the same strokes
            assert answer == label


@pytest.mark.parametrize("mode", MODES)
def test_batch_gives_what_each_gives_alone(recognizer, inks, mode):
    alone = np.concatenate([recognizer.predict(ink[None], mode) for ink in inks])
    np.testing.assert_allclose(recognizer.predict(inks, mode), alone, atol=1e-5)
    np.testing.assert_allclose(recognizer.predict(inks[:1], mode), alone[:1], atol=1e-5)


def test_batch_of_any_length_is_taken(recognizer, inks):
    many = np.resize(inks, (2 * LARGEST_BATCH + 3, 28, 28))
    np.testing.assert_allclose(
        recognizer.predict(many, "digit")[-1], recognizer.predict(many[-1:], "digit")[0], atol=1e-5
    )


@pytest.mark.parametrize("shape", [(0, 28, 28), (28, 28), (1, 28, 27), (1, 28, 28, 1)])
def test_other_shapes_are_refused(recognizer, shape):
    with pytest.raises(ValueError, match="Received"):
        recognizer.predict(np.zeros(shape, np.float32), "digit")


def test_many_threads_at_once_get_what_one_gets(recognizer, inks):
    expected = {mode: [recognizer.predict(ink[None], mode) for ink in inks] for mode in MODES}
    jobs = [(mode, i) for _ in range(10) for mode in MODES for i in range(len(inks))]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda job: recognizer.predict(inks[job[1]][None], job[0]), jobs))
    for (mode, i), answer in zip(jobs, answers, strict=True):
        np.testing.assert_array_equal(answer, expected[mode][i])


def test_models_replaced_on_disk_do_not_change_what_serves(folder, inks):
    served = Recognizer.load(folder)
    before = served.predict(inks, "any")
    for path in folder.rglob("model.tflite"):
        path.write_bytes(b"")
    with ThreadPoolExecutor(8) as pool:
        for after in pool.map(lambda _: served.predict(inks, "any"), range(16)):
            np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["model.tflite", "card.json"])
def test_missing_file_is_refused_by_name(folder, mode, name):
    serving_file(folder, mode, name).unlink()
    with pytest.raises(ModelError, match=rf"{mode}/\S+: {name} cannot be read"):
        Recognizer.load(folder)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_model_cut_short_is_refused(folder, share):
    path = serving_file(folder, "digit", "model.tflite")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ModelError, match=r"digit/\S+: model\.tflite is not the file that card\.json describes"):
        Recognizer.load(folder)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_model_with_a_changed_byte_is_refused(folder, share):
    path = serving_file(folder, "digit", "model.tflite")
    content = bytearray(path.read_bytes())
    content[int(len(content) * share)] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"digit/\S+: model\.tflite is not the file"):
        Recognizer.load(folder)


@pytest.mark.parametrize("content", [b"", b"<!doctype html>" * 1000])
def test_file_that_is_no_model_is_refused(folder, content):
    put_model(folder, "any", content)
    with pytest.raises(ModelError, match=r"any/\S+: model\.tflite does not load"):
        Recognizer.load(folder)


def test_model_of_another_mode_is_refused(folder):
    put_model(folder, "any", serving_file(folder, "digit", "model.tflite").read_bytes())
    with pytest.raises(ModelError, match=r"any/\S+: model.tflite must turn .* into \(n, 62\).* Received: .*10"):
        Recognizer.load(folder)


def test_model_of_another_input_is_refused(folder, monkeypatch):
    monkeypatch.setattr("app.recognition.recognizer.INK_SIZE", 32)
    change_served_card(folder, "digit", self_test={"input": base64.b64encode(bytes(32 * 32)).decode(), "label": "3"})
    with pytest.raises(ModelError, match=r"must turn \(n, 32, 32, 1\)"):
        Recognizer.load(folder)


def test_card_that_is_no_json_is_refused(folder):
    serving_file(folder, "digit", "card.json").write_text('{"name": "digit",')
    with pytest.raises(ModelError, match=r"digit/\S+: card\.json is damaged"):
        Recognizer.load(folder)


@pytest.mark.parametrize("key", ["name", "version", "labels", "sha256", "temperature", "self_test"])
def test_card_that_lacks_a_key_is_refused(folder, key):
    path = serving_file(folder, "digit", "card.json")
    card = json.loads(path.read_text())
    del card[key]
    path.write_text(json.dumps(card))
    with pytest.raises(ModelError, match=f"card.json is damaged: KeyError: '{key}'"):
        Recognizer.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": []},
        {"labels": list("0123456788")},
        {"labels": list(range(10))},
        {"temperature": 0},
        {"temperature": -1.0},
        {"temperature": "1"},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"name": "any"},
        {"name": ""},
        {"version": 3},
        {"version": "../20261120"},
        {"sha256": None},
        {"self_test": {"input": "AAAA", "label": "3"}},
        {"self_test": {"input": base64.b64encode(bytes(784)).decode(), "label": "x"}},
        {"self_test": {"input": "not base64!", "label": "3"}},
        {"self_test": "3"},
    ],
)
def test_card_with_wrong_values_is_refused(folder, changes):
    change_served_card(folder, "digit", **changes)
    with pytest.raises(ModelError, match=r"digit/\S+: card\.json is (wrong|damaged)"):
        Recognizer.load(folder)


def test_card_with_another_count_of_labels_is_refused(folder):
    change_served_card(folder, "digit", labels=list("0123456789X"))
    with pytest.raises(ModelError, match=r"into \(n, 11\)"):
        Recognizer.load(folder)


def test_model_that_fails_its_self_test_is_refused(folder):
    card = json.loads(serving_file(folder, "digit", "card.json").read_text())
    wrong = next(label for label in card["labels"] if label != card["self_test"]["label"])
    change_served_card(folder, "digit", self_test=card["self_test"] | {"label": wrong})
    with pytest.raises(
        ModelError, match=f"the self-test fails: expected '{wrong}'. Received: '{card['self_test']['label']}'"
    ):
        Recognizer.load(folder)


def test_folder_named_otherwise_than_its_version_is_refused(folder):
    change_served_card(folder, "digit", version="another")
    with pytest.raises(ModelError, match=r"digit/\S+ must be named like the version of its card\.json\. .*'another'"):
        Recognizer.load(folder)
