import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from app.recognition import versions
from app.recognition.recognizer import Model
from app.training.datasets import Corpus
from app.training.describe import describe
from app.training.report import TRAINED


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A copy of the digit model that ships, with a card that says less than today's, and of other tests."""
    folder = shutil.copytree(versions.serving(TRAINED, "digit"), tmp_path_factory.mktemp("models") / "version")
    card = read(folder)
    card.pop("layers", None)
    card.pop("familiarity", None)
    card["tests"] = {"MNIST test": {"n": 7, "accuracy": 0.5}, "another test": {"n": 3, "accuracy": 1.0}}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.fixture(scope="module")
def before(folder) -> dict:
    return read(folder)


@pytest.fixture(scope="module")
def card(folder, before, data_folder) -> dict:
    return describe(folder, Corpus(data_folder))


def read(folder: Path) -> dict:
    return json.loads((folder / "card.json").read_text(encoding="utf-8"))


def test_the_card_that_is_returned_is_the_one_written_and_serves(folder, card):
    assert read(folder) == card
    assert Model(folder, "digit").card == card


def test_every_test_of_the_corpus_is_measured_anew(card):
    assert card["tests"]["MNIST test"]["n"] == 40
    assert len(card["tests"]) == 5
    for name in card["tests"].keys() - {"another test"}:
        measured = card["tests"][name]
        assert sum(point["n"] for point in measured["reliability"]) == measured["n"] == np.sum(measured["confusion"])
        assert measured["accuracy"] == pytest.approx(np.trace(measured["confusion"]) / measured["n"], abs=1e-4)


def test_the_networks_blocks_are_added(card):
    assert sum(block["weights"] for block in card["layers"]) == card["weights"]


def test_how_familiar_characters_look_is_added(card):
    assert card["familiarity"] == sorted(card["familiarity"])
    assert len(card["familiarity"]) == 101


def test_all_else_stays_as_it_was(before, card):
    assert card["tests"]["another test"] == before["tests"]["another test"]
    assert {key: card[key] for key in before.keys() - {"tests"}} == {
        key: before[key] for key in before.keys() - {"tests"}
    }


def test_what_has_changed_is_said(folder, card, data_folder, capsys):
    describe(folder, Corpus(data_folder))
    assert not capsys.readouterr().out
    card = read(folder)
    card["tests"]["MNIST test"]["accuracy"] = 0.1234
    (folder / "card.json").write_text(json.dumps(card))
    describe(folder, Corpus(data_folder))
    assert capsys.readouterr().out == "digit, MNIST test: accuracy changed\n"
