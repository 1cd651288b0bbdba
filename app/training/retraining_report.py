"""What came of a retraining, as a page to read, as JSON, and as pictures."""

import json
import resource
from dataclasses import asdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from app.feedback.contact_sheet import sheet
from app.recognition.preprocessing import INK_SIZE
from app.training.datasets import LABELS
from app.training.gate import LEVEL, power
from app.training.retraining import Reading, Retraining

PAGE, DATA = "report.md", "report.json"
FALL = 0.4  # of the errors, whose chance to be noticed the report gives
ENLARGED = 4  # what a model read, in a sheet


def write(
    result: Retraining, folder: Path, *, command: str, seconds: float, records: int, dry_run: bool = False
) -> None:
    """Leave PAGE, DATA and the pictures that PAGE shows in `folder`.

    seconds: that it all took. records: that the store held.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cost = {"seconds": round(seconds, 1), "megabytes": round(peak_megabytes())}
    pictures = {reading.name: _pictures(result, reading, folder) for reading in result.readings}
    content = as_json(result) | {"records": records, "command": command, "dry_run": dry_run} | cost
    (folder / DATA).write_text(json.dumps(content, indent=1), encoding="utf-8")
    (folder / PAGE).write_text(page(result, content, pictures), encoding="utf-8")


def as_json(result: Retraining) -> dict:
    """All figures: for each test those of both models' cards, and how many pictures changed sides."""
    plain = ("mode", "champion", "challenger", "learned", "held_out", "misread", "synthetic", "agreement")
    return {name: getattr(result, name) for name in plain} | {
        "decision": asdict(result.decision),
        "tests": {
            reading.name: {
                "champion": reading.champion,
                "challenger": reading.challenger,
                "fixed": reading.paired.fixed,
                "broken": reading.paired.broken,
                "balanced_gain": reading.paired.balanced_gain,
                "p_worse_balanced": reading.paired.p_worse_balanced,
                "p_better": reading.paired.p_better,
                "p_worse": reading.paired.p_worse,
            }
            for reading in result.readings
        },
    }


def page(result: Retraining, content: dict, pictures: dict[str, list[str]]) -> str:
    """The whole page, Markdown. pictures: names of files, by the name of the test that they belong to."""
    decision = result.decision
    if decision.promoted and content["dry_run"]:
        verdict = f"The challenger {result.challenger} would replace {result.champion} (dry run: nothing changed)."
    elif decision.promoted:
        verdict = f"Version {result.challenger} serves now, instead of {result.champion}."
    else:
        verdict = f"Version {result.champion} goes on serving."
    parts = [
        f"# Retraining of `{result.mode}`: {'promoted' if decision.promoted else 'kept'}",
        verdict,
        "\n".join(f"- {reason}" for reason in decision.reasons),
        "## What it learned from",
        "\n".join(
            [
                "| | |",
                "| --- | ---: |",
                f"| records in the store | {content['records']:,} |",
                f"| drawings to learn from | {result.learned:,} |",
                f"| drawings held out, by their ids | {result.held_out:,} |",
                f"| of these misread by the champion | {result.misread:,} |",
                f"| synthetic digits | {result.synthetic:,} |",
            ]
        ),
    ]
    if result.held_out:
        fixed = FALL * result.misread / result.held_out
        parts.append(
            f"With so many held out, a challenger that truly makes {100 * FALL:.0f} % fewer mistakes and no new ones is"
            f" noticed with a probability of {power(result.held_out, fixed, 0):.2f} (McNemar's exact test,"
            f" one-sided, level {LEVEL})."
        )
    if result.readings:
        parts += ["## Before and after", before_and_after(result.readings)]
        parts.append(f"What serves answers as the trained model on {100 * result.agreement:.2f} % of the frozen tests.")
        for reading in result.readings:
            parts += [f"## {reading.name[0].upper()}{reading.name[1:]}", classes(reading, LABELS[result.mode])]
            parts += [f"![{name}]({name})" for name in pictures[reading.name]]
    parts += [
        "## How it was made",
        f"```sh\n{content['command']}\n```",
        f"{content['seconds']:,} s, at most {content['megabytes']:,} MB resident in one process.",
    ]
    return "\n\n".join(parts) + "\n"


