"""What people said, counted in one pass: by day, by the model that they said it of, and what waits."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.feedback.store import NOT_A_CHARACTER, PENDING, REJECTED, SKIP, SYNTHETIC, Feedback
from app.recognition.recognizer import MODES

RIGHT, WRONG = "right", "wrong"
KINDS = (RIGHT, WRONG, NOT_A_CHARACTER, SKIP, PENDING, REJECTED)
DAYS = 30
LONGEST_VERSION = 64  # characters of what strangers say that a model's version was
MOST_VERSIONS = 50  # told apart, those with most feedback
MOST_COUNTED = 10_000  # versions held in memory, whatever strangers send
OTHERS = "others"


@dataclass(frozen=True)
class Day:
    """date: UTC. counts: by each of KINDS."""

    date: date
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Agreement:
    """What people said of one version of a mode's model; those of `version` OTHERS are what is left beside the rest."""

    mode: str
    version: str
    counts: dict[str, int]

    @property
    def share(self) -> float | None:
        """Right among right and wrong, None where there is neither."""
        judged = self.counts[RIGHT] + self.counts[WRONG]
        return self.counts[RIGHT] / judged if judged else None


@dataclass(frozen=True)
class Summary:
    """time: when it was made. days: the last DAYS, oldest first. pending: records that wait for a second opinion.
    records: by people, all that there are. synthetic: made by `dummy_data`, counted nowhere else.
    """

    time: datetime
    days: list[Day]
    agreement: list[Agreement]
    pending: int
    oldest_pending: datetime | None
    records: int
    synthetic: int


def verdict(record: Feedback) -> str:
    """RIGHT, WRONG, NOT_A_CHARACTER or SKIP, whatever became of the record."""
    if record.label in (NOT_A_CHARACTER, SKIP):
        return record.label
    return RIGHT if record.label == record.prediction else WRONG


def summarise(records: Iterable[Feedback], now: datetime) -> Summary:
    """Count `records`, of which each is one of KINDS: what is PENDING or REJECTED is nothing else."""
    first = now.astimezone(UTC).date() - timedelta(days=DAYS - 1)
    days = {first + timedelta(days=number): Counter() for number in range(DAYS)}
    models: dict[tuple[str, str], Counter] = {}
    synthetic, oldest = 0, None
    for record in records:
        if record.browser == SYNTHETIC:
            synthetic += 1
            continue
        kind = record.status if record.status in (PENDING, REJECTED) else verdict(record)
        if (day := record.time.astimezone(UTC).date()) in days:
            days[day][kind] += 1
        model = record.mode, record.model_version[:LONGEST_VERSION]
        if model not in models and len(models) >= MOST_COUNTED:
            model = record.mode, OTHERS
        models.setdefault(model, Counter())[kind] += 1
        if kind == PENDING:
            oldest = min(oldest or record.time, record.time)
    return Summary(
        time=now,
        days=[Day(day, _complete(counts)) for day, counts in days.items()],
        agreement=_agreement(models),
        pending=sum(counts[PENDING] for counts in models.values()),
        oldest_pending=oldest,
        records=sum(counts.total() for counts in models.values()),
        synthetic=synthetic,
    )


def _agreement(models: dict[tuple[str, str], Counter]) -> list[Agreement]:
    """By mode, what was seen first last, but for OTHERS."""
    most = set(sorted(models, key=lambda model: models[model].total(), reverse=True)[:MOST_VERSIONS])
    shown: dict[tuple[str, str], Counter] = {}
    for mode, version in reversed(models):
        model = (mode, version) if (mode, version) in most else (mode, OTHERS)
        shown.setdefault(model, Counter()).update(models[mode, version])
    in_order = sorted(shown, key=lambda model: (MODES.index(model[0]), model[1] == OTHERS))
    return [Agreement(*model, _complete(shown[model])) for model in in_order]


def _complete(counts: Counter) -> dict[str, int]:
    return {kind: counts[kind] for kind in KINDS}
