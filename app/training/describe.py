"""Adds to the cards of models that were trained before what cards have learned to say since.

    python -m app.training.describe

A card then holds the network's blocks, how familiar characters look to it, and the tests' figures measured anew on the
model.tflite that serves. Nothing is trained, and no version changes but for its card.
"""

import argparse
import json
from pathlib import Path

import keras

from app.recognition import versions
from app.recognition.familiarity import percentiles
from app.recognition.recognizer import MODES, LiteRTModel, softmax
from app.training.architecture import layers_of
from app.training.datasets import Corpus, data_folder
from app.training.evaluate import figures, tests
from app.training.publish import logits_of, validation_drawings, write_atomically
from app.training.report import TRAINED


def describe(folder: Path, corpus: Corpus) -> dict:
    """Write the card of a version's folder anew, and return it.

    Tests that are not the corpus's stay as they are. A figure that comes out otherwise than before is printed.
    """
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    mode, served = card["name"], LiteRTModel((folder / "model.tflite").read_bytes())
    card["layers"] = layers_of(keras.saving.load_model(folder / "model.keras", compile=False))
    drawings, *_ = validation_drawings(corpus, mode)
    card["familiarity"] = percentiles(logits_of(served, drawings) / card["temperature"])
    for name, inputs, labels in tests(corpus, mode):
        before = card["tests"].get(name, {})
        now = figures(softmax(logits_of(served, inputs) / card["temperature"]), labels, mode)
        changed = [figure for figure, value in before.items() if now.get(figure) != value]
        if changed:
            print(f"{mode}, {name}: {', '.join(changed)} changed", flush=True)
        card["tests"][name] = now
    write_atomically(folder / "card.json", json.dumps(card, separators=(",", ":")).encode())
    return card


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--models", type=Path, default=TRAINED, help="folder of models, whose versions that serve are described"
    )
    models, corpus = arguments.parse_args().models, Corpus(data_folder())
    for mode in MODES:
        describe(versions.serving(models, mode), corpus)


if __name__ == "__main__":
    main()