def before_and_after(readings: list[Reading]) -> str:
    """A Markdown table: each test with both models' accuracy and calibration error, and what changed sides."""
    lines = [
        "| test | pictures | right: champion | challenger | calibration error: champion | challenger | fixed | broken |"
        " points in the mean over classes | p better | p worse |",
        "| --- |" + " ---: |" * 10,
    ]
    for reading in readings:
        old, new, paired = reading.champion, reading.challenger, reading.paired
        lines.append(
            f"| {reading.name} | {paired.n:,} | {100 * old['accuracy']:.2f} % | {100 * new['accuracy']:.2f} % |"
            f" {old['calibration_error']:.3f} | {new['calibration_error']:.3f} | {paired.fixed} | {paired.broken} |"
            f" {100 * paired.balanced_gain:+.2f} | {paired.p_better:.2g} | {paired.p_worse:.2g} |"
        )
    return "\n".join(lines)


def classes(reading: Reading, labels: str) -> str:
    """A Markdown table of the classes of which another number is read rightly than before."""
    lines = ["| class | pictures | right before | right after |", "| --- | ---: | ---: | ---: |"]
    for position, label in enumerate(labels):
        these = reading.truth == position
        before, after = (int(np.sum(found[these] == position)) for found in (reading.before, reading.after))
        if before != after:
            lines.append(f"| {label} | {int(these.sum())} | {before} | {after} |")
    return "\n".join(lines) if len(lines) > 2 else "No class changed."


def peak_megabytes() -> float:
    """The most memory that this process, or the largest that it started, held at once (Linux: kilobytes)."""
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return max(resource.getrusage(one).ru_maxrss for one in who) / 1000


def _pictures(result: Retraining, reading: Reading, folder: Path) -> list[str]:
    """The test's confusion matrices and, where there are any, the drawings that changed sides; their files' names."""
    stem = "".join(character if character.isalnum() else "-" for character in reading.name.lower())
    labels, names = LABELS[result.mode], [f"confusion-{stem}.png"]
    confusions(reading, labels).savefig(folder / names[0], dpi=100)
    if changed := _changed(result, reading, labels):
        names.append(f"changed-{stem}.png")
        sheet(changed).save(folder / names[-1])
    return names


def confusions(reading: Reading, labels: str) -> Figure:
    """Both models' confusion matrices, a row a true class, shades by the share of the row, on a square-root scale."""
    figure = Figure((14, 7.8), layout="constrained")
    for axes, side in zip(figure.subplots(1, 2), ("champion", "challenger"), strict=True):
        counts = np.array(getattr(reading, side)["confusion"])
        axes.imshow(np.sqrt(counts / np.maximum(counts.sum(1, keepdims=True), 1)), cmap="Blues", vmin=0, vmax=1)
        axes.set_title(f"{side}: {100 * getattr(reading, side)['accuracy']:.2f} % of {reading.name}")
        axes.set(xlabel="read as", ylabel="true", xticks=range(len(labels)), yticks=range(len(labels)))
        axes.set_xticklabels(labels, fontsize=7, family="monospace")
        axes.set_yticklabels(labels, fontsize=7, family="monospace")
        if len(labels) <= 10:
            for (row, column), count in np.ndenumerate(counts):
                if count:
                    shade = "white" if row == column else "black"
                    axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=shade)
    return figure


def _changed(result: Retraining, reading: Reading, labels: str) -> list[tuple[Image.Image, str]]:
    """What changed sides, the fixed first: as the models see it, with its label, and what was and is read."""
    right_before, right_after = reading.before == reading.truth, reading.after == reading.truth
    found = []
    for verdict, which in (("fixed", right_after & ~right_before), ("broken", right_before & ~right_after)):
        for number in np.flatnonzero(which):
            side = INK_SIZE * ENLARGED
            drawing = Image.fromarray(255 - reading.inputs[number]).resize((side, side), Image.Resampling.NEAREST)
            truth, before, after = (labels[array[number]] for array in (reading.truth, reading.before, reading.after))
            found.append((drawing, f"{verdict} {truth}: {before} → {after}"))
    return found
