"""A served model taught what people said, while it rehearses what it knew."""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from app.training.averaging import average
from app.training.batches import Batches
from app.training.datasets import LABELS, Corpus, Scans
from app.training.networks import adopt, build
from app.training.samples import Artist
from app.training.train import BATCH, STATISTICS, Seek, compiled

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
) -> keras.Model:
    """A model of float32, never compiled, that started from `origin` and learned from `more` and the data folder.

    Args:
        more: what to learn from besides the data folder, each set with its share of a batch.
        checkpoints: a folder for this run alone. A run that was cut off goes on from there; one that ended removes it.
    """
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    model = build(len(LABELS[mode]))
    adopt(model, origin)
    compiled(model, steps, RATE, WARM_UP)
    checkpoints.mkdir(parents=True, exist_ok=True)
    batches = Batches(corpus.folder, mode, seed=seed, size=BATCH, steps=EPOCH, shares=REHEARSAL[mode], more=more)
    try:
        model.fit(
            batches,
            epochs=-(-steps // EPOCH),
            callbacks=[keras.callbacks.BackupAndRestore(checkpoints), Seek(batches)],
        )
    finally:
        batches.close()
    keras.config.set_dtype_policy("float32")
    taught = build(len(LABELS[mode]))
    taught.set_weights(model.get_weights())
    artist = Artist(corpus.folder, mode, seed, REHEARSAL[mode], more)
    average(taught, origin, KEEP, [artist.batch(n, STATISTICS)[0][..., None] / np.float32(255) for n in range(8)])
    return taught
