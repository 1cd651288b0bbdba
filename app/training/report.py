"""The models' cards as a page to read.

python -m app.training.report
"""

import json
from pathlib import Path

from app.recognition import versions
from app.training.datasets import LABELS

ROOT = Path(__file__).parents[2]
TRAINED = ROOT / "app" / "recognition" / "trained"
COLUMNS = {
    "n": "pictures",
    "accuracy": "right",
    "merged": "look-alikes merged",
    "caseless": "case ignored",
    "class_mean": "mean over classes",
    "calibration_error": "calibration error",
}
PAIRS = 12

ABOUT = """# The models

Written by `python -m app.training.report` from the cards of the models that serve
(`app/recognition/trained/MODE/VERSION/card.json`).

*Drawings by unseen writers*: UNIPEN's characters by 225 writers none of whose drawings were trained on, drawn on a
canvas, *neat* (one size and pen) or *free* (28–85 % of the canvas, pen 6–24 pixels). *MNIST test* and *EMNIST ByClass,
held out*: scans. *Look-alikes merged*: the two cases of c i j k l m o p s u v w x y z count as one, as size, which
tells them apart on paper, means nothing on a canvas. *Calibration error*: by how much confidence misses the share that
is right (ECE, 15 bins)."""


def cards(models: Path = TRAINED) -> dict[str, dict]:
    """The card of each mode's model that serves."""
    files = {mode: versions.serving(models, mode) / "card.json" for mode in LABELS}
    return {mode: json.loads(file.read_text(encoding="utf-8")) for mode, file in files.items()}


def figure(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if name == "n" else f"{value:.3f}" if name == "calibration_error" else f"{100 * value:.2f} %"


def table(card: dict) -> str:
    """A card's tests as a Markdown table."""
    used = {name: title for name, title in COLUMNS.items() if any(name in test for test in card["tests"].values())}
    rows = [
        f"| {test} | " + " | ".join(figure(name, measured.get(name)) for name in used) + " |"
        for test, measured in card["tests"].items()
    ]
    return "\n".join([f"| test | {' | '.join(used.values())} |", "| --- |" + " ---: |" * len(used), *rows])


def most_confused(card: dict, test: str) -> str:
    """The pairs that a test's confusion matrix shows most often, each with its count."""
    confusion, labels = card["tests"][test]["confusion"], card["labels"]
    pairs = [
        (count, labels[true], labels[read])
        for true, row in enumerate(confusion)
        for read, count in enumerate(row)
        if true != read and count
    ]
    return ", ".join(f"{true} read as {read} {count}" for count, true, read in sorted(pairs, reverse=True)[:PAIRS])


def page(cards: dict[str, dict]) -> str:
    """The whole page, Markdown."""
    parts = [ABOUT]
    for mode, card in cards.items():
        drawn_freely = next(test for test in card["tests"] if test.endswith("free"))
        parts += [
            f"## {mode}",
            f"Version {card['version']}, {len(card['labels'])} classes, {card['weights']:,} weights, "
            f"temperature {card['temperature']}. Made by\n\n```sh\n{card['command']}\n```",
            table(card),
            f"Most often confused, {drawn_freely}: {most_confused(card, drawn_freely)}.",
        ]
    terms = "\n".join(
        f"- {data['name']}: {data['authors']}; {data['terms']}; {data['source']}" for data in card["data"]
    )
    return "\n\n".join([*parts, "## Data and its terms", terms]) + "\n"


def summary(cards: dict[str, dict]) -> str:
    """What the README says of the models: for each, how much of each test it reads, Markdown."""
    tests = list(cards["any"]["tests"])
    rows = []
    for mode, card in cards.items():
        for name, title in (("accuracy", f"{len(card['labels'])} classes"), ("caseless", "case ignored")):
            cells = [figure(name, card["tests"].get(test, {}).get(name)) for test in tests]
            if any(cells):  # digits have no case
                rows.append(f"| `{mode}`, {title} | {' | '.join(cell or '–' for cell in cells)} |")
    return "\n".join([f"| | {' | '.join(tests)} |", "| --- |" + " ---: |" * len(tests), *rows])


def with_summary(readme: str, cards: dict[str, dict]) -> str:
    """The README's text with the models' figures of the day between its marks."""
    before, rest = readme.split("<!-- figures -->", 1)
    _, after = rest.split("<!-- /figures -->", 1)
    return f"{before}<!-- figures -->\n\n{summary(cards)}\n\n<!-- /figures -->{after}"


def main() -> None:
    found, readme = cards(), ROOT / "README.md"
    (ROOT / "doc" / "models.md").write_text(page(found), encoding="utf-8")
    readme.write_text(with_summary(readme.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main()
