"""Training by several workers, each a process on any machine, that learns from its share of every batch.

Keras' `fit` does not run under tf.distribute.MultiWorkerMirroredStrategy (keras-team/keras#20585). So each worker fits
a model of its own, and the strategy's all-reduce keeps them the same: gradients are averaged before they are clipped,
as one worker's over the whole batch would be; what normalisation measured and the epoch's figures, at an epoch's end.
"""

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
SEEDS_APART = 100_000  # between two workers' seeds, so that no other run is likely to use them


class ClusterError(ValueError):
    """TF_CONFIG names no workers with whom to train. The message says why, and what to do."""


@dataclass(frozen=True)
class Workers:
    """Those who train together, as one of them knows them. index: its own number; the chief's is 0."""

    count: int = 1
    index: int = 0
    strategy: tf.distribute.Strategy | None = None

    @property
    def chief(self) -> bool:
        """Whether it is the one that writes, measures and publishes."""
        return self.index == 0

    def share(self, batch: int) -> int:
        """Pictures that each worker draws, so that all of them together learn from `batch`."""
        return batch // self.count

    def seed(self, seed: int) -> int:
        """This worker's own, as each draws other pictures."""
        return seed + SEEDS_APART * self.index

    def mean(self, values: Sequence) -> Sequence:
        """The mean over the workers of each of `values`, floats. All of them ask at the same point, or wait for it."""
        return _all_reduce(self.strategy, tf.distribute.ReduceOp.MEAN, list(values)) if self.strategy else values

    def from_chief(self, values: Sequence) -> Sequence:
        """The chief's `values`, all of one type, which have the same shapes everywhere."""
        own = [tf.convert_to_tensor(value) for value in values]
        if not self.chief:
            own = [tf.zeros_like(value) for value in own]
        return _all_reduce(self.strategy, tf.distribute.ReduceOp.SUM, own)

    def callbacks(self, checkpoints: Path) -> list[keras.callbacks.Callback]:
        """What makes a run go on from its `checkpoints`, which are the chief's alone, and all workers go on as one."""
        backup = []
        if self.chief:
            checkpoints.mkdir(parents=True, exist_ok=True)
            backup.append(keras.callbacks.BackupAndRestore(checkpoints))
        return [Average(self), *backup, FollowChief(self)] if self.strategy else backup


ALONE = Workers()


def join(batch: int) -> Workers:
    """Join the workers that TF_CONFIG names, who share batches of `batch` pictures; waits until all are there.

    To be called before TensorFlow computes anything. Raises ClusterError.
    """
    addresses, index = read_cluster(os.environ.get("TF_CONFIG"))
    if batch % (2 * len(addresses)):
        raise ClusterError(
            f"TF_CONFIG names {len(addresses)} workers, who cannot share batches of {batch} pictures evenly."
            " Take 2, 4 or 8."
        )
    print(f"Worker {index} of {len(addresses)}, {addresses[index]}, waits for the others", flush=True)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it makes TensorFlow note a preemption, and train on
    if strategy.num_replicas_in_sync != len(addresses):
        raise ClusterError(
            "A worker learns on one GPU, and there is more than one here. Start a worker for each, and tell it which by"
            " CUDA_VISIBLE_DEVICES."
        )
    return Workers(len(addresses), index, strategy)


def read_cluster(config: str | None) -> tuple[list[str], int]:
    """The addresses of all workers, the chief's first, and the number of this one, from the text of TF_CONFIG.

    https://www.tensorflow.org/guide/distributed_training says what it holds. Raises ClusterError.
    """
    if not config:
        raise ClusterError(f"TF_CONFIG is not set. It names the workers, and which of them this is: {EXAMPLE}")
    try:
        content = json.loads(config)
        cluster, job, index = content["cluster"], content["task"]["type"], content["task"]["index"]
        jobs = {name: list(cluster[name]) for name in ("chief", "worker") if name in cluster}
        others = sorted(set(cluster) - set(jobs))
    except (ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"TF_CONFIG is not like {EXAMPLE}: {type(error).__name__} {error}") from error
    if others:
        raise ClusterError(f"TF_CONFIG names {', '.join(others)}. There may be a chief and workers, nobody else.")
    addresses = [address for named in jobs.values() for address in named]
    for address in addresses:
        host, _, port = str(address).rpartition(":")
        if not (host and port.isdecimal()):
            raise ClusterError(f"TF_CONFIG names the worker {address!r}, which is not host:port.")
    if len(set(addresses)) < max(2, len(addresses)):
        raise ClusterError("TF_CONFIG names one worker, or one twice. Train alone without --distribute.")
    if len(jobs.get("chief", [])) > 1:
        raise ClusterError("TF_CONFIG names more than one chief.")
    if job not in list(jobs) or not isinstance(index, int) or not 0 <= index < len(jobs[job]):
        raise ClusterError(f"TF_CONFIG says that this is {job!r} number {index!r}, whom its cluster does not have.")
    return addresses, index + (len(jobs.get("chief", [])) if job == "worker" else 0)


@tf.function(autograph=False)
def _all_reduce(strategy: tf.distribute.Strategy, operation: tf.distribute.ReduceOp, values: list) -> list:
    def reduced():
        # Copied, so that they are on the device of the strategy.
        own = [tf.identity(value) for value in values]
        return tf.distribute.get_replica_context().all_reduce(operation, own)

    return strategy.run(reduced)


class AdamW(keras.optimizers.AdamW):
    """AdamW on the mean of all workers' gradients."""

    def __init__(self, workers: Workers, *arguments, **options):
        super().__init__(*arguments, **options)
        self.workers = workers

    def apply(self, grads, trainable_variables=None):
        return super().apply(self.workers.mean(grads), trainable_variables)


class Average(keras.callbacks.Callback):
    """Gives every worker the mean of the models, which differ by what normalisation measured, and of the figures."""

    def __init__(self, workers: Workers):
        super().__init__()
        self.workers = workers

    def on_test_begin(self, logs=None):
        weights = self.model.weights
        for weight, mean in zip(weights, self.workers.mean([weight.value for weight in weights]), strict=True):
            weight.assign(mean)

    def on_epoch_end(self, epoch, logs=None):
        self.on_test_begin()
        means = self.workers.mean([tf.constant(value, tf.float32) for value in logs.values()])
        logs.update(zip(logs, map(float, means), strict=True))  # so that all of them stop early, or none


class FollowChief(keras.callbacks.Callback):
    """Makes every worker begin, or go on, as the chief does."""

    def __init__(self, workers: Workers):
        super().__init__()
        self.workers = workers

    def on_train_begin(self, logs=None):
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        floats = [variable for variable in optimizer.variables if variable is not optimizer.iterations]
        for variables in ([*self.model.weights, *floats], [optimizer.iterations]):
            for variable, chiefs in zip(variables, self.workers.from_chief(variables), strict=True):
                variable.assign(chiefs)
        self.model._initial_epoch = int(optimizer.iterations) // self.params["steps"]  # as BackupAndRestore sets it
