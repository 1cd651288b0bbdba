import numpy as np
import pytest

from app.feedback import contact_sheet as module
from app.feedback.contact_sheet import CAPTION, COLUMNS, GAP, TILE, caption, contact_sheet
from tests.feedback.conftest import drawing, made


def tile(sheet: np.ndarray, number: int) -> np.ndarray:
    left, top = GAP + number % COLUMNS * (TILE + GAP), GAP + number // COLUMNS * (TILE + CAPTION + GAP)
    return sheet[top : top + TILE, left : left + TILE]


def test_every_drawing_is_on_the_sheet_in_order():
    images = [drawing("3"), drawing("7")] * 5
    sheet = np.asarray(contact_sheet([made(image=image) for image in images]))
    assert sheet.shape == (2 * (TILE + CAPTION + GAP) + GAP, COLUMNS * (TILE + GAP) + GAP)
    assert all(tile(sheet, number).min() < 64 for number in range(10))
    assert (tile(sheet, 0) == tile(sheet, 8)).all()
    assert (tile(sheet, 1) == tile(sheet, 9)).all()
    assert (tile(sheet, 0) != tile(sheet, 1)).any()
    assert tile(sheet, 10).min() == 255


def test_caption_names_the_record_and_what_it_is_said_to_be():
    assert caption(made(id="01234567-89ab", prediction="8", label="3")) == "01234567  8 → 3"


def test_caption_is_drawn_under_the_drawing():
    one, other = (np.asarray(contact_sheet([made(id=id)])) for id in ("0" * 36, "1" * 36))
    differ = np.flatnonzero((one != other).any(1))
    assert len(differ)
    assert differ.min() >= GAP + TILE


def test_drawing_that_cannot_be_read_is_grey_and_the_others_are_there():
    sheet = np.asarray(contact_sheet([made(image="data:,"), made()]))
    assert (tile(sheet, 0) == 192).all()
    assert tile(sheet, 1).min() < 64


def test_sheet_stays_of_a_size_that_opens(monkeypatch):
    monkeypatch.setattr(module, "MOST", 8)
    assert contact_sheet([made()] * 9).size == contact_sheet([made()] * 8).size


def test_empty_sheet_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
