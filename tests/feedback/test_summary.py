from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.feedback import summary
from app.feedback.store import NOT_A_CHARACTER, PENDING, REJECTED, SKIP, SYNTHETIC
from app.feedback.summary import KINDS, OTHERS, summarise
from tests.feedback.conftest import NOON, made


def counts(**found) -> dict[str, int]:
    return dict.fromkeys(KINDS, 0) | {name.replace("_", " "): count for name, count in found.items()}


def test_every_record_is_of_one_kind():
    records = [made(label="8"), made(label="3"), made(label=NOT_A_CHARACTER), made(label=SKIP)]
    records += [made(label="3", status=PENDING), made(label="8", status=REJECTED), made(label=SKIP, status=REJECTED)]
    today = summarise(records, NOON).days[-1]
    assert today.counts == counts(right=1, wrong=1, not_a_character=1, skip=1, pending=1, rejected=2)
    assert today.total == len(records)


def test_the_last_thirty_days_are_there_oldest_first_also_those_without_feedback():
    records = [made(), made(time=NOON - timedelta(days=29)), made(time=NOON - timedelta(days=30))]
    found = summarise(records, NOON)
    assert [day.date for day in found.days] == [NOON.date() - timedelta(days=29 - number) for number in range(30)]
    assert [day.total for day in found.days] == [1] + [0] * 28 + [1]
    assert found.records == 3


def test_days_are_those_of_utc():
    late = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    days = summarise([made(time=late)], NOON + timedelta(days=1)).days
    assert {str(day.date): day.total for day in days}["2026-03-02"] == 1


def test_agreement_is_the_share_of_right_among_right_and_wrong():
    records = [made(label="8"), made(label="8"), made(label="8"), made(), made(label=SKIP), made(status=PENDING)]
    (found,) = summarise(records, NOON).agreement
    assert (found.mode, found.version, found.share) == ("digit", "v1", 0.75)
    assert found.counts == counts(right=3, wrong=1, skip=1, pending=1)


def test_agreement_that_nobody_judged_is_none():
    (found,) = summarise([made(label=SKIP)], NOON).agreement
    assert found.share is None


def test_models_are_told_apart_by_mode_and_version_the_newer_first():
    records = [made(model_version="v1"), made(model_version="v2"), made(mode="any", model_version="v1")]
    records += [made(mode="character", model_version="v9"), made(model_version="v1")]
    found = [(one.mode, one.version, one.counts["wrong"]) for one in summarise(records, NOON).agreement]
    assert found == [("digit", "v2", 1), ("digit", "v1", 2), ("character", "v9", 1), ("any", "v1", 1)]


def test_versions_beyond_those_with_most_feedback_count_together(monkeypatch):
    monkeypatch.setattr(summary, "MOST_VERSIONS", 2)
    versions = ["a", "b", "b", "made up", "c", "c", "c"]
    found = summarise([made(model_version=version) for version in versions], NOON).agreement
    assert [(one.version, one.counts["wrong"]) for one in found] == [("c", 3), ("b", 2), (OTHERS, 2)]


def test_versions_that_strangers_make_up_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(summary, "MOST_COUNTED", 3)
    found = summarise([made(model_version=f"{number}" * 100) for number in range(9)], NOON).agreement
    assert [(len(one.version), one.counts["wrong"]) for one in found] == [(64, 1), (64, 1), (64, 1), (6, 6)]


def test_what_is_pending_is_counted_with_the_time_of_the_oldest():
    records = [made(5, status=PENDING), made(2, status=PENDING, mode="any"), made(1)]
    found = summarise(records, NOON)
    assert (found.pending, found.oldest_pending) == (2, NOON + timedelta(minutes=2))
    assert summarise(records[2:], NOON).oldest_pending is None


def test_synthetic_records_are_counted_apart_from_people():
    found = summarise([made(browser=SYNTHETIC), made(browser="b")], NOON)
    assert (found.records, found.synthetic, found.days[-1].total) == (1, 1, 1)
    assert sum(sum(one.counts.values()) for one in found.agreement) == 1


def test_records_are_taken_one_by_one():
    held = []

    def records():
        for _ in range(5):
            record = made()
            held.append(record)
            yield record
            assert held.pop() is record

    assert summarise(records(), NOON).records == 5


@pytest.mark.parametrize("records", [[], [made(browser=SYNTHETIC)]])
def test_no_feedback_is_a_summary_too(records):
    found = summarise(records, datetime.now(UTC))
    assert (found.agreement, found.pending, found.records, len(found.days)) == ([], 0, 0, 30)


def test_what_came_lately_is_counted_by_window_and_version():
    records = [made(confidence=0.5), made(time=NOON - timedelta(days=6), label="8", confidence=1)]
    records += [made(time=NOON - timedelta(days=7), label=SKIP), made(time=NOON - timedelta(days=30))]
    week, month = summarise(records, NOON).recent
    assert (week.days, week.mode, week.version, week.right, week.wrong) == (7, "digit", "v1", 1, 1)
    assert (week.answers.n, week.answers.mean_confidence, week.answers.labels) == (2, 0.75, {"8": 2})
    assert (month.days, month.answers.n, month.right + month.wrong) == (30, 3, 2)


def test_agreement_is_counted_by_week_the_newest_first():
    ago = [0, 6, 7, 83, 84]
    records = [made(time=NOON - timedelta(days=days), label="8" if days else "3") for days in ago]
    records.append(made(time=NOON - timedelta(days=20), status=PENDING))
    found = [((NOON.date() - week.first).days, week.right, week.wrong) for week in summarise(records, NOON).weeks]
    assert found == [(6, 1, 1), (13, 1, 0), (83, 1, 0)]


def test_confidence_that_somebody_wrote_into_a_sheet_breaks_nothing():
    records = [made(confidence=confidence) for confidence in (-1, 0, 1, 7)]
    assert summarise(records, NOON).recent[0].answers.confidences == [2, *[0] * 13, 2]
