"""Downloads of large files: resumed where they broke off, verified, and put in their place in one step."""

import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from tqdm import tqdm

logger = logging.getLogger(__name__)

CHUNK = 1 << 16
TIMEOUT = (10, 60)  # seconds to connect, seconds between two pieces
PAUSES = (2, 4, 8, 16)  # seconds before the second try, the third, ...
WORTH_ANOTHER_TRY = {408, 429, 500, 502, 503, 504}


class DownloadError(RuntimeError):
    """Training data could not be had; the message says what to do about it."""


def fetch(url: str, destination: Path, *, md5: str) -> Path:
    """Downloads `url` to `destination`, which appears only when it is whole and its MD5 is right.

    What has arrived lies beside it, named `*.part`, and is continued by the next try or the next call.

    Raises:
        DownloadError: the server does not answer, refuses, or sends something else.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = destination.with_name(f"{destination.name}.part")
    remedy = f"Try again later, or download it yourself and save it as {destination}."
    while True:
        resumed = _patiently(lambda: _download(url, partial), url, remedy)
        received = md5_of(partial)
        if received == md5:
            return partial.replace(destination)
        size = partial.stat().st_size
        partial.unlink()
        if not resumed:
            raise DownloadError(
                f"{url} is not the file that was expected, which has MD5 {md5}. "
                f"Received: {size:,} bytes with MD5 {received}. {remedy}"
            )


def fetch_json(url: str, *, remedy: str) -> Any:
    """What `url` answers, decoded. Raises `DownloadError`, ended by `remedy`, where it cannot be had."""

    def get() -> Any:
        response = requests.get(url, headers={"Accept": "application/json"}, timeout=TIMEOUT)
        response.raise_for_status()
        return response.json()

    return _patiently(get, url, remedy)


def md5_of(path: Path) -> str:
    """The MD5 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _patiently(action: Callable[[], Any], url: str, remedy: str) -> Any:
    pauses = iter(PAUSES)
    while True:
        try:
            return action()
        except requests.RequestException as error:
            refused = error.response is not None and error.response.status_code not in WORTH_ANOTHER_TRY
            pause = next(pauses, None)
            if refused or pause is None:
                raise DownloadError(f"{url} could not be downloaded: {error}. {remedy}") from error
            logger.warning("%s: %s. Trying again in %s s.", url, error, pause)
            time.sleep(pause)


def _download(url: str, partial: Path) -> bool:
    """Continues `partial`; True where it was not begun anew."""
    have = partial.stat().st_size if partial.exists() else 0
    # The MD5, the ranges and the length are those of the file itself, not of a compressed transfer.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if have and response.status_code == requests.codes.requested_range_not_satisfiable:
            return True
        response.raise_for_status()
        resumed = response.status_code == requests.codes.partial_content
        left = response.headers.get("Content-Length")
        total = int(left) + have * resumed if left else None
        bar = tqdm(desc=partial.stem, initial=have * resumed, total=total, unit="B", unit_scale=True)
        with bar, partial.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
    return resumed
