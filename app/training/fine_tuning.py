"""A served model taught what people said, while it rehearses what it knew."""

from collections.abc import Mapping
from pathlib import Path

import keras

from app.training.averaging import averaged
from app.training.batches import Batches
from app.training.datasets import LABELS, Corpus, Scans
from app.training.distribution import ALONE, Workers
from app.training.networks import adopt, build
from app.training.samples import Artist
from app.training.train import BATCH, compiled, fit

RATE = 1e-3
EPOCH = 25  # batches between two checkpoints
WARM_UP = 50  # batches
KEEP = 0.5  # share of the served weights in the result
# What is rehearsed: feedback is drawn with pens, so scans are what would be forgotten first.
REHEARSAL = {
    "digit": {"unipen": 0.30, "mnist": 0.50, "emnist": 0.10, "emnist_merged": 0.10},
    "character": {"unipen": 0.50, "emnist": 0.35, "emnist_merged": 0.15},
    "any": {"unipen": 0.45, "mnist": 0.15, "emnist": 0.25, "emnist_merged": 0.15},
}


def fine_tune(
    origin: keras.Model,
    corpus: Corpus,
    mode: str,
    more: Mapping[str, tuple[Scans, float]],
    *,
    seed: int,
    steps: int,
    precision: str,
    checkpoints: Path,
    workers: Workers = ALONE,
) -> keras.Model:
    """A model of float32, never compiled, that started from `origin` and learned from `more` and the data folder.

    Args:
        more: what to learn from besides the data folder, each set with its share of a batch.
        checkpoints: a folder for this run alone. A run that was cut off goes on from there; one that ended removes it.
    """
    keras.utils.set_random_seed(workers.seed(seed))
    keras.config.set_dtype_policy(precision)
    model = build(len(LABELS[mode]))
    adopt(model, origin)
    compiled(model, steps, RATE, WARM_UP, workers)
    batches = Batches(
        corpus.folder,
        mode,
        seed=workers.seed(seed),
        size=workers.share(BATCH),
        steps=EPOCH,
        shares=REHEARSAL[mode],
        more=more,
    )
    fit(model, batches, steps=steps, checkpoints=checkpoints, workers=workers)
    return averaged(model, origin, KEEP, Artist(corpus.folder, mode, seed, REHEARSAL[mode], more))
