"""`python -m app.feedback`: look after the feedback that FEEDBACK_URL keeps."""

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import closing, nullcontext
from dataclasses import asdict
from pathlib import Path

from app import settings
from app.feedback.contact_sheet import MOST, contact_sheet, correction
from app.feedback.store import (
    ACCEPTED,
    NOT_A_CHARACTER,
    PENDING,
    REJECTED,
    SKIP,
    STATUSES,
    Feedback,
    FeedbackStore,
    StoreUnavailable,
    open_store,
)
from app.feedback.summary import RIGHT, WRONG, verdict
from app.recognition.recognizer import MODES

ID_START = re.compile(r"[0-9a-f-]{8,36}")


class CommandError(Exception):
    """What was asked for cannot be done."""


def main(arguments: list[str] | None = None) -> int:
    """0 where all was done, 1 where it could not be, 2 where it was not asked for rightly."""
    options = _parser().parse_args(arguments)
    try:
        with closing(open_store(settings.read(os.environ)["FEEDBACK_URL"])) as store:
            options.run(store, options)
            sys.stdout.flush()
    except settings.SettingError as error:
        return _fail(error, 2)
    except (CommandError, StoreUnavailable, OSError) as error:
        if isinstance(error, BrokenPipeError):  # such as `export | head`: whoever reads has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return _fail(error, 1)
    return 0


def counts(store: FeedbackStore, options: argparse.Namespace) -> None:
    """How many records there are by mode and status, and how many say that the model was right."""
    found = Counter((record.mode, record.status, verdict(record)) for record in store.read(options.mode))
    verdicts = (RIGHT, WRONG, NOT_A_CHARACTER, SKIP)
    print(f"{'mode':<10} {'status':<9}", *(f"{name:>15}" for name in (*verdicts, "all")))
    for mode in MODES:
        for status in STATUSES:
            numbers = [found[mode, status, name] for name in verdicts]
            if any(numbers):
                print(f"{mode:<10} {status:<9}", *(f"{number:>15,}" for number in (*numbers, sum(numbers))))


def export(store: FeedbackStore, options: argparse.Namespace) -> None:
    """Every record as a line of JSON, oldest first."""
    with options.output.open("w", encoding="utf-8") if options.output else nullcontext(sys.stdout) as file:
        for record in store.read(options.mode):
            if options.status in (None, record.status):
                print(json.dumps(asdict(record) | {"time": record.time.isoformat()}), file=file)


def pending(store: FeedbackStore, options: argparse.Namespace) -> None:
    """What waits for a second opinion, as a list and, where a file is named, as a picture."""
    found = [record for record in store.read(options.mode) if record.status == PENDING]
    for record in found:
        print(f"{record.id}  {record.mode:<9}  {correction(record)}")
    if options.sheet and found:
        contact_sheet(found).save(options.sheet, "PNG")
        print(f"{options.sheet} shows {min(len(found), MOST)} of {len(found)}.", file=sys.stderr)
    elif not found:
        print("Nothing is pending.", file=sys.stderr)


def decide(store: FeedbackStore, options: argparse.Namespace) -> None:
    for record in _named(options.id, store.read()):
        if not store.set_status(record.id, options.status):
            raise CommandError(f"{record.id} was deleted meanwhile.")
        print(f"{options.status}: {record.id}  {correction(record)}")


def delete(store: FeedbackStore, options: argparse.Namespace) -> None:
    for record in _named(options.id, store.read()):
        store.delete(record.id)
        print(f"deleted: {record.id}")


def _named(starts: list[str], records: Iterable[Feedback]) -> list[Feedback]:
    """The record that each start of an id names. Raises CommandError where one names none, or several."""
    found = {start: [] for start in starts}
    for record in records:
        for start in found:
            if record.id.startswith(start):
                found[start].append(record)
    for start, named in found.items():
        if len(named) != 1:
            meant = f"{len(named)} records" if named else "no record"
            raise CommandError(f"{start} is the beginning of {meant}. Nothing was changed.")
    return list({record.id: record for (record,) in found.values()}.values())


def _id_start(text: str) -> str:
    if not ID_START.fullmatch(text.lower()):
        raise argparse.ArgumentTypeError(f"an id, or at least 8 characters of its beginning. Received: {text[:60]!r}")
    return text.lower()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.feedback", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    of_mode = argparse.ArgumentParser(add_help=False)
    of_mode.add_argument("--mode", choices=MODES, help="only this mode's")
    of_ids = argparse.ArgumentParser(add_help=False)
    of_ids.add_argument("id", nargs="+", type=_id_start, help="a record's id, or a beginning that no other has")

    def add(name: str, run, help: str, parent: argparse.ArgumentParser, **defaults) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help, parents=[parent])
        command.set_defaults(run=run, **defaults)
        return command

    add("counts", counts, "how many records there are, and how often the model was right", of_mode)
    exporting = add("export", export, "write records as lines of JSON", of_mode)
    exporting.add_argument("--status", choices=STATUSES, help="only records of this status")
    exporting.add_argument("--output", type=Path, metavar="FILE", help="where to; else to standard output")
    waiting = add("pending", pending, "what waits for a second opinion", of_mode)
    waiting.add_argument("--sheet", type=Path, metavar="FILE.png", help="draw it too, on one picture")
    add("accept", decide, "let models learn from records", of_ids, status=ACCEPTED)
    add("reject", decide, "never let models learn from records", of_ids, status=REJECTED)
    add("delete", delete, "forget records for good", of_ids)
    return parser


def _fail(error: Exception, status: int) -> int:
    print(f"python -m app.feedback: {error}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
