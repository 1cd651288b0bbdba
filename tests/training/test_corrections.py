from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np

from app.feedback.pictures import to_kept
from app.feedback.store import NOT_A_CHARACTER, PENDING, SYNTHETIC, Feedback
from app.recognition.preprocessing import preprocess
from app.training.corrections import HELD_OUT, corrections, split_of
from app.training.datasets import ALL, TEST, TRAIN
from app.training.rendering import deform, read
from tests.drawings import draw

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(label: str, minute: int = 0, drawn: str | None = None, mode: str = "any", **fields) -> Feedback:
    picture = draw(drawn or label, pen=fields.pop("pen", 14))
    usual = {"prediction": "8", "confidence": 0.6, "model_version": "v1", "image": to_kept(picture, (0, 0, 200, 200))}
    identity = {"id": str(uuid4()), "time": NOON + timedelta(minutes=minute)}
    return Feedback(mode=mode, label=label, **(identity | usual | fields))


def test_a_record_of_any_mode_teaches_each_model_that_has_its_label():
    records = [said("3"), said("A"), said("7", mode="digit")]
    labels = {mode: [record.label for record in corrections(records, mode).records] for mode in ("digit", "character")}
    assert labels == {"digit": ["3", "7"], "character": ["A"]}
    assert len(corrections(records, "any").records) == 3


def test_a_drawing_that_came_in_two_modes_counts_once_as_it_first_came():
    later, first = said("3", 2, mode="digit"), said("3", 1)
    assert corrections([later, first], "any").records == [first]


def test_what_teaches_no_label_is_left_out():
    records = [said("3", status=PENDING), said(NOT_A_CHARACTER, drawn="4"), said("5", drawn="5")]
    assert [record.label for record in corrections(records, "any").records] == ["5"]


def test_no_feedback_is_no_corrections():
    found = corrections([], "digit")
    assert found.inks.shape == (0, 28, 28)
    assert len(found.of(TRAIN)) == len(found.of(TEST)) == 0


def test_inks_are_what_the_server_reads():
    record = said("3")
    [ink] = corrections([record], "any").inks
    np.testing.assert_array_equal(ink, np.rint(preprocess(draw("3")).input * 255).astype(np.uint8))


def test_what_is_learned_from_looks_as_what_is_read():
    found = corrections([said("A")], "any")
    seen = read(deform(found.scans.images[0], np.random.default_rng(1)))
    assert found.scans.labels.tolist() == [ALL.index("A")]
    assert np.corrcoef(seen.ravel(), found.inks[0].ravel())[0, 1] > 0.3  # moved and bent, but the same character


def test_a_record_never_moves_between_the_splits():
    one, other = said("3"), said("4")
    assert split_of(one) == split_of(said("7", id=one.id.upper(), mode="digit"))
    alone, beside = corrections([one], "any"), corrections([other, one], "any")
    assert alone.scans.splits[0] == beside.scans.splits[beside.records.index(one)]


def test_one_record_in_so_many_is_held_out():
    three = said("3")
    records = [replace(three, id=str(UUID(int=number))) for number in range(400)]
    assert 0.7 / HELD_OUT < np.mean([split_of(record) == TEST for record in records]) < 1.3 / HELD_OUT


def test_synthetic_records_never_measure():
    three = said("3", browser=SYNTHETIC)
    assert {split_of(replace(three, id=str(UUID(int=number)))) for number in range(50)} == {TRAIN}
