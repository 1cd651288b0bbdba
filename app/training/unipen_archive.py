"""`train_r01_v07`, UNIPEN's public collection, as arrays of strokes.

The International Unipen Foundation, Zenodo record 1195803, CC BY 4.0. `data/1a`, `1b` and `1c` hold the segments of
isolated digits, capitals and small letters, a file a writer, and `include` the pen's way that they refer to.
"""

import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from app.training.datasets import ALL
from app.training.unipen import UnipenError, fit_to_square, read_characters

CATEGORIES = ("1a", "1b", "1c")
# Nobody trains on what these three collected, so that it can test what was trained.
RESERVED_PROVIDERS = {"aga", "tos", "val"}
OF_INTEREST = re.compile(r"(^|/)(include|data/1[abc])/")


def extract(archive: Path, folder: Path) -> Path:
    """Extracts what `read` needs and returns the collection's folder, the one with `data` and `include`.

    Raises:
        UnipenError: the archive holds no such collection.
        tarfile.TarError, EOFError, zlib.error: the archive is damaged.
    """
    with tarfile.open(archive, "r|*") as tar:
        tar.extractall(folder, members=_of_interest(tar), filter="data")
    for include in sorted(folder.rglob("include")):
        if any((include.parent / "data" / category).is_dir() for category in CATEGORIES):
            return include.parent
    raise UnipenError("no folders data/1a, data/1b or data/1c beside a folder include")


def read(collection: Path, *, progress: bool = True) -> tuple[dict[str, np.ndarray], list[str]]:
    """Reads all isolated characters with one of the 62 labels.

    A writer is a file: its provider and its name. Every tenth writer, by the CRC-32 of the writer's name, is held out.

    Args:
        collection: the folder with `data` and `include`.

    Returns:
        The arrays of `unipen-strokes.npz`: `points` (n, 2) int16, x right, y down, the longer side 0 to 4000;
        `stroke_starts` and `character_starts` int32, each one longer than what it indexes; `labels` uint8, 0 to 61
        for 0-9A-Za-z; `writers` int32, an index into `writer_names`; `validation` bool. And a line for each file or
        segment that was left out because it could not be read.

    Raises:
        UnipenError: nothing could be read.
    """
    strokes, strokes_of, labels, writers, problems = [], [], [], [], []
    numbers: dict[str, int] = {}
    for path in tqdm(list(_files(collection)), "reading UNIPEN", unit="file", disable=not progress):
        provider = path.relative_to(collection / "data").parts[1]
        writer = f"{provider}/{path.name}"
        try:
            characters, unreadable = read_characters(path, collection / "include")
        except (UnipenError, OSError) as error:
            problems.append(f"{writer}: {error}")
            continue
        problems += unreadable
        for label, character in characters:
            if len(label) != 1 or label not in ALL:
                problems.append(f"{writer}: a label that is none of the {len(ALL)}: {label[:20]!r}")
                continue
            strokes += fit_to_square(character)
            strokes_of.append(len(character))
            labels.append(ALL.index(label))
            writers.append(numbers.setdefault(writer, len(numbers)))
    if not labels:
        raise UnipenError(f"no characters in {collection}. Received: {problems[:3] or 'no files'}")
    held_out = np.array([zlib.crc32(writer.encode()) % 10 == 0 for writer in numbers])
    arrays = {
        "points": np.concatenate(strokes),
        "stroke_starts": _starts([len(stroke) for stroke in strokes]),
        "character_starts": _starts(strokes_of),
        "labels": np.array(labels, np.uint8),
        "writers": np.array(writers, np.int32),
        "writer_names": np.array(list(numbers)),
        "validation": held_out[writers],
    }
    return arrays, problems


def _files(collection: Path) -> Iterator[Path]:
    for category in CATEGORIES:
        folder = collection / "data" / category
        for path in sorted(folder.rglob("*.dat"), key=Path.as_posix):
            if path.relative_to(folder).parts[0] not in RESERVED_PROVIDERS:
                yield path


def _of_interest(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in tqdm(tar, "extracting UNIPEN", unit="file"):
        if OF_INTEREST.search(member.name):
            yield member


def _starts(lengths: list[int]) -> np.ndarray:
    return np.cumsum([0, *lengths], dtype=np.int32)
