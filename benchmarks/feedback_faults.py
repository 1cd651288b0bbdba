"""What is acknowledged is kept: feedback over HTTP to servers that are killed, and to a Google Sheets that fails.

    python -m benchmarks.feedback_faults
    python -m benchmarks.feedback_faults --store sheets --records 100

SQLite and PostgreSQL: 16 clients, and `gunicorn main:app` gets SIGKILL five times at random moments and is started
again. Google Sheets: 8 clients, and the tests' Sheets server, which takes at most 60 write calls a minute and as many
that read, answers 20 % of all calls with 429 and 5 % with 500, and carries out 5 % without an answer until the caller
gives up.

Each client sends a record until it is acknowledged, as a browser does. In the end the server gets SIGKILL once more,
and the store is read. Exit status 1 where a record is not acknowledged, is missing or not as it was sent, is there
twice, or was never sent, or where there were more than 60 write calls in a minute.
"""

import argparse
import random
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from app.feedback.store import Feedback, open_store
from benchmarks import feedback_places
from benchmarks.drawings import by_hand
from benchmarks.feedback_clients import Sending, made_records
from benchmarks.feedback_places import Place
from benchmarks.servers import Server
from tests.feedback.postgresql_server import NoPostgresql

SEED = 1
RATE = "100000 per second"
LONGEST_DELAY = 0.05  # seconds from the acknowledgement that a kill waits for to the kill
AS_SENT = ("mode", "prediction", "confidence", "label", "model_version")


class Trial(NamedTuple):
    store: str
    open: Callable[[], AbstractContextManager[Place]]
    records: int
    clients: int
    kills: int


TRIALS = {
    "sqlite": Trial("SQLite", feedback_places.sqlite, 2000, 16, 5),
    "postgresql": Trial("PostgreSQL", feedback_places.postgresql, 2000, 16, 5),
    "sheets": Trial("Google Sheets, the tests' server", feedback_places.sheets, 240, 8, 0),
}


class Kept(NamedTuple):
    """missing: acknowledged, but not there as sent. doubled: read more than once. unknown: there, but never sent."""

    missing: int
    doubled: int
    unknown: int


class Outcome(NamedTuple):
    trial: Trial
    sent_again: int
    already_there: int
    acknowledged: int
    kept: Kept
    most_writes: int | None
    most_reads: int | None
    spare_rows: int | None
    seconds: float

    @property
    def holds(self) -> bool:
        all_acknowledged = self.acknowledged == self.trial.records
        return all_acknowledged and not any(self.kept) and (self.most_writes or 0) <= feedback_places.QUOTA


def run(trial: Trial) -> Outcome:
    """Raises RuntimeError where a server does not come up or refuses a record, NoPostgresql where there is none."""
    records = made_records(trial.records, SEED)
    with trial.open() as place:
        began = time.monotonic()
        sending = send(records, trial, place.url)
        seconds = time.monotonic() - began
        with closing(open_store(place.url)) as store:
            kept = compare(records, sending.acknowledged, store.read())
        return Outcome(
            trial=trial,
            sent_again=sending.sends - len(records),
            already_there=sending.already_there,
            acknowledged=len(sending.acknowledged),
            kept=kept,
            most_writes=place.most_calls(writes=True),
            most_reads=place.most_calls(writes=False),
            spare_rows=place.spare_rows(),
            seconds=seconds,
        )


def send(records: Sequence[dict], trial: Trial, url: str) -> Sending:
    """All of them, to a server that is killed when some number of them, by chance, and when all are acknowledged."""
    chance, sending = random.Random(SEED), Sending(records)
    settings = {"FEEDBACK_URL": url, "FEEDBACK_RATE": RATE}
    [probe, *_] = by_hand(1, np.random.default_rng(SEED))
    moments = sorted(chance.sample(range(1, len(records)), trial.kills))
    with ThreadPoolExecutor(trial.clients) as clients, ExitStack() as servers:
        servers.callback(sending.stop)
        server = servers.enter_context(Server("main:app", settings))
        server.first_answer(probe, None)
        working = [clients.submit(sending.work, server.port) for _ in range(trial.clients)]
        for moment in tqdm(moments, desc=f"{trial.store}: kills", disable=not moments):
            sending.wait_for(moment)
            time.sleep(chance.uniform(0, LONGEST_DELAY))
            server.kill()
            server = servers.enter_context(Server("main:app", settings | {"PORT": str(server.port)}))
            server.first_answer(probe, None)
        for client in working:
            client.result()
        server.kill()
    return sending


def compare(records: Sequence[dict], acknowledged: set[str], found: Iterable[Feedback]) -> Kept:
    """What was sent and acknowledged against what a reader of the store finds."""
    sent = {record["id"]: tuple(record[name] for name in AS_SENT) for record in records}
    reads, as_sent = Counter(), set()
    for feedback in found:
        reads[feedback.id] += 1
        if sent.get(feedback.id) == tuple(getattr(feedback, name) for name in AS_SENT):
            as_sent.add(feedback.id)
    doubled = sum(times > 1 for times in reads.values())
    return Kept(len(acknowledged - as_sent), doubled, len(reads.keys() - sent.keys()))


COLUMNS: dict[str, Callable[[Outcome], object]] = {
    "records": lambda outcome: outcome.trial.records,
    "clients": lambda outcome: outcome.trial.clients,
    "kills": lambda outcome: outcome.trial.kills,
    "sent again": lambda outcome: outcome.sent_again,
    "of these already there": lambda outcome: outcome.already_there,
    "acknowledged": lambda outcome: outcome.acknowledged,
    "missing": lambda outcome: outcome.kept.missing,
    "doubled": lambda outcome: outcome.kept.doubled,
    "never sent": lambda outcome: outcome.kept.unknown,
    "write calls at most a minute": lambda outcome: _or_dash(outcome.most_writes),
    "read calls at most a minute": lambda outcome: _or_dash(outcome.most_reads),
    "spare rows that readers leave out": lambda outcome: _or_dash(outcome.spare_rows),
    "seconds": lambda outcome: round(outcome.seconds),
}


def table(outcomes: Iterable[Outcome]) -> str:
    """In Markdown."""
    lines = [["store", *COLUMNS], ["---", *["---:"] * len(COLUMNS)]]
    lines += [[outcome.trial.store, *(str(figure(outcome)) for figure in COLUMNS.values())] for outcome in outcomes]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _or_dash(figure: int | None) -> int | str:
    return "–" if figure is None else figure


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=TRIALS, help="this one alone")
    parser.add_argument("--records", type=int, help="how many (default: 2,000, and 240 to Google Sheets)")
    options = parser.parse_args(arguments)
    trials = [TRIALS[options.store]] if options.store else list(TRIALS.values())
    if options.records is not None:
        if options.records <= max(trial.kills for trial in trials):
            parser.error(f"--records must be more than the kills. Received: {options.records}")
        trials = [trial._replace(records=options.records) for trial in trials]
    outcomes = []
    for trial in trials:
        try:
            outcomes.append(run(trial))
        except NoPostgresql as problem:
            parser.exit(1, f"{parser.prog}: {problem}\n")
    command = shlex.join(["python", "-m", "benchmarks.feedback_faults", *(arguments or sys.argv[1:])])
    print(f"command: {command}", "", table(outcomes), sep="\n")
    return 0 if all(outcome.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
