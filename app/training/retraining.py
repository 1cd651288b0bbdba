"""Champion against challenger: a model that serves, taught what people said, measured beside its old self."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from app.feedback.store import SYNTHETIC, Feedback
from app.recognition.recognizer import Model
from app.training.corrections import Corrections, corrections
from app.training.datasets import LABELS, TEST, TRAIN, Corpus, Scans
from app.training.distribution import ALONE, Workers
from app.training.dummy_data import rotated
from app.training.evaluate import figures, merged, tests
from app.training.fine_tuning import fine_tune
from app.training.gate import FEWEST, Decision, Paired, decide
from app.training.publish import publish
from app.training.samples import positions
from app.training.train import BATCH

HELD_OUT = "feedback held out"
FEEDBACK_SHARE, SYNTHETIC_SHARE = 0.25, 0.05  # of a batch; the rest rehearses what the model knew
MOST_REPEATED = 60  # times that a drawing may come; few drawings take a smaller share
SYNTHETIC_COUNT = 2000  # rotated digits, where the store has none
AGREEMENT = 0.995  # of LiteRT's answers with Keras' on every frozen test together

# Tests in which look-alikes count as one letter: on these forms a letter's size told its case, and models see no size.
CASELESS = ("EMNIST ByClass, held out",)

Test = tuple[str, np.ndarray, np.ndarray]  # name, inputs (n, 28, 28) uint8, labels (n,) as positions in ALL


@dataclass(frozen=True)
class Reading:
    """One test, read by both models. truth, before, after: (n,) positions among the mode's labels. champion,
    challenger: the figures of each. paired: what the gate counts.
    """

    name: str
    inputs: np.ndarray
    truth: np.ndarray
    before: np.ndarray
    after: np.ndarray
    champion: dict
    challenger: dict
    paired: Paired


@dataclass
class Retraining:
    """What came of one. Without readings the challenger was never trained; the decision says why."""

    mode: str
    champion: str
    learned: int
    held_out: int
    misread: int
    synthetic: int
    decision: Decision
    challenger: str | None = None
    agreement: float | None = None
    readings: list[Reading] = field(default_factory=list)


def retrain(
    mode: str,
    champion: Path,
    records: Sequence[Feedback],
    corpus: Corpus,
    *,
    seed: int,
    steps: int,
    precision: str,
    out: Path,
    checkpoints: Path,
    command: str,
    workers: Workers = ALONE,
) -> Retraining:
    """Teach the model in the folder `champion` what `records` say, leave the result in `out`, and judge it.

    checkpoints: a folder in which runs that were cut off are found again; only the same run goes on there.
    workers: with whom to train; those but the chief do nothing else.
    """
    people = corrections((record for record in records if record.browser != SYNTHETIC), mode)
    made = synthetic(records, corpus, mode, seed)
    old = Model(champion, mode)
    learned, held_out = people.of(TRAIN), people.of(TEST)
    feedback = HELD_OUT, people.inks[held_out], people.scans.labels[held_out]
    misread = int((read(old, feedback[1]) != positions(mode)[feedback[2]]).sum())
    result = Retraining(
        mode,
        old.version,
        len(learned),
        len(held_out),
        misread,
        len(made.labels) if made else 0,
        Decision(False),
    )
    if misread < FEWEST:
        reason = (
            f"Too little to learn from: of {len(held_out)} drawings held out the champion misreads {misread}, and below"
            f" {FEWEST} nothing could show that a challenger is better."
        )
        result.decision = Decision(False, [reason])
        return result
    more = {"feedback": (people.scans, min(FEEDBACK_SHARE, len(learned) * MOST_REPEATED / (steps * BATCH)))}
    if made:
        more["synthetic"] = made, SYNTHETIC_SHARE
    origin = keras.saving.load_model(champion / "model.keras", compile=False)
    run = checkpoints / run_name(mode, old.version, people, seed, steps, precision)
    taught = fine_tune(
        origin, corpus, mode, more, seed=seed, steps=steps, precision=precision, checkpoints=run, workers=workers
    )
    if not workers.chief:
        return result
    base = list(tests(corpus, mode))
    publish(taught, corpus, mode, out, command=command, on=base, started_from=old.version)
    new = Model(out, mode)
    result.challenger = new.version
    result.readings = [compare(old, new, test, mode) for test in (feedback, *base)]
    held, *frozen = result.readings
    result.agreement = agreement(taught, frozen)
    result.decision = decide(held.paired, {reading.name: reading.paired for reading in frozen})
    if result.agreement < AGREEMENT:
        reason = (
            f"What would serve answers as the trained model on {100 * result.agreement:.2f} % of the frozen tests,"
            f" below {100 * AGREEMENT:.1f} %."
        )
        result.decision = Decision(False, [*result.decision.reasons, reason])
    return result


def synthetic(records: Iterable[Feedback], corpus: Corpus, mode: str, seed: int) -> Scans | None:
    """The store's synthetic digits, else as many rotated ones made now; None where the mode has no digits."""
    if mode == "character":
        return None
    kept = corrections((record for record in records if record.browser == SYNTHETIC), mode)
    if kept.records:
        return kept.scans
    images, labels = rotated(corpus, SYNTHETIC_COUNT, seed)
    return Scans(images, labels, labels, np.full(len(labels), TRAIN))


def read(model: Model, inputs: np.ndarray) -> np.ndarray:
    """What a model reads in inputs (n, 28, 28) uint8: (n,) positions among its labels."""
    return model.predict(inputs / np.float32(255)).argmax(1) if len(inputs) else np.zeros(0, int)


def compare(champion: Model, challenger: Model, test: Test, mode: str) -> Reading:
    name, inputs, labels = test
    truth = positions(mode)[labels]
    before, after = (model.predict(inputs / np.float32(255)) for model in (champion, challenger))
    kinds = np.arange(len(LABELS[mode]))
    if name in CASELESS:
        shapes = [merged(label) for label in LABELS[mode]]
        kinds = np.array([shapes.index(shape) for shape in shapes])
    right = (kinds[found.argmax(1)] == kinds[truth] for found in (before, after))
    measured = (figures(found, labels, mode) for found in (before, after))
    return Reading(name, inputs, truth, before.argmax(1), after.argmax(1), *measured, Paired.of(*right, kinds[truth]))


def agreement(trained: keras.Model, frozen: Sequence[Reading]) -> float:
    """The share of all tests' pictures for which the challenger, as it would serve, answers as what was trained."""
    inputs, served = (np.concatenate(parts) for parts in zip(*((one.inputs, one.after) for one in frozen), strict=True))
    logits = trained.predict(inputs[..., None] / np.float32(255), batch_size=BATCH, verbose=0)
    return float(np.mean(logits.argmax(1) == served))


def run_name(mode: str, champion: str, people: Corrections, *settings: object) -> str:
    """Where a run is found again: another for other feedback, another champion, or other settings."""
    text = repr((champion, sorted((record.id, record.label) for record in people.records), settings))
    return f"retrain-{mode}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
