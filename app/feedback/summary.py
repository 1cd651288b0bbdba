"""What people said, counted in one pass: by day, by the model that they said it of, and what waits."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from app.feedback.store import NOT_A_CHARACTER, PENDING, REJECTED, SKIP, SYNTHETIC, Feedback
from app.feedback.tally import Tally
from app.recognition.recognizer import MODES

RIGHT, WRONG = "right", "wrong"
KINDS = (RIGHT, WRONG, NOT_A_CHARACTER, SKIP, PENDING, REJECTED)
DAYS = 30
WINDOWS = (7, DAYS)  # days, today among them
WEEKS = 12
LONGEST_VERSION = 64  # characters of what strangers say that a model's version was
MOST_VERSIONS = 50  # told apart, those with most feedback
MOST_COUNTED = 10_000  # versions held in memory, whatever strangers send
OTHERS = "others"
Version = tuple[str, str]  # its mode and name


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
class Recent:
    """What people said lately of one version of a mode's model. answers: those that they judged in any way."""

    days: int
    mode: str
    version: str
    right: int
    wrong: int
    answers: Tally


@dataclass(frozen=True)
class Week:
    """Agreement with one version of a mode's model in the seven days from `first` on, UTC."""

    first: date
    mode: str
    version: str
    right: int
    wrong: int

    @property
    def share(self) -> float:
        return self.right / (self.right + self.wrong)


@dataclass(frozen=True)
class Summary:
    """time: when it was made. days: the last DAYS, oldest first. pending: records that wait for a second opinion.
    records: by people, all that there are. synthetic: made by `dummy_data`, counted nowhere else. recent: by WINDOWS
    and version. weeks: of the last WEEKS those in which a version was called right or wrong, newest first.
    """

    time: datetime
    days: list[Day]
    agreement: list[Agreement]
    pending: int
    oldest_pending: datetime | None
    records: int
    synthetic: int
    recent: list[Recent]
    weeks: list[Week]


def verdict(record: Feedback) -> str:
    """RIGHT, WRONG, NOT_A_CHARACTER or SKIP, whatever became of the record."""
    if record.label in (NOT_A_CHARACTER, SKIP):
        return record.label
    return RIGHT if record.label == record.prediction else WRONG


def kind_of(record: Feedback) -> str:
    """One of KINDS: what is PENDING or REJECTED is nothing else."""
    return record.status if record.status in (PENDING, REJECTED) else verdict(record)


def summarise(records: Iterable[Feedback], now: datetime) -> Summary:
    """Count `records`, each as one of KINDS."""
    today = now.astimezone(UTC).date()
    days = {today - timedelta(days=ago): Counter() for ago in reversed(range(DAYS))}
    models: dict[Version, Counter] = {}
    recent: dict[tuple[int, Version], _Said] = {}
    weeks: dict[tuple[date, Version], Counter] = {}
    synthetic, oldest = 0, None
    for record in records:
        if record.browser == SYNTHETIC:
            synthetic += 1
            continue
        kind = kind_of(record)
        if (day := record.time.astimezone(UTC).date()) in days:
            days[day][kind] += 1
        ago = (today - day).days
        model = record.mode, record.model_version[:LONGEST_VERSION]
        if model not in models and len(models) >= MOST_COUNTED:
            model = record.mode, OTHERS
        models.setdefault(model, Counter())[kind] += 1
        for window in WINDOWS:
            if 0 <= ago < window:
                recent.setdefault((window, model), _Said()).add(kind, record)
        if kind in (RIGHT, WRONG) and 0 <= ago < 7 * WEEKS:
            week = today - timedelta(days=ago // 7 * 7 + 6)
            weeks.setdefault((week, model), Counter())[kind] += 1
        if kind == PENDING:
            oldest = min(oldest or record.time, record.time)
    most = set(sorted(models, key=lambda model: models[model].total(), reverse=True)[:MOST_VERSIONS])
    return Summary(
        time=now,
        days=[Day(day, _complete(counts)) for day, counts in days.items()],
        agreement=_agreement(models, most),
        pending=sum(counts[PENDING] for counts in models.values()),
        oldest_pending=oldest,
        records=sum(counts.total() for counts in models.values()),
        synthetic=synthetic,
        recent=[
            Recent(window, *model, said.kinds[RIGHT], said.kinds[WRONG], said.answers)
            for (window, model), said in sorted(recent.items(), key=lambda item: item[0])
            if model in most
        ],
        weeks=[
            Week(week, *model, kinds[RIGHT], kinds[WRONG])
            for (week, model), kinds in sorted(weeks.items(), key=lambda item: item[0], reverse=True)
            if model in most
        ],
    )


@dataclass
class _Said:
    """Of one version in one window."""

    kinds: Counter = field(default_factory=Counter)
    answers: Tally = field(default_factory=Tally)

    def add(self, kind: str, record: Feedback) -> None:
        self.kinds[kind] += 1
        self.answers.add(record.prediction, record.confidence)


def _agreement(models: dict[Version, Counter], most: set[Version]) -> list[Agreement]:
    """By mode, what was seen first last, but for OTHERS, which are those beside `most`."""
    shown: dict[Version, Counter] = {}
    for mode, version in reversed(models):
        model = (mode, version) if (mode, version) in most else (mode, OTHERS)
        shown.setdefault(model, Counter()).update(models[mode, version])
    in_order = sorted(shown, key=lambda model: (MODES.index(model[0]), model[1] == OTHERS))
    return [Agreement(*model, _complete(shown[model])) for model in in_order]


def _complete(counts: Counter) -> dict[str, int]:
    return {kind: counts[kind] for kind in KINDS}
