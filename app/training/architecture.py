"""What a network is made of, for its card: block by block, so that it can be drawn."""

from itertools import takewhile

import keras
from keras import layers

KINDS = {
    layers.InputLayer: "input",
    layers.Conv2D: "convolution",
    layers.BatchNormalization: "normalisation",
    layers.Activation: "activation",
    layers.Add: "sum",
    layers.GlobalAveragePooling2D: "mean",
    layers.Dropout: "dropout",
    layers.Dense: "dense",
}
FOLLOWERS = (layers.BatchNormalization, layers.Activation, layers.Dropout)  # finish what another layer began


def layers_of(model: keras.Model) -> list[dict]:
    """The network's blocks from input to output, each with `name`, `kind`, `output`, `weights` and `layers`.

    A block is a layer with the normalisation, activation and dropout that follow it; or all that lies between a fork of
    the graph and the layer that joins it again, `kind` "residual". `output` is the shape without the batch, `weights`
    a count, `layers` what the block does, a phrase a layer in the order of the graph.

    model: a functional model with one input.

    Example:
        >>> layers_of(build(10))[1]["layers"]
        ['5 × 5 convolution, stride 2', 'normalisation', 'ReLU']
    """
    blocks: list[list[keras.Layer]] = []
    ways: list[set[int]] = []  # for each block, itself and those that lead to it
    maker: dict[int, int] = {}  # the block that made a tensor, by the tensor's id
    for layer in model.layers:
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        leading = [ways[maker[id(tensor)]] for tensor in inputs if id(tensor) in maker]
        if len(leading) > 1:
            first = max(set.intersection(*leading)) + 1  # after the fork
            blocks[first:] = [[one for block in blocks[first:] for one in block] + [layer]]
            ways[first:] = [ways[first - 1] | {first}]
        elif isinstance(layer, FOLLOWERS):
            blocks[-1].append(layer)
        else:
            ways.append(set().union(*leading, {len(blocks)}))
            blocks.append([layer])
        maker[id(layer.output)] = len(blocks) - 1
    return [_described(block) for block in blocks]


def _described(block: list[keras.Layer]) -> dict:
    residual = any(isinstance(layer, layers.Add) for layer in block)
    return {
        "name": _name([layer.name for layer in block]),
        "kind": "residual" if residual else _kind(block[0]),
        "output": list(block[-1].output.shape[1:]),
        "weights": sum(layer.count_params() for layer in block),
        "layers": [_phrase(layer) for layer in block],
    }


def _name(names: list[str]) -> str:
    """What the layers' names begin with, all of them."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same).rstrip("_") or names[0]


def _kind(layer: keras.Layer) -> str:
    return KINDS.get(type(layer), type(layer).__name__)


def _phrase(layer: keras.Layer) -> str:
    if isinstance(layer, layers.Conv2D):
        height, width = layer.kernel_size
        stride = f", stride {layer.strides[0]}" if layer.strides[0] > 1 else ""
        return f"{height} × {width} convolution{stride}"
    if isinstance(layer, layers.Activation):
        return keras.activations.serialize(layer.activation).replace("relu", "ReLU")
    if isinstance(layer, layers.Dropout):
        return f"dropout of {100 * layer.rate:g} %"
    return _kind(layer)
