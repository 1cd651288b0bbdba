"""What runs in the processes that draw batches. It imports no TensorFlow, or each would hold and load one."""

import os
from multiprocessing import parent_process
from threading import Thread

import numpy as np

from app.training.samples import Artist


def _end_with_parent() -> None:
    parent_process().join()
    os._exit(1)


def start(*artist) -> None:
    if parent_process():  # else a trainer that is killed would leave those who draw for it behind
        Thread(target=_end_with_parent, daemon=True).start()
    global _artist  # one in each process, made when the process starts
    _artist = Artist(*artist)


def batch(step: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    return _artist.batch(step, size)
