"""Train the usual app's networks: digits on MNIST, letters on EMNIST.

    DATA_DIR=... python -m benchmarks.usual_training

They are left where the usual app looks for them (benchmarks/cache.py).
"""

import argparse

import keras
import numpy as np

from app.training.datasets import TEST, TRAIN, Corpus, data_folder
from app.training.networks import accuracy, either_label_loss
from app.training.samples import one_or_two_hot, positions
from benchmarks.cache import usual_model
from benchmarks.usual_network import LABELS, build

SETS = {"digit": ("mnist",), "character": ("emnist", "emnist_merged")}
EPOCHS = {"digit": 8, "character": 10}
BATCH = 128
RATE = 1e-3


def examples(corpus: Corpus, mode: str, split: int) -> tuple[np.ndarray, np.ndarray]:
    """The scans of a split as they are: inputs (n, 28, 28, 1) float32 and targets (n, classes)."""
    inputs, targets = [], []
    for name in SETS[mode]:
        if (scans := getattr(corpus, name)) is None:
            continue
        members = np.flatnonzero((scans.splits == split) & (positions(mode)[scans.labels] >= 0))
        inputs.append(scans.images[members, ..., None].astype(np.float32) / 255)
        # A letter whose case is not known teaches its shape: left out, half of the letters would be rare.
        targets.append(one_or_two_hot(scans.labels[members], scans.alternatives[members], mode))
    return np.concatenate(inputs), np.concatenate(targets)


def train(mode: str, corpus: Corpus, *, epochs: int, pictures: int | None) -> None:
    """Train on the first `pictures` scans (None: all), say how well the network reads held-out ones, and save it."""
    keras.utils.set_random_seed(1)
    inputs, targets = (array[:pictures] for array in examples(corpus, mode, TRAIN))
    model = build(len(LABELS[mode]))
    logits = keras.Model(model.inputs, model.get_layer("logits").output)
    schedule = keras.optimizers.schedules.CosineDecay(RATE, epochs * -(-len(inputs) // BATCH))
    logits.compile(keras.optimizers.Adam(schedule), loss=either_label_loss, metrics=[accuracy])
    logits.fit(inputs, targets, batch_size=BATCH, epochs=epochs, verbose=2)
    _, share = logits.evaluate(*examples(corpus, mode, TEST), batch_size=512, verbose=0)
    print(f"{mode}: {share:.4f} of the held-out scans read rightly")
    usual_model(mode).parent.mkdir(parents=True, exist_ok=True)
    model.save(usual_model(mode))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("mode", nargs="?", choices=SETS, help="digit, character or both (default)")
    arguments.add_argument("--epochs", type=int, help=f"passes over the scans (default {EPOCHS})")
    arguments.add_argument("--pictures", type=int, help="learn from the first so many scans alone, to try this out")
    options = arguments.parse_args()
    corpus = Corpus(data_folder())
    for mode in [options.mode] if options.mode else SETS:
        train(mode, corpus, epochs=options.epochs or EPOCHS[mode], pictures=options.pictures)


if __name__ == "__main__":
    main()
