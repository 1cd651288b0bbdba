"""Does feedback make the models better? From the drawing to the model that serves, over HTTP, on real handwriting.

DATA_DIR=... python -m benchmarks.loop character

Takes the writers whose style the shipped model reads worst, posts half of their drawings with their labels to a running
server, retrains, and asks the server for the other half before and after. The writers are taken out of the data that
retraining rehearses. Then the same with one label in ten wrong, with all labels shuffled, which the gate must refuse,
and with the quarantine on and nobody who looks after it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import requests
from PIL import Image
from tqdm import tqdm

from app.recognition.recognizer import load_serving
from app.retrain_model import KEPT, PROMOTED
from app.training.datasets import ALL, LABELS, TEST, Corpus, data_folder
from app.training.report import TRAINED
from benchmarks.drawings import by_hand, draw, free
from benchmarks.servers import ROOT, Server
from benchmarks.writers import data_without, drawings_of, label_of, worst_read
from tests.drawings import data_url

WRITERS = 10
NO_QUARANTINE = {"QUARANTINE_PERCENT": "101"}
VARIANTS = {  # share of wrong labels, None: all shuffled; and settings of the server
    "true labels": (0.0, NO_QUARANTINE),
    "one label in ten wrong": (0.1, NO_QUARANTINE),
    "all labels shuffled": (None, NO_QUARANTINE),
    "true labels, quarantined ones never accepted": (0.0, {}),
}
PICKED_UP_WITHIN = 30  # seconds


@dataclass(frozen=True)
class Question:
    """A picture as a data URL, what it shows, and who drew it ("" for none of the writers)."""

    label: str
    image: str
    writer: str = ""


@dataclass(frozen=True)
class Score:
    """How many of a test's pictures are misread over HTTP."""

    n: int
    errors: int

    def __str__(self) -> str:
        return f"{100 * self.errors / self.n:.2f} %"


def pictures(corpus: Corpus, members: Sequence[int], rng: np.random.Generator | None) -> list[Question]:
    """Drawings of the corpus as a canvas makes them, neatly, or with a generator freely."""
    strokes = corpus.unipen
    return [
        Question(
            label_of(corpus, i),
            data_url(draw(strokes.strokes(i), **(free(rng) if rng else {}))),
            f"writer {strokes.writers[i]}",
        )
        for i in tqdm(members, desc="drawing", leave=False)
    ]


def base_tests(corpus: Corpus, mode: str, per_class: int) -> dict[str, list[Question]]:
    """What must not get worse: drawings by writers who measure, both styles, and MNIST's test."""
    strokes, rng = corpus.unipen, np.random.default_rng(1)
    measuring = np.flatnonzero(strokes.splits == TEST)
    members = [
        member
        for label in LABELS[mode]
        for member in rng.permutation(measuring[strokes.labels[measuring] == ALL.index(label)])[:per_class]
    ]
    tests = {"unseen writers, neat": pictures(corpus, members, None)}
    tests["unseen writers, free"] = pictures(corpus, members, rng)
    if mode != "character":
        scans = np.flatnonzero(corpus.mnist.splits == TEST)
        tests["MNIST test"] = [
            Question(ALL[corpus.mnist.labels[i]], data_url(Image.fromarray(corpus.mnist.images[i]))) for i in scans
        ]
    return tests


class Site:
    """The app as it runs, with a folder of models and a store of its own."""

    def __init__(self, folder: Path, mode: str, settings: dict[str, str]):
        self.mode, self.models = mode, folder / "models"
        shutil.copytree(TRAINED, self.models)
        self.environment = {
            "MODELS_DIR": str(self.models),
            "FEEDBACK_URL": f"sqlite:///{folder}/feedback.db",
            "FEEDBACK_RATE": "100000 per second",
        } | settings
        self.session = requests.Session()

    def ask(self, port: int, question: Question) -> dict:
        answer = self.session.post(
            f"http://127.0.0.1:{port}/api/predict", json={"image": question.image, "mode": self.mode}
        )
        answer.raise_for_status()
        return answer.json()

    def score(self, port: int, questions: list[Question], name: str) -> Score:
        asked = tqdm(questions, desc=name, leave=False)
        return Score(len(questions), sum(self.ask(port, one)["prediction"] != one.label for one in asked))

    def tell(self, port: int, question: Question, label: str) -> None:
        """Post the drawing as the page does once its person said what it is."""
        answer = self.ask(port, question)
        record = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, question.image)),  # so that the split is always the same
            "image": question.image,
            "mode": self.mode,
            "prediction": answer["prediction"],
            "confidence": answer["confidence"],
            "label": label,
            "model_version": answer["model"]["version"],
            "consent": True,
            "browser": str(uuid.uuid5(uuid.NAMESPACE_URL, question.writer)),
        }
        self.session.post(f"http://127.0.0.1:{port}/api/feedback", json=record).raise_for_status()

    def version(self, port: int) -> str:
        return self.session.get(f"http://127.0.0.1:{port}/api/model").json()[self.mode]["version"]


