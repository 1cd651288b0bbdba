"""Synthetic feedback: MNIST's training digits, each turned by up to 30 degrees, put into the store of FEEDBACK_URL.

python -m app.training.dummy_data --count 1000
python -m app.training.dummy_data --remove

The same count and seed again add nothing, a larger count adds the rest.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from datetime import UTC, datetime
from threading import Event, Lock
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from app import settings
from app.feedback.pictures import from_kept, to_kept
from app.feedback.store import SYNTHETIC, Feedback, FeedbackStore, StoreUnavailable, open_store
from app.recognition.preprocessing import preprocess
from app.recognition.recognizer import Recognizer
from app.recognition.versions import ModelError
from app.training.datasets import ALL, TRAIN, Corpus, data_folder
from app.training.fetching import DownloadError
from app.training.promote import models_folder

MOST_TURNED = 30.0  # degrees, either way
AT_ONCE = 200  # calls under way: Sheets takes what stands in line as one
AT_ONCE_SQL = 8  # a database takes each by itself, and more would only queue for its connections
TRIES = 4
LONGEST_WAIT = 60  # seconds; a store that asks for more needs somebody to repair it

T = TypeVar("T")


def rotated(corpus: Corpus, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Digits of MNIST's training split, drawn evenly and turned by up to MOST_TURNED degrees, evenly either way.

    Returns images (count, 28, 28) uint8, ink bright, and labels (count,), positions in ALL. Of the same seed, fewer are
    the beginning of more.
    """
    mnist = corpus.mnist
    members = np.flatnonzero(mnist.splits == TRAIN)
    chances = np.random.default_rng(seed).random((count, 2))
    chosen = members[(chances[:, 0] * len(members)).astype(int)]
    angles = (2 * chances[:, 1] - 1) * MOST_TURNED
    images = np.zeros((count, *mnist.images.shape[1:]), np.uint8)
    for number, (member, angle) in enumerate(zip(chosen, angles, strict=True)):
        images[number] = turned(mnist.images[member], angle)
    return images, mnist.labels[chosen]


def turned(image: np.ndarray, degrees: float) -> np.ndarray:
    """A picture, (n, n) uint8, ink bright, turned about its centre, counterclockwise."""
    return np.asarray(Image.fromarray(image).rotate(degrees, Image.Resampling.BICUBIC))


def synthetic(corpus: Corpus, recognizer: Recognizer, count: int, seed: int) -> Iterator[Feedback]:
    """Records of `rotated` digits, dark on light, and what the model that serves reads them as.

    A record's id follows from the seed and its number.
    """
    card = recognizer.cards["digit"]
    for number, (image, label) in enumerate(zip(*rotated(corpus, count, seed), strict=True)):
        picture = ImageOps.invert(Image.fromarray(image))
        kept = to_kept(picture, (0, 0, *picture.size))
        probabilities = recognizer.predict(preprocess(from_kept(kept)).input[None], "digit")[0]
        best = int(probabilities.argmax())
        yield Feedback(
            id=str(uuid5(NAMESPACE_URL, f"inkloop:dummy_data/{seed}/{number}")),
            time=datetime.now(UTC),
            mode="digit",
            image=kept,
            prediction=card["labels"][best],
            confidence=float(probabilities[best]),
            label=ALL[label],
            model_version=card["version"],
            browser=SYNTHETIC,
        )


def synthetic_ids(store: FeedbackStore) -> list[str]:
    """Of every synthetic record in the store. Raises StoreUnavailable."""
    return [record.id for record in store.read("digit") if record.browser == SYNTHETIC]


def each(change: Callable[[T], bool], items: Sequence[T], at_once: int) -> int:
    """Call a store's `change` with every item, `at_once` at a time, again where the store cannot just now.

    Shows a progress bar. Returns how many calls changed something. Raises StoreUnavailable, which says how many were
    carried out, once none is under way any more.
    """
    counting, stopping = Lock(), Event()

    def patiently(item: T) -> bool:
        for tried in range(1, TRIES + 1):
            try:
                changed = change(item)
                with counting:
                    bar.update()
                return changed
            except StoreUnavailable as problem:
                lasting = tried == TRIES or problem.retry_after > LONGEST_WAIT
                if lasting or stopping.wait(problem.retry_after):
                    raise
        raise AssertionError("a call is tried at least once")

    with ThreadPoolExecutor(at_once) as pool, tqdm(total=len(items), unit=" records") as bar:
        calls = [pool.submit(patiently, item) for item in items]
        try:
            return sum(call.result() for call in as_completed(calls))
        except StoreUnavailable as error:
            problem = error
        finally:
            stopping.set()
            pool.shutdown(cancel_futures=True)
    goes_on = f"{problem} {bar.n:,} of {len(items):,} records are done. Run the same again to go on."
    raise StoreUnavailable(goes_on, problem.retry_after) from problem


def add(store: FeedbackStore, count: int, seed: int, at_once: int) -> None:
    """Add `synthetic` records, say how many were new. Raises ModelError, DownloadError, OSError, StoreUnavailable."""
    made = synthetic(Corpus(data_folder()), Recognizer.load(models_folder()), count, seed)
    there = set(synthetic_ids(store))  # known beforehand, or Sheets would be asked for them again and again
    new = each(store.add, [record for record in made if record.id not in there], at_once)
    print(f"{new:,} synthetic records added, {count - new:,} were there already.")


def remove(store: FeedbackStore) -> None:
    """Delete every synthetic record and say how many there were. Raises StoreUnavailable."""
    gone = each(store.delete, synthetic_ids(store), at_once=1)
    print(f"{gone:,} synthetic records deleted.")


def main(arguments: list[str] | None = None) -> int:
    """0 where all was done, 1 where it could not be, 2 where it was not asked for rightly."""
    options = _parser().parse_args(arguments)
    try:
        url = settings.read(os.environ)["FEEDBACK_URL"]
        with closing(open_store(url)) as store:
            if options.remove:
                remove(store)
            else:
                add(store, options.count, options.seed, AT_ONCE if url.startswith("sheets:") else AT_ONCE_SQL)
    except (settings.SettingError, ModelError, DownloadError, StoreUnavailable, OSError) as error:
        print(f"python -m app.training.dummy_data: {error}", file=sys.stderr)
        return 2 if isinstance(error, settings.SettingError) else 1
    return 0


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and int(text) >= least):
            raise argparse.ArgumentTypeError(f"a whole number from {least} on. Received: {text[:60]!r}")
        return int(text)

    return parse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m app.training.dummy_data",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--count", type=_whole(1), help="add so many records")
    asked.add_argument("--remove", action="store_true", help="delete every synthetic record, of whatever seed")
    parser.add_argument("--seed", type=_whole(0), default=1, help="of the digits and angles (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
