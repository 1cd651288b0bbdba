import keras
import pytest
from keras import layers

from app.training.architecture import layers_of
from app.training.networks import build


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build(10)


@pytest.fixture(scope="module")
def blocks(model) -> list[dict]:
    return layers_of(model)


def test_blocks_come_in_the_order_of_the_graph(blocks):
    names = ["ink", "stem", "fine1", "fine2", "halve1", "coarse1", "coarse2", "halve2", "whole", "mean", "logits"]
    assert [block["name"] for block in blocks] == names


def test_blocks_hold_every_layer_and_every_weight_once(model, blocks):
    assert sum(len(block["layers"]) for block in blocks) == len(model.layers)
    assert sum(block["weights"] for block in blocks) == model.count_params()


def test_shapes_are_those_of_the_blocks_outputs(model, blocks):
    assert blocks[0]["output"] == [28, 28, 1]
    assert blocks[2]["output"] == list(model.get_layer("fine1_activation").output.shape[1:])
    assert blocks[-1]["output"] == [10]


def test_what_lies_between_a_fork_and_its_sum_is_one_residual_block(blocks):
    assert [block["name"] for block in blocks if block["kind"] == "residual"] == [
        "fine1",
        "fine2",
        "coarse1",
        "coarse2",
    ]
    convolution = ["3 × 3 convolution", "normalisation"]
    assert blocks[2]["layers"] == [*convolution, "ReLU", *convolution, "sum", "ReLU"]


def test_a_fork_with_a_layer_on_either_way_is_one_block():
    source = keras.Input((8, 8, 2), name="in")
    ways = [layers.Conv2D(4, 1, name=f"both_{way}")(source) for way in ("a", "b")]
    model = keras.Model(source, layers.Dense(3, name="out")(layers.Add(name="both_sum")(ways)))
    assert [(block["name"], block["kind"]) for block in layers_of(model)] == [
        ("in", "input"),
        ("both", "residual"),
        ("out", "dense"),
    ]


def test_what_a_model_was_saved_as_is_described_as_it_was(model, blocks, tmp_path):
    model.save(tmp_path / "model.keras")
    assert layers_of(keras.saving.load_model(tmp_path / "model.keras")) == blocks
