"""Makes the folder of training data from its public sources, for those who have none.

    python -m app.training.downloads [--folder ~/.cache/inkloop]

It holds `mnist.npz`, `emnist-byclass.npz` and `unipen-strokes.npz`; one that is there is not made again. Some 700 MB
are downloaded the first time. The training uses this folder unless DATA_DIR names another.
"""

import argparse
import logging
import tarfile
import tempfile
import zlib
from pathlib import Path

import numpy as np

from app.training import emnist_byclass, unipen_archive
from app.training.datasets import cache_folder
from app.training.fetching import DownloadError, fetch, fetch_json
from app.training.unipen import UnipenError

logger = logging.getLogger(__name__)

UNIPEN_RECORD = "https://zenodo.org/api/records/1195803"
UNIPEN_ARCHIVE = "unipen-CDROM-train_r01_v07.tgz"


def prepare(folder: Path | None = None) -> Path:
    """Makes those of the three files that are missing in `folder`, each whole or not at all, and returns the folder.

    The folder is the user's cache unless another is given.

    Raises:
        DownloadError: a source cannot be had; the message says what to do.
    """
    folder = (folder or cache_folder()).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    makers = {
        "mnist.npz": make_mnist,
        "emnist-byclass.npz": make_emnist,
        "unipen-strokes.npz": make_unipen,
    }
    for name, make in makers.items():
        if not (folder / name).exists():
            _save(folder / name, make(folder))
    return folder


def make_mnist(folder: Path) -> dict[str, np.ndarray]:
    """MNIST, 60,000 and 10,000: `x_train`, `y_train`, `x_test`, `y_test`, uint8, as Keras has them."""
    from keras.datasets import mnist  # here, because it brings TensorFlow

    try:
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:  # Keras raises no narrower one
        raise DownloadError(
            f"Keras could not download MNIST: {error}. Try again later, or save its mnist.npz in {folder} yourself."
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def make_emnist(folder: Path) -> dict[str, np.ndarray]:
    """EMNIST ByClass, train and test: `images`, `labels`."""
    emnist_byclass.fill_cache()
    images, labels = emnist_byclass.read()
    return {"images": images, "labels": labels}


def make_unipen(folder: Path) -> dict[str, np.ndarray]:
    """UNIPEN's isolated characters as strokes: the arrays that `unipen_archive.read` describes."""
    archive = folder / UNIPEN_ARCHIVE
    if not archive.exists():
        _fetch_unipen(archive)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        try:
            arrays, problems = unipen_archive.read(unipen_archive.extract(archive, Path(temporary)))
        except (UnipenError, tarfile.TarError, EOFError, zlib.error) as error:
            raise DownloadError(f"{archive} cannot be read: {error}. Delete it and run this again.") from error
    logger.info("UNIPEN: %d characters of %d writers", len(arrays["labels"]), len(arrays["writer_names"]))
    if problems:
        logger.warning("UNIPEN: left out %d that could not be read, such as %s", len(problems), "; ".join(problems[:5]))
    return arrays


def _fetch_unipen(archive: Path) -> None:
    remedy = f"Try again later, or download the archive from Zenodo yourself and save it as {archive}."
    record = fetch_json(UNIPEN_RECORD, remedy=remedy)
    try:
        file = next(file for file in record["files"] if file["key"].endswith((".tgz", ".tar.gz")))
        url, md5 = file["links"]["self"], file["checksum"].removeprefix("md5:")
    except (KeyError, TypeError, StopIteration):
        raise DownloadError(f"{UNIPEN_RECORD} lists no archive. Received: {str(record)[:200]}. {remedy}") from None
    fetch(url, archive, md5=md5)


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        unfinished = Path(temporary) / path.name
        np.savez_compressed(unfinished, **arrays)
        unfinished.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Downloads MNIST, EMNIST and UNIPEN and prepares them for training.")
    parser.add_argument("--folder", type=Path, default=cache_folder(), help="where to (default: %(default)s)")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        print(prepare(parser.parse_args().folder))
    except DownloadError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
