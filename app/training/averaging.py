"""The weights of a trained network, averaged with those that it started from."""

import keras
import numpy as np
from keras import layers

from app.training.networks import build
from app.training.samples import Artist

BATCHES, STATISTICS = 8, 512  # batches, and pictures in each, that normalisation is measured on after averaging


def averaged(model: keras.Model, start: keras.Model | None, keep: float, artist: Artist) -> keras.Model:
    """A copy in float32 of `model`, never compiled, with the share `keep` of the weights of `start`, if above 0."""
    keras.config.set_dtype_policy("float32")
    copy = build(model.output_shape[-1])
    copy.set_weights(model.get_weights())
    if keep:
        drawn = (artist.batch(number, STATISTICS)[0] for number in range(BATCHES))
        average(copy, start, keep, [pictures[..., None] / np.float32(255) for pictures in drawn])
    return copy


def average(model: keras.Model, start: keras.Model, keep: float, batches: list[np.ndarray]) -> None:
    """Give `model` the share `keep` of the weights of `start`, which has the same layers, and the rest of its own.

    Reads unseen writers better than either (WiSE-FT: Wortsman et al., 2022). What the normalisation layers know of
    their inputs does not average, so it is measured anew on `batches`, each (n, 28, 28, 1) float32.
    """
    model.set_weights(
        [keep * theirs + (1 - keep) * own for own, theirs in zip(model.get_weights(), start.get_weights(), strict=True)]
    )
    normalising = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    momentum = [layer.momentum for layer in normalising]
    measured = []
    for layer in normalising:
        layer.momentum = 0.0  # so that each batch leaves its own statistics
    for batch in batches:
        model(batch, training=True)
        measured.append([(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in normalising])
    for number, layer in enumerate(normalising):
        means, variances = zip(*(each[number] for each in measured), strict=True)
        layer.moving_mean.assign(np.mean(means, axis=0))
        layer.moving_variance.assign(np.mean(variances, axis=0))
        layer.momentum = momentum[number]
