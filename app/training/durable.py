"""Files that are there whole or not at all, also after the process was killed or the power failed."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial"


@contextmanager
def only_one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait for other processes and threads that are within this for the same folder."""
    descriptor = os.open(folder, os.O_RDONLY)  # the folder itself is locked, which leaves no file behind
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def copy(source: Path, names: Iterable[str], target: Path) -> None:
    """A new folder with the files of these names; one at a time beside one another."""
    partial = target.with_name(PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)  # of a copy that was cut off
    partial.mkdir()
    try:
        for name in names:
            shutil.copyfile(source / name, partial / name)
            sync(partial / name)
        sync(partial)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sync(target.parent)


def write(file: Path, text: str) -> None:
    """Replace a file, in one rename."""
    partial = file.with_name(file.name + PARTIAL)
    partial.write_text(text, encoding="utf-8")
    sync(partial)
    partial.replace(file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Wait until a file, or which files a folder holds, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
