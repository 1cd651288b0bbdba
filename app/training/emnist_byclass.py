"""EMNIST ByClass: G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST to handwritten
letters", 2017; from NIST Special Database 19, public domain."""

import math
from pathlib import Path

import emnist
import numpy as np

from app.training.fetching import fetch, md5_of

URL = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
MD5 = "58c8d27c78d21e728a6bc7b3cc06412e"
ELEMENT_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def fill_cache() -> Path:
    """Puts NIST's file where the `emnist` package looks for it, whose own two addresses are unreliable.

    Raises:
        DownloadError: it is not there and cannot be had; says where to put it by hand.
    """
    cache = Path(emnist.get_cached_data_path())
    if cache.is_file() and md5_of(cache) == MD5:
        return cache
    return fetch(URL, cache, md5=MD5)


def read() -> tuple[np.ndarray, np.ndarray]:
    """All of the split, train then test: (n, 28, 28) uint8, upright, ink bright, and (n,) uint8 labels 0 to 61."""
    images, labels = zip(*(emnist.extract_samples("byclass", usage) for usage in ("train", "test")), strict=True)
    return np.concatenate(images), np.concatenate(labels)


def parse_idx(data: bytes) -> np.ndarray:
    """An array in the IDX format of MNIST's files."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in ELEMENT_TYPES:
        raise ValueError(f"not an array in the IDX format. Received: {data[:4]!r}")
    shape = tuple(int(length) for length in np.frombuffer(data, ">u4", count=data[3], offset=4))
    start = 4 + 4 * len(shape)
    return np.frombuffer(data, ELEMENT_TYPES[data[2]], count=math.prod(shape), offset=start).reshape(shape)


# The package's own ends in a TypeError since NumPy 2.4: it makes numbers of arrays of one element.
emnist.parse_idx = parse_idx