def said(questions: list[Question], wrong: float | None, mode: str, rng: np.random.Generator) -> list[str]:
    """The labels that are posted: a share of them another of the mode's, or (None) all shuffled."""
    labels = [question.label for question in questions]
    if wrong is None:
        return [labels[i] for i in rng.permutation(len(labels))]
    others = [rng.choice([other for other in LABELS[mode] if other != label]) for label in labels]
    return [other if rng.random() < wrong else label for label, other in zip(labels, others, strict=True)]


def variant(name: str, mode: str, teach: list[Question], tests: dict[str, list[Question]], data: Path, options) -> dict:
    """One whole turn of the loop."""
    wrong, settings = VARIANTS[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        site = Site(folder, mode, settings)
        with Server("main:app", site.environment) as server:
            server.first_answer(by_hand(1, np.random.default_rng(1))[0], expected=None)
            before = {test: site.score(server.port, questions, test) for test, questions in tests.items()}
            labels = said(teach, wrong, mode, np.random.default_rng(2))
            for question, label in zip(tqdm(teach, desc="posting", leave=False), labels, strict=True):
                site.tell(server.port, question, label)
            old = site.version(server.port)
            command = [sys.executable, "-m", "app.retrain_model", mode, "--report", str(folder / "report")]
            command += ["--checkpoints", str(folder / "checkpoints"), "--precision", options.precision]
            environment = os.environ | site.environment | {"DATA_DIR": str(data)}
            status = subprocess.run(command, cwd=ROOT, env=environment).returncode
            if status not in (PROMOTED, KEPT):
                raise RuntimeError(f"{' '.join(command)} ended with status {status}")
            until = time.monotonic() + PICKED_UP_WITHIN
            while status == PROMOTED and site.version(server.port) == old:
                if time.monotonic() > until:
                    raise RuntimeError("The server did not pick the promoted model up.")
                time.sleep(0.2)
            after = {test: site.score(server.port, questions, test) for test, questions in tests.items()}
        report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
        if options.keep:
            shutil.copytree(folder, options.keep / name.replace(" ", "-").replace(",", ""), dirs_exist_ok=True)
    return {"name": name, "promoted": status == PROMOTED, "before": before, "after": after, "report": report}


def table(results: list[dict]) -> str:
    """The variants in Markdown, a line each."""
    tests = list(results[0]["before"])
    lines = [
        "| | learned from / held out | the gate | errors on the other half | "
        + " | ".join(tests[1:])
        + " | retraining |",
        "| --- | ---: | --- | ---: |" + " ---: |" * len(tests),
    ]
    for result in results:
        before, after, report = result["before"], result["after"], result["report"]
        own = tests[0]
        change = f"{before[own].errors} → {after[own].errors} of {before[own].n:,}"
        change += f" ({100 * (after[own].errors / before[own].errors - 1):+.0f} %)"
        base = " | ".join(f"{before[test]} → {after[test]}" for test in tests[1:])
        held = report["tests"].get("feedback held out")
        verdict = "promoted" if result["promoted"] else "refused"
        if held:
            verdict += f" ({held['fixed']} fixed, {held['broken']} broken)"
        lines.append(
            f"| {result['name']} | {report['learned']:,} / {report['held_out']:,} | {verdict} | {change} | {base} |"
            f" {report['seconds']:.0f} s, {report['megabytes']:,} MB |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=LABELS)
    parser.add_argument("--writers", type=int, default=WRITERS)
    parser.add_argument("--per-class", type=int, default=20, help="drawings of the writers who measure")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--precision", default="float32", help="as app.retrain_model takes it")
    parser.add_argument("--keep", type=Path, help="where models, stores and reports are to stay")
    options = parser.parse_args()
    corpus = Corpus(data_folder())
    writers = worst_read(corpus, load_serving(TRAINED, options.mode), options.mode, options.writers)
    members = np.random.default_rng(3).permutation(drawings_of(corpus, writers, options.mode))
    teach, other = (pictures(corpus, half, np.random.default_rng(4)) for half in (members[::2], members[1::2]))
    tests = {"the other half": other} | base_tests(corpus, options.mode, options.per_class)
    with tempfile.TemporaryDirectory() as temporary:
        data = data_without(corpus.folder, writers, Path(temporary) / "data")
        results = []
        for name in options.variants:
            results.append(variant(name, options.mode, teach, tests, data, options))
            print(f"\n{len(writers)} writers, {len(teach):,} drawings posted\n\n{table(results)}", flush=True)


if __name__ == "__main__":
    main()
