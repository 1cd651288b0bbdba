"""What `python -m app.retrain_model` left to read about a mode's last retraining: REPORTS/MODE-TIME/report.json."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

FOLDER = re.compile(r"(?P<mode>[a-z]+)-(?P<time>\d{8}-\d{6})")
TIME = "%Y%m%d-%H%M%S"


@dataclass(frozen=True)
class Report:
    """Of one retraining. time: when it ended, UTC. promoted: whether the challenger was found better; with `dry_run` it
    serves no more for that. reasons: a sentence for each test that decided. records: that the store held. problem: why
    the report cannot be read, else None.
    """

    time: datetime
    folder: str
    promoted: bool = False
    dry_run: bool = False
    champion: str = ""
    challenger: str | None = None
    reasons: list[str] = field(default_factory=list)
    records: int = 0
    learned: int = 0
    held_out: int = 0
    problem: str | None = None


def latest(reports: Path, mode: str) -> Report | None:
    """The latest of a mode in the folder `reports`, None where there is none."""
    try:
        folders = [(each, FOLDER.fullmatch(each.name)) for each in reports.iterdir()]
    except OSError:
        return None
    named = [(match["time"], folder) for folder, match in folders if match and match["mode"] == mode]
    for text, folder in sorted(named, reverse=True):
        try:
            time = datetime.strptime(text, TIME).replace(tzinfo=UTC)
        except ValueError:
            continue
        return read(folder, time)
    return None


def read(folder: Path, time: datetime) -> Report:
    """The report in a folder. Where it cannot be read, `problem` says so."""
    try:
        found = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return Report(
            time=time,
            folder=folder.name,
            promoted=bool(found["decision"]["promoted"]),
            reasons=[str(reason) for reason in found["decision"]["reasons"]],
            dry_run=bool(found["dry_run"]),
            champion=str(found["champion"]),
            challenger=found["challenger"] and str(found["challenger"]),
            **{name: int(found[name]) for name in ("records", "learned", "held_out")},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"{folder.name}/report.json cannot be read ({type(error).__name__}). Is it being written?"
        return Report(time=time, folder=folder.name, problem=problem)
