"""Train one mode's model, convert it, measure it, write its card, and let it serve.

python -m app.training.train digit --start digit --steps 6000 --rate 1.5e-3 --keep 0.4
python -m app.training.train any --start digit --steps 6000
TF_CONFIG=… python -m app.training.train any --distribute
"""

import argparse
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from app.recognition import versions
from app.recognition.recognizer import MODES
from app.recognition.versions import ModelError
from app.training.averaging import averaged
from app.training.batches import Batches
from app.training.datasets import LABELS, VALIDATION, Corpus, data_folder
from app.training.distribution import ALONE, AdamW, ClusterError, Workers, join
from app.training.evaluate import pictures
from app.training.networks import accuracy, adopt, build, either_label_loss
from app.training.promote import promote
from app.training.publish import publish
from app.training.report import TRAINED
from app.training.samples import SHARES, Artist, one_or_two_hot

BATCH = 256
EPOCH = 500  # batches between two looks at the validation split
RATE, WEIGHT_DECAY = 2e-3, 2e-2
WARM_UP = 200  # batches
PATIENCE = 8  # epochs without a better validation loss


def validation_set(corpus: Corpus, mode: str) -> tuple[np.ndarray, np.ndarray]:
    """The split that chooses: inputs (n, 28, 28, 1) float32 and targets (n, classes), drawings drawn freely."""
    parts = [
        pictures(getattr(corpus, name), VALIDATION, mode, "free") for name in SHARES[mode] if name != "emnist_merged"
    ]
    inputs, labels, alternatives = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return inputs[..., None].astype(np.float32) / 255, one_or_two_hot(labels, alternatives, mode)


def compiled(
    model: keras.Model, steps: int, rate: float, warm_up: int = WARM_UP, workers: Workers = ALONE
) -> keras.Model:
    """The model ready to fit for `steps` batches, of which the first `warm_up` lead to the highest learning rate."""
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 20, max(steps - warm_up, 1), alpha=1e-3, warmup_target=rate, warmup_steps=warm_up
    )
    optimizer = AdamW(workers, schedule, weight_decay=WEIGHT_DECAY, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer, loss=either_label_loss, metrics=[accuracy], jit_compile=False)
    return model


class Seek(keras.callbacks.Callback):
    """Draw the batch that comes next, also when the run was resumed."""

    def __init__(self, batches: Batches):
        super().__init__()
        self.batches = batches

    def on_train_begin(self, logs=None):
        self.batches.seek(int(self.model.optimizer.iterations))


def fit(
    model: keras.Model,
    batches: Batches,
    *,
    steps: int,
    checkpoints: Path,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    workers: Workers = ALONE,
) -> None:
    """Train a compiled model for `steps` batches, or until it stops getting better on `validation`; closes `batches`.

    A run that was cut off goes on from its last epoch when it is started again with the same `checkpoints` folder.
    """
    callbacks = [*workers.callbacks(checkpoints), Seek(batches)]
    if validation:
        validation = tuple(array[workers.index :: workers.count] for array in validation)
        callbacks.append(keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True))
    try:
        model.fit(
            batches,
            epochs=-(-steps // len(batches)),
            verbose="auto" if workers.chief else 0,
            validation_data=validation,
            validation_batch_size=1024,
            callbacks=callbacks,
        )
    finally:
        batches.close()


def train(
    mode: str,
    *,
    steps: int,
    rate: float,
    seed: int,
    precision: str,
    start: Path | None,
    keep: float,
    out: Path,
    checkpoints: Path,
    workers: Workers = ALONE,
) -> None:
    """Train, convert, measure, and promote the result in `out`, a folder of models; workers but the chief only train.

    Raises PromotionError where it must not serve; it then stays in the temporary folder that is printed.
    """
    keras.utils.set_random_seed(workers.seed(seed))
    corpus = Corpus(data_folder())
    keras.config.set_dtype_policy(precision)
    model = build(len(LABELS[mode]))
    origin = keras.saving.load_model(start, compile=False) if start else None
    if origin:
        print(f"{adopt(model, origin)} layers taken over from {start}")
    compiled(model, steps, rate, workers=workers)
    validation = validation_set(corpus, mode)
    batches = Batches(corpus.folder, mode, seed=workers.seed(seed), size=workers.share(BATCH), steps=EPOCH)
    fit(model, batches, steps=steps, checkpoints=checkpoints, validation=validation, workers=workers)
    if not workers.chief:
        return
    trained = averaged(model, origin, keep, Artist(corpus.folder, mode, seed))
    candidate = Path(tempfile.mkdtemp(prefix=f"inkloop-{mode}-"))
    publish(trained, corpus, mode, candidate, command="python -m app.training.train " + shlex.join(sys.argv[1:]))
    print(f"{mode}: trained, in {candidate}", flush=True)
    print(f"{mode}: version {promote(candidate, out, mode)} serves, in {out}")
    shutil.rmtree(candidate)


def _start(named: str | None, models: Path) -> Path | None:
    """The model.keras that `--start` means. Raises ModelError where no version of a mode serves."""
    if named in MODES:
        return versions.serving(models, named) / "model.keras"
    return Path(named) if named else None


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("mode", choices=LABELS)
    arguments.add_argument("--steps", type=int, default=4000, help=f"batches of {BATCH} pictures (default %(default)s)")
    arguments.add_argument("--rate", type=float, default=RATE, help="highest learning rate (default %(default)s)")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        default="float32",
        help="mixed_bfloat16 takes a quarter off a step where the processor knows it (default %(default)s)",
    )
    arguments.add_argument(
        "--start", help="a mode, also another one, from whose model that serves in --out to start, or a model.keras"
    )
    arguments.add_argument(
        "--keep", type=float, default=0, help="share of the start's weights in the result, where its mode is the same"
    )
    arguments.add_argument("--out", type=Path, default=TRAINED, help="folder of models (default: the shipped one)")
    arguments.add_argument("--checkpoints", type=Path, help="default: checkpoints/MODE")
    arguments.add_argument(
        "--distribute", action="store_true", help="train with the other workers that the variable TF_CONFIG names"
    )
    options = arguments.parse_args()
    if options.keep and not options.start:
        arguments.error("--keep needs the --start whose weights to keep")
    try:
        start = _start(options.start, options.out)
    except ModelError as error:
        arguments.error(f"--start: {error}")
    try:
        workers = join(BATCH) if options.distribute else ALONE
    except ClusterError as error:
        arguments.error(f"--distribute: {error}")
    train(
        options.mode,
        steps=options.steps,
        rate=options.rate,
        seed=options.seed,
        precision=options.precision,
        start=start,
        keep=options.keep,
        out=options.out,
        checkpoints=options.checkpoints or Path("checkpoints") / options.mode,
        workers=workers,
    )


if __name__ == "__main__":
    main()
