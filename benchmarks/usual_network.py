"""The usual app's network.

Conv32-Pool-Conv32-BN-Conv32/5s2-BN-Drop-Conv64-BN-Conv64-BN-Conv64/5s2-BN-Drop-Flatten-Drop-Softmax
"""

import string

import keras
from keras import layers

from benchmarks.cache import usual_model

# Not imported from app, whose own modules would then weigh on the usual app.
LABELS = {"digit": string.digits, "character": string.ascii_uppercase + string.ascii_lowercase}
DROPOUT = 0.4


def build(classes: int) -> keras.Model:
    """(n, 28, 28, 1) float32 in [0, 1] to probabilities (n, classes)."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),  # 26 x 26 x 32
            layers.MaxPooling2D(),  # 13 x 13 x 32
            layers.Conv2D(32, 3, activation="relu"),  # 11 x 11 x 32
            layers.BatchNormalization(),
            layers.Conv2D(32, 5, 2, padding="same", activation="relu"),  # 6 x 6 x 32
            layers.BatchNormalization(),
            layers.Dropout(DROPOUT),
            layers.Conv2D(64, 3, activation="relu"),  # 4 x 4 x 64
            layers.BatchNormalization(),
            layers.Conv2D(64, 3, activation="relu"),  # 2 x 2 x 64
            layers.BatchNormalization(),
            layers.Conv2D(64, 5, 2, padding="same", activation="relu"),  # 1 x 1 x 64
            layers.BatchNormalization(),
            layers.Dropout(DROPOUT),
            layers.Flatten(),
            layers.Dropout(DROPOUT),
            layers.Dense(classes, name="logits"),
            layers.Softmax(),
        ]
    )


def load(mode: str) -> keras.Model:
    """The trained network, or an untrained one, which takes as long to answer, where there is none."""
    if (file := usual_model(mode)).exists():
        return keras.saving.load_model(file, compile=False)
    return build(len(LABELS[mode]))
