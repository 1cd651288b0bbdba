"""Inkloop against what one would take instead, on the same drawings in the same run.

    DATA_DIR=... python -m benchmarks.usual_training   # once: the usual app's networks
    DATA_DIR=... python -m benchmarks.serving
    python -m benchmarks.serving                       # without data: all but how well they read

The others are the usual app (benchmarks/usual_app.py) and a Gradio sketchpad with Inkloop's own models
(benchmarks/gradio_app.py). Inkloop and the usual app run as `gunicorn APP` with the repository's gunicorn.conf.py, but
the usual app with gunicorn's own worker; Gradio in its own server and an environment of its own, made at first use. All
are on this machine alone and take turns in rounds; whose turn it is not is stopped.
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
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np

from app.training.datasets import data_folder
from benchmarks import gradio_environment
from benchmarks.cache import usual_model
from benchmarks.drawings import STYLES, Drawing, by_hand, by_writers
from benchmarks.installed_size import read_requirements, size_fresh, size_here, size_within
from benchmarks.measuring import CLIENTS, Side, measure, measure_cold_starts
from benchmarks.report import Row, table, with_comparison
from benchmarks.servers import ROOT, GradioServer, Server

USUAL_REQUIREMENTS = ("flask", "gunicorn", "pillow", "tensorflow")
GUNICORNS_WORKER = {"GUNICORN_CMD_ARGS": "--worker-class gthread"}  # without what Inkloop adds to it
PAGES = (ROOT / "README.md", ROOT / "doc" / "benchmarks.md")
ROUNDS = 5
SECONDS = 5.0  # of each app's throughput, each round
PER_CLASS = 20
SEED = 1


def apps(uploads: str) -> list[Side]:
    """Those who are compared, ours first. uploads: a folder for the files that Gradio keeps."""
    gradio = {"GRADIO_TEMP_DIR": uploads, "GRADIO_ANALYTICS_ENABLED": "False"}
    return [
        Side("Inkloop", partial(Server, "main:app")),
        Side(
            "the usual app",
            partial(Server, "benchmarks.usual_app:app", GUNICORNS_WORKER),
            trained=all(usual_model(mode).exists() for mode in ("digit", "character")),
        ),
        Side("Gradio", partial(GradioServer, "benchmarks.gradio_app", gradio)),
    ]


def sizes(*, fresh: bool) -> list[int]:
    """Bytes that each of `apps` takes installed."""
    weigh = size_fresh if fresh else size_here
    ours, usual = weigh(read_requirements(ROOT / "requirements-prod.in")), weigh(USUAL_REQUIREMENTS)
    return [ours, usual, size_within(gradio_environment.ready())]


def rows(sides: Sequence[Side], sizes: Sequence[int]) -> list[Row]:
    def row(name: str, unit: str, figure) -> Row:
        ours, *others = (figure(side) for side in sides)
        return Row(name, unit, ours, tuple(others))

    names = {"digit": "digits", "character": "letters, case ignored"}
    return [
        *(
            row(f"{name}, drawn {style}", "%", partial(Side.accuracy, mode=mode, style=style, caseless=True))
            for mode, name in names.items()
            for style in STYLES
        ),
        *(
            row(f"letters, 52 classes, drawn {style}", "%", partial(Side.accuracy, mode="character", style=style))
            for style in STYLES
        ),
        row("one answer, p50", "ms", lambda side: side.latency(50)),
        row("one answer, p99", "ms", lambda side: side.latency(99)),
        row(f"answers with {CLIENTS} clients", "/s", lambda side: median(side.throughputs)),
        row("memory of the process that serves", "MB", lambda side: side.memory.process),
        row("memory of all its processes (PSS)", "MB", lambda side: side.memory.together),
        row("cold start to the first right answer", "s", lambda side: median(side.cold_starts)),
        Row("installed size", "MB", sizes[0], tuple(sizes[1:])),
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
    arguments.add_argument(
        "--installed-size", action="store_true", help="install Inkloop and the usual app anew to weigh them, minutes"
    )
    arguments.add_argument("--json", type=Path, help="file to write the figures to, those of each round too")
    arguments.add_argument("--write", action="store_true", help="put the table into README.md and doc/benchmarks.md")
    options = arguments.parse_args()

    drawings = chosen_drawings(options.per_class, by_people=options.write or "DATA_DIR" in os.environ)
    weights = sizes(fresh=options.installed_size)
    with tempfile.TemporaryDirectory() as uploads:
        sides = apps(uploads)
        if options.write and not all(side.trained for side in sides):
            arguments.error("--write wants all apps trained: run `python -m benchmarks.usual_training` first.")
        measure(sides, drawings, rounds=options.rounds, seconds=options.seconds)
        measure_cold_starts(sides, drawings, rounds=options.rounds)

    found = rows(sides, weights)
    about = {
        "command": ("DATA_DIR=... " if "DATA_DIR" in os.environ else "")
        + shlex.join(["python", "-m", "benchmarks.serving", *sys.argv[1:]]),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{machine()}, gradio {gradio_environment.version()}",
        "drawings": ", ".join(f"{n:,} {drawn}" for drawn, n in kinds(drawings).items()),
    }
    shown = "\n\n".join(
        [
            f"`{about['command']}`",
            f"{about['machine']}. Drawings: {about['drawings']}.",
            table([side.name for side in sides], found),
        ]
    )
    print(f"{about['time']}\n\n{shown}")
    if options.write:
        for page in PAGES:
            page.write_text(with_comparison(page.read_text(encoding="utf-8"), shown), encoding="utf-8")
    if options.json:
        each = {side.name: {"throughputs": side.throughputs, "cold starts": side.cold_starts} for side in sides}
        figures = about | {"rows": [row.as_json() for row in found], "rounds": each}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def chosen_drawings(per_class: int, *, by_people: bool) -> list[Drawing]:
    """By writers whom nobody trains on, or the repository's own few, which need no data."""
    rng = np.random.default_rng(SEED)
    return by_writers(data_folder(), per_class, rng) if by_people else by_hand(per_class, rng)


def kinds(drawings: Sequence[Drawing]) -> Counter[str]:
    """How many there are of each kind."""
    names = {"digit": "digits", "character": "letters"}
    return Counter(f"{names[drawing.mode]} drawn {drawing.style}" for drawing in drawings)


if __name__ == "__main__":
    main()
