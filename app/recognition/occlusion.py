"""Which parts of the ink an answer rests on: they are covered one after another, and what becomes of it is measured.

Occlusion sensitivity, from M. D. Zeiler and R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV
2014. They cover a photograph with grey; ink is covered with paper. Patches overlap here, and each pixel gets the mean
of those that cover it, the nearest counting most.
"""

from collections.abc import Callable

import numpy as np

from app.recognition.preprocessing import INK_SIZE

PATCH = 8  # pixels a side: of a digit a stroke's bend, not a speck and not the half
STRIDE = 4  # half a patch; 49 patches and the ink itself are within the recogniser's largest batch


def importance(ink: np.ndarray, predict: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of what `ink` shows, and how much of the highest of them each of its parts accounts for.

    Args:
        ink: (28, 28) float32 in [0, 1], ink bright.
        predict: (n, 28, 28) -> (n, classes); called once, with at most 50 inks.

    Returns:
        (classes,) probabilities, and (28, 28) float32 in [-1, 1]: what the highest loses when the pixel's surroundings
        are covered, 0 where that covers no ink. Below 0: what is there speaks against the answer.
    """
    patches = _patches()
    patches = patches[((patches > 0) & (ink > 0)).any((1, 2))]
    probabilities, *covered = predict(np.concatenate([ink[None], np.where(patches > 0, np.float32(0), ink)]))
    best = probabilities.argmax()
    drops = np.array([probabilities[best] - without[best] for without in covered], np.float32)
    return probabilities, np.tensordot(drops, patches, 1)


def _patches() -> np.ndarray:
    """(49, 28, 28) float32: above 0 what each patch covers, the most in its middle; each pixel's sum to 1.

    The outermost patches reach over the edge.
    """
    middles = np.arange(0, INK_SIZE, STRIDE) + (STRIDE - 1) / 2
    near = np.clip(1 - np.abs(np.arange(INK_SIZE) - middles[:, None]) / (PATCH / 2), 0, None)
    near /= near.sum(0)
    return np.einsum("ir,jc->ijrc", near, near).reshape(-1, INK_SIZE, INK_SIZE).astype(np.float32)
