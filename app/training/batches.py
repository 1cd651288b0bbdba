"""Batches drawn in processes beside the one that learns."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import keras
import numpy as np

from app.training import drawing
from app.training.datasets import Scans

AHEAD = 12  # half batches drawn before they are asked for
AGAIN = 64  # batches until a drawing is learned from a second time: drawing costs half as much as learning


class Batches(keras.utils.PyDataset):
    """`steps` batches an epoch, drawn by `processes` processes while the last ones are learned from.

    Half of a batch is new; the other half was new AGAIN batches before. shares, more: as Artist takes them.
    """

    def __init__(
        self,
        folder: Path,
        mode: str,
        *,
        seed: int,
        size: int,
        steps: int,
        shares: Mapping[str, float] | None = None,
        more: Mapping[str, tuple[Scans, float]] | None = None,
        processes: int = 1,
    ):
        super().__init__(workers=1, use_multiprocessing=False)
        self.size, self.steps, self.next_step = size, steps, 0
        # Not forked: TensorFlow's threads do not survive that.
        self.pool = ProcessPoolExecutor(
            processes, get_context("spawn"), drawing.start, (folder, mode, seed, shares, more)
        )
        self.pending = deque()

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, _) -> tuple[np.ndarray, np.ndarray]:
        while len(self.pending) <= AGAIN + AHEAD:
            self.pending.append(self.pool.submit(drawing.batch, self.next_step, self.size // 2))
            self.next_step += 1
        halves = self.pending.popleft().result(), self.pending[AGAIN - 1].result()
        inputs, targets = (np.concatenate(parts) for parts in zip(*halves, strict=True))
        return inputs[..., None].astype(np.float32) / 255, targets

    def seek(self, step: int) -> None:
        """Go on with batch `step`."""
        self.pending.clear()
        self.next_step = step

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)
