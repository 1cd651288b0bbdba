"""Which version of each mode's model serves: make it another one, or the one before.

python -m app.training.promote --list
python -m app.training.promote --rollback digit

A running server picks the change up within about a second. What does not load is refused, and a crash at any moment
leaves a version that serves.
"""

import argparse
import filecmp
import json
import os
import sys
import zipfile
from pathlib import Path

from app import settings
from app.recognition import versions
from app.recognition.recognizer import MODES, Model
from app.recognition.versions import ModelError
from app.training import durable

ROOT = Path(__file__).parents[2]
FILES = ("model.tflite", "model.keras", "card.json")
SHOWN = ("drawings by unseen writers, free", "EMNIST ByClass, held out")  # tests on every card


class PromotionError(RuntimeError):
    """A version that cannot be made to serve. What served before still does."""


def models_folder() -> Path:
    """The folder of models that the setting MODELS_DIR names. Raises SettingError."""
    return ROOT / settings.read(os.environ)["MODELS_DIR"]


def promote(candidate: Path, models: Path, mode: str, *, instead_of: str | None = None) -> str:
    """Let a trained model serve: copy it to its version's folder, then name that in `current`, all or nothing.

    Promotions of a mode wait for one another. One that was cut off may be made again.

    Args:
        candidate: a folder with model.tflite, model.keras and card.json; it stays.
        models: the folder of models; app.recognition.versions says what is in it. Made where it is missing.
        instead_of: refuse where another version than this one serves by now.

    Returns the version. Raises PromotionError, and OSError where the disk fails.
    """
    version = _checked(candidate, mode)
    (models / mode).mkdir(parents=True, exist_ok=True)
    durable.sync(models)
    with durable.only_one_at_a_time(models / mode):
        names = _history(models, mode) if (models / mode / versions.CURRENT).exists() else []
        serves = names[0] if names else "none"
        if instead_of not in (None, serves):
            raise PromotionError(f"{candidate} was to replace version {instead_of}. Received: {serves} serves by now.")
        folder = models / mode / version
        if not folder.exists():
            durable.copy(candidate, FILES, folder)
        elif version in names or not _same_files(candidate, folder):  # else: cut off before, or rolled back
            raise PromotionError(f"{folder} is there already, so {candidate} needs a version of its own.")
        _serve(models, mode, [version, *(name for name in names if name != version)])
    return version


def roll_back(models: Path, mode: str) -> str:
    """Let the version serve that was replaced last; the one that serves now stays on disk, withdrawn.

    Returns the version that serves from now on. Raises PromotionError, and OSError where the disk fails.
    """
    with durable.only_one_at_a_time(models / mode):
        names = _history(models, mode)[1:]
        if not names:
            raise PromotionError(f"{mode}: the version that serves replaced no other, so there is none to go back to.")
        try:
            folder = versions.folder_of(models, mode, names[0])
        except ModelError as error:
            raise PromotionError(str(error)) from error
        _checked(folder, mode)
        _serve(models, mode, names)
    return names[0]


def listing(models: Path) -> str:
    """Each mode's versions, what became of them, and how much of two tests each reads: a line each."""
    lines = []
    for mode in MODES:
        try:
            names = versions.history(models, mode)
        except ModelError as error:
            lines.append(f"{mode:<10} {error}")
            names = []
        statuses = dict.fromkeys(names, "replaced") | dict.fromkeys(names[:1], "serving")
        there = {path.name for path in (models / mode).glob("*/") if versions.NAME.fullmatch(path.name)}
        statuses |= dict.fromkeys(sorted(there - set(names), reverse=True), "withdrawn")
        for name, status in statuses.items():
            lines.append(f"{mode:<10} {name:<16} {status:<10} {_figures(models / mode / name)}")
    return "\n".join(lines)


def _checked(folder: Path, mode: str) -> str:
    """The version of a model that may serve and be trained on. Raises PromotionError."""
    try:
        version = Model(folder, mode).version
    except ModelError as error:
        raise PromotionError(str(error)) from error
    try:
        with zipfile.ZipFile(folder / "model.keras") as archive:
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile) as error:
        raise PromotionError(f"{folder}: model.keras cannot be read, so nobody could train it on: {error}") from error
    if damaged:
        raise PromotionError(f"{folder}: model.keras is damaged in {damaged}, so nobody could train it on.")
    return version


def _history(models: Path, mode: str) -> list[str]:
    try:
        return versions.history(models, mode)
    except ModelError as error:
        raise PromotionError(str(error)) from error


def _same_files(candidate: Path, folder: Path) -> bool:
    return filecmp.cmpfiles(candidate, folder, FILES, shallow=False)[0] == list(FILES)


def _serve(models: Path, mode: str, names: list[str]) -> None:
    durable.write(models / mode / versions.CURRENT, "".join(f"{name}\n" for name in names))


def _figures(folder: Path) -> str:
    try:
        tests = json.loads((folder / "card.json").read_text(encoding="utf-8"))["tests"]
        return "; ".join(f"{100 * tests[test]['accuracy']:.2f} % of {test}" for test in SHOWN if test in tests)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"its card cannot be read: {error}"


def main(arguments: list[str] | None = None) -> int:
    """0 where all was done, 1 where it could not be, 2 where it was not asked for rightly."""
    parser = argparse.ArgumentParser(
        prog="python -m app.training.promote",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--list", action="store_true", help="each mode's versions, with two of their figures")
    asked.add_argument("--rollback", choices=MODES, help="serve the version that was replaced last")
    asked.add_argument("--promote", nargs=2, metavar=("MODE", "FOLDER"), help="serve the trained model in a folder")
    parser.add_argument("--models", type=Path, metavar="DIR", help="the folder of models (default: setting MODELS_DIR)")
    options = parser.parse_args(arguments)
    if options.promote and options.promote[0] not in MODES:
        parser.error(f"--promote: MODE must be one of {', '.join(MODES)}. Received: {options.promote[0]!r}")
    try:
        models = options.models or models_folder()
        if options.list:
            print(listing(models))
        elif options.rollback:
            print(f"{options.rollback}: version {roll_back(models, options.rollback)} serves again.")
        else:
            mode, folder = options.promote
            print(f"{mode}: version {promote(Path(folder), models, mode)} serves.")
    except (PromotionError, settings.SettingError, OSError) as error:
        print(f"python -m app.training.promote: {error}", file=sys.stderr)
        return 2 if isinstance(error, settings.SettingError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
