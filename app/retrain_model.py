"""Retrain a mode's model on what people said, and let it serve if it is better.

python -m app.retrain_model digit
python -m app.retrain_model digit --dry-run --seed 2
TF_CONFIG=… python -m app.retrain_model digit --distribute

Reads the store that FEEDBACK_URL names and fine-tunes the model that serves, with rotated MNIST and a rehearsal of the
data folder (DATA_DIR, else downloads). Champion and challenger read the same frozen tests, and app/training/gate.py
decides. A report is written either way. A run that was cut off goes on where it was.

Exit status: 0 promoted (with --dry-run: would be), 3 the champion stays, 1 could not be done, 2 was not asked for
rightly. Of those who train together the chief alone reports; the others end with 0 when their part is done.
"""

import argparse
import os
import shlex
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from app import settings
from app.feedback.store import StoreUnavailable, open_store
from app.recognition import versions
from app.recognition.recognizer import MODES
from app.recognition.versions import ModelError
from app.training.promote import PromotionError, models_folder, promote

PROMOTED, FAILED, NOT_ASKED_RIGHTLY, KEPT = 0, 1, 2, 3
ROOT = Path(__file__).parent.parent
STEPS = 300  # batches


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except settings.SettingError as error:
        print(f"python -m app.retrain_model: {error}", file=sys.stderr)
        return NOT_ASKED_RIGHTLY
    except (StoreUnavailable, ModelError, PromotionError, OSError) as error:
        print(f"python -m app.retrain_model: {error}", file=sys.stderr)
        return FAILED


def _run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    models = options.models or models_folder()
    champion = versions.serving(models, options.mode)
    with closing(open_store(settings.read(os.environ)["FEEDBACK_URL"])) as store:
        records = list(store.read())
    # They load TensorFlow, which takes seconds: not before the command is known to make sense.
    from app.training import retraining, retraining_report
    from app.training.datasets import Corpus, data_folder
    from app.training.distribution import ALONE, ClusterError, join

    try:
        workers = join(retraining.BATCH) if options.distribute else ALONE
    except ClusterError as error:
        raise settings.SettingError(f"--distribute: {error}") from error
    command = "python -m app.retrain_model " + shlex.join(sys.argv[1:])
    with tempfile.TemporaryDirectory() as candidate:
        result = retraining.retrain(
            options.mode,
            champion,
            records,
            Corpus(data_folder()),
            seed=options.seed,
            steps=options.steps,
            precision=options.precision,
            out=Path(candidate),
            checkpoints=options.checkpoints,
            command=command,
            workers=workers,
        )
        if not workers.chief:
            return PROMOTED
        if result.decision.promoted and not options.dry_run:
            promote(Path(candidate), models, options.mode, instead_of=result.champion)
    folder = options.report or report_folder(options.mode, datetime.now(UTC))
    retraining_report.write(
        result, folder, command=command, seconds=time.monotonic() - began, dry_run=options.dry_run, records=len(records)
    )
    print(*result.decision.reasons, f"The report is {folder / retraining_report.PAGE}", sep="\n")
    return PROMOTED if result.decision.promoted else KEPT


def report_folder(mode: str, time: datetime) -> Path:
    """Where the report on a retraining goes. Raises SettingError."""
    return ROOT / settings.read(os.environ)["REPORTS_DIR"] / f"{mode}-{time:%Y%m%d-%H%M%S}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app.retrain_model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--dry-run", action="store_true", help="do everything, but let nothing new serve")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=STEPS, help="batches to learn from (default %(default)s)")
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        default="float32",
        help="mixed_bfloat16 takes a quarter off a step where the processor knows it (default %(default)s)",
    )
    parser.add_argument(
        "--distribute", action="store_true", help="train with the other workers that the variable TF_CONFIG names"
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="the folder of models (default: setting MODELS_DIR)")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="where the report goes (default: setting REPORTS_DIR, then MODE-TIME)",
    )
    parser.add_argument(
        "--checkpoints", type=Path, metavar="DIR", default=Path("checkpoints"), help="default: %(default)s"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
