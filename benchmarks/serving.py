"""Inkloop against the usual app (benchmarks/usual_app.py), on the same drawings in the same run.

    DATA_DIR=... python -m benchmarks.usual_training   # once: its networks
    DATA_DIR=... python -m benchmarks.serving
    python -m benchmarks.serving                       # without data: all but how well they read

Both run as `gunicorn APP` with the repository's gunicorn.conf.py, on this machine alone, and take turns in rounds.
Latency: one client, one kept-alive connection, every drawing once. Throughput: 8 clients, the median of the rounds.
Memory: after all of that. Cold start: from the start of the process, whose files were read before, to its first right
answer, the median of the rounds. Installed size: the files that each one's requirements put here.
"""

import argparse
import json
import os
import platform
import shlex
import sys
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.cache import usual_model
from benchmarks.drawings import STYLES, Drawing, by_hand, by_writers
from benchmarks.installed_size import read_requirements, size_fresh, size_here
from benchmarks.measuring import CLIENTS, Side, measure, measure_cold_starts
from benchmarks.report import Row, table
from benchmarks.servers import ROOT

APPS = ("main:app", "benchmarks.usual_app:app")  # ours, the usual one: so in every pair here
USUAL_REQUIREMENTS = ("flask", "gunicorn", "pillow", "tensorflow")
ROUNDS = 5
SECONDS = 5.0  # of each app's throughput, each round
PER_CLASS = 20
SEED = 1


def rows(sides: list[Side], sizes: tuple[int, int], *, trained: bool) -> list[Row]:
    def row(name: str, unit: str, figure) -> Row:
        return Row(name, unit, *(figure(side) for side in sides))

    def accuracy_row(name: str, *which, **how) -> Row:
        ours, usual = (side.accuracy(*which, **how) for side in sides)
        return Row(name, "%", ours, usual if trained else None)

    names = {"digit": "digits", "character": "letters, case ignored"}
    return [
        *(
            accuracy_row(f"{name}, drawn {style}", mode, style, caseless=True)
            for mode, name in names.items()
            for style in STYLES
        ),
        *(accuracy_row(f"letters, 52 classes, drawn {style}", "character", style) for style in STYLES),
        row("one answer, p50", "ms", lambda side: side.latency(50)),
        row("one answer, p99", "ms", lambda side: side.latency(99)),
        row(f"answers with {CLIENTS} clients", "/s", lambda side: median(side.throughputs)),
        row("memory of the process that serves", "MB", lambda side: side.memory.process),
        row("memory of all its processes (PSS)", "MB", lambda side: side.memory.together),
        row("cold start to the first right answer", "s", lambda side: median(side.cold_starts)),
        Row("installed size", "MB", *sizes),
    ]


def machine() -> str:
    """What kind of machine this is."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    name = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    used = ("ai-edge-litert", "tensorflow", "gunicorn")
    versions = ", ".join(f"{package} {version(package)}" for package in used)
    return f"{os.cpu_count()} cores of {name}, {platform.system()}, Python {platform.python_version()}, {versions}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--per-class", type=int, default=PER_CLASS, help="characters a label (default %(default)s)")
    arguments.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each app (default %(default)s)")
    arguments.add_argument("--seconds", type=float, default=SECONDS, help="of throughput a turn (default %(default)s)")
    arguments.add_argument("--installed-size", action="store_true", help="install both anew to weigh them, minutes")
    arguments.add_argument("--json", type=Path, help="file to write the figures to, those of each round too")
    options = arguments.parse_args()

    drawings = chosen_drawings(options.per_class)
    trained = all(usual_model(mode).exists() for mode in ("digit", "character"))
    weigh = size_fresh if options.installed_size else size_here
    sizes = weigh(read_requirements(ROOT / "requirements-prod.txt")), weigh(USUAL_REQUIREMENTS)
    sides = [Side(target) for target in APPS]
    measure(sides, drawings, rounds=options.rounds, seconds=options.seconds)
    measure_cold_starts(sides, drawings, rounds=options.rounds, trained=trained)

    found = rows(sides, sizes, trained=trained)
    about = {
        "command": ("DATA_DIR=... " if "DATA_DIR" in os.environ else "")
        + shlex.join(["python", "-m", "benchmarks.serving", *sys.argv[1:]]),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "drawings": ", ".join(f"{n} {drawn}" for drawn, n in Counter(f"{d.mode} {d.style}" for d in drawings).items()),
    }
    print(*(f"{name}: {value}" for name, value in about.items()), "", table(found), sep="\n")
    if not trained:
        print("\nThe usual app is untrained: `python -m benchmarks.usual_training` trains it.")
    if options.json:
        each = {side.target: {"throughputs": side.throughputs, "cold starts": side.cold_starts} for side in sides}
        figures = about | {"rows": [row.as_json() for row in found], "rounds": each}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def chosen_drawings(per_class: int) -> list[Drawing]:
    """By writers whom nobody trains on where DATA_DIR names the data, else the repository's own few."""
    rng = np.random.default_rng(SEED)
    if folder := os.environ.get("DATA_DIR"):
        return by_writers(Path(folder), per_class, rng)
    return by_hand(per_class, rng)


if __name__ == "__main__":
    main()
