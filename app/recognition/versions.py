"""Which version of a mode's model serves.

MODELS/MODE/VERSION/ holds model.tflite, model.keras and card.json; its model never changes. MODELS/MODE/current is a
text file: its first line names the version that serves, the lines after it those that it replaced, newest first.
"""

import re
from pathlib import Path

CURRENT = "current"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


class ModelError(RuntimeError):
    """A model that must not serve: missing, damaged, not what its card says, or wrong in its self-test."""


def history(models: Path, mode: str) -> list[str]:
    """The version that serves, then those that it replaced, newest first. Raises ModelError where none is named."""
    file = models / mode / CURRENT
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{file} cannot be read: {reason}. It must name the version that serves.") from error
    names = [line for line in lines if line]
    if not names:
        raise ModelError(f"{file} is empty. Its first line must name the version that serves.")
    return names


def folder_of(models: Path, mode: str, name: str) -> Path:
    """The folder of a mode's version. Raises ModelError where `name` can be none, or there is no such folder."""
    if not NAME.fullmatch(name):
        raise ModelError(
            f"{models / mode / CURRENT} must name a version: letters, digits and . _ + - between them, at most 64."
            f" Received: {name[:80]!r}"
        )
    folder = models / mode / name
    if not folder.is_dir():
        raise ModelError(f"{models / mode / CURRENT} names version {name}, but there is no folder {folder}.")
    return folder


def serving(models: Path, mode: str) -> Path:
    """The folder of the version that serves. Raises ModelError."""
    return folder_of(models, mode, history(models, mode)[0])
