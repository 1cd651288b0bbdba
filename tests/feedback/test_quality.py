import pytest

from app.feedback.quality import learnable, status_of
from app.feedback.store import ACCEPTED, NOT_A_CHARACTER, PENDING, REJECTED, SKIP, SYNTHETIC
from tests.feedback.conftest import drawing, made

FIVE, SEVEN = drawing("5"), drawing("7")


@pytest.mark.parametrize(
    ("label", "sure_of", "status"),
    [
        ("3", {"3": 0.99, "8": 0.01}, ACCEPTED),
        ("8", {"3": 0.99, "8": 0.01}, PENDING),
        ("8", {"3": 0.95, "8": 0.05}, PENDING),
        ("8", {"3": 0.94, "8": 0.06}, ACCEPTED),
        (NOT_A_CHARACTER, {"3": 0.99, "8": 0.01}, ACCEPTED),
        (SKIP, {"3": 0.99, "8": 0.01}, ACCEPTED),
    ],
)
def test_correction_that_the_model_contradicts_with_confidence_waits(label, sure_of, status):
    assert status_of(label, sure_of, 0.95) == status


@pytest.mark.parametrize("status", [PENDING, REJECTED])
def test_only_accepted_records_are_learnt_from(status):
    records = [made(1, status=status), made(2, image=FIVE, label="5")]
    assert list(learnable(records)) == [records[1]]


@pytest.mark.parametrize("label", [NOT_A_CHARACTER, SKIP])
def test_answers_that_are_no_label_are_never_learnt_from(label):
    assert list(learnable([made(label=label)])) == []


def test_of_one_drawing_the_latest_label_stays():
    records = [made(2, label="8"), made(3, label="3"), made(1, label="5"), made(4, image=FIVE, label="5")]
    assert list(learnable(records)) == [records[1], records[3]]


def test_same_drawing_in_another_mode_is_another():
    records = [made(1), made(2, mode="any")]
    assert list(learnable(records)) == records


@pytest.mark.parametrize(
    ("later", "left"),
    [
        ({"label": SKIP}, 1),
        ({"label": NOT_A_CHARACTER}, 0),
        ({"label": "5", "status": PENDING}, 1),
        ({"label": "5", "status": REJECTED}, 1),
    ],
)
def test_later_answer_takes_the_earlier_ones_place_only_where_it_is_one(later, left):
    records = [made(1), made(2, **later)]
    assert list(learnable(records)) == records[:left]


def test_browser_teaches_up_to_its_cap_the_oldest_first():
    mine = [made(minute, browser="mine", image=image) for minute, image in [(5, FIVE), (3, SEVEN), (4, drawing("3"))]]
    other = made(6, browser="other", image=drawing("2"))
    assert list(learnable([*mine, other], cap=2)) == [mine[1], mine[2], other]


def test_records_without_a_browser_share_one_allowance():
    records = [made(minute, image=image) for minute, image in enumerate([FIVE, SEVEN, drawing("2")])]
    assert list(learnable(records, cap=2)) == records[:2]


def test_synthetic_records_have_no_cap():
    records = [made(minute, image=image, browser=SYNTHETIC) for minute, image in enumerate([FIVE, SEVEN])]
    assert list(learnable(records, cap=1)) == records


def test_modes_together_give_what_they_give_apart():
    records = [made(minute, mode=mode) for minute, mode in enumerate(["digit", "any", "digit"])]
    apart = [record for mode in ("any", "digit") for record in learnable(r for r in records if r.mode == mode)]
    assert list(learnable(records, cap=1)) == apart


def test_record_whose_picture_cannot_be_read_is_left_out():
    records = [made(1, image="data:image/png;base64,AAAA"), made(2)]
    assert list(learnable(records)) == [records[1]]
