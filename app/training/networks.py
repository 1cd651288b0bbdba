"""The network that all three modes share, and the loss that lets a letter's case be unknown."""

import keras
from keras import layers, ops

from app.recognition.preprocessing import INK_SIZE

SMOOTHING = 0.05  # about one label in a hundred is wrong, more are nobody's to read


def build(classes: int) -> keras.Model:
    """A residual network (He et al., 2016): (n, 28, 28, 1) float32 in [0, 1] to logits (n, classes).

    1.3 million weights, 57 million multiplications. Ink is two pixels wide, so the stem halves the picture at once, and
    the work is done at 14 and 7 pixels a side, where all of it costs what a few layers at 28 would.
    """
    inputs = keras.Input((INK_SIZE, INK_SIZE, 1), name="ink")
    x = convolution(inputs, 48, "stem", size=5, stride=2)  # 14 x 14 x 48
    x = residual(x, 48, "fine1")
    x = residual(x, 48, "fine2")
    x = convolution(x, 128, "halve1", stride=2)  # 7 x 7 x 128
    x = residual(x, 128, "coarse1")
    x = residual(x, 128, "coarse2")
    x = convolution(x, 192, "halve2", stride=2)  # 4 x 4 x 192
    x = convolution(x, 192, "whole")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(inputs, layers.Dense(classes, dtype="float32", name="logits")(x))


def convolution(x, filters: int, name: str, *, size: int = 3, stride: int = 1, activation: str | None = "relu"):
    x = layers.Conv2D(
        filters,
        size,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(x)
    x = layers.BatchNormalization(momentum=0.97, name=f"{name}_normalisation")(x)
    return layers.Activation(activation, name=f"{name}_activation")(x) if activation else x


def residual(x, filters: int, name: str):
    y = convolution(x, filters, f"{name}a")
    y = convolution(y, filters, f"{name}b", activation=None)
    return layers.Activation("relu", name=f"{name}_activation")(layers.Add(name=f"{name}_sum")([x, y]))


def adopt(model: keras.Model, other: keras.Model) -> int:
    """Take over from another mode's model each layer of the same name and shapes; returns how many."""
    taken = 0
    for layer in model.layers:
        theirs = next((found for found in other.layers if found.name == layer.name), None)
        if theirs and layer.weights and [w.shape for w in layer.weights] == [w.shape for w in theirs.weights]:
            layer.set_weights(theirs.get_weights())
            taken += 1
    return taken


@keras.saving.register_keras_serializable("inkloop")
def either_label_loss(targets, logits):
    """Minus the log of the probability that the label is one of those marked in `targets` (n, classes), smoothed.

    With one mark it is the cross-entropy; with two, a letter of unknown case teaches its shape and not its case.
    """
    everything = ops.logsumexp(logits, axis=-1)
    either = ops.logsumexp(ops.where(targets > 0, logits, -1e9), axis=-1)
    return everything - (1 - SMOOTHING) * either - SMOOTHING * ops.mean(logits, axis=-1)


@keras.saving.register_keras_serializable("inkloop")
def accuracy(targets, logits):
    """The share of rows whose highest logit is one of those marked."""
    highest = ops.one_hot(ops.argmax(logits, axis=-1), logits.shape[-1])
    return ops.sum(ops.cast(highest, targets.dtype) * targets, axis=-1)
