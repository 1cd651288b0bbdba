"""Folders of models to be spoiled and replaced: copies of those that the project ships."""

import json
import shutil
from pathlib import Path

from app.recognition import versions

SHIPPED = Path(__file__).parent.parent / "app" / "recognition" / "trained"
FILES = ("model.tflite", "model.keras", "card.json")


def copy_shipped(target: Path, *, keras: bool = False) -> Path:
    """A folder of the models that are shipped, with what they are retrained from where a test needs it."""
    ignored = shutil.ignore_patterns() if keras else shutil.ignore_patterns("*.keras")
    return Path(shutil.copytree(SHIPPED, target, ignore=ignored))


def serving_file(models: Path, mode: str, name: str) -> Path:
    return versions.serving(models, mode) / name


def change_card(folder: Path, **changes) -> None:
    """Of the model in `folder`."""
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def make_candidate(folder: Path, mode: str, version: str, **changes) -> Path:
    """A model that could be promoted: the shipped one but for its version and `changes` of its card."""
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(serving_file(SHIPPED, mode, name), folder / name)
    change_card(folder, version=version, **changes)
    return folder
