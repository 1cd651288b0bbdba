"""How unlike a character a picture looks, beside which character it looks like most.

Logits say more than the probabilities made of them: their free energy is low for pictures like those that the network
learned from (W. Liu, X. Wang, J. Owens, Y. Li, "Energy-based Out-of-distribution Detection", NeurIPS 2020). What it is
for characters by held-out writers, kept on the card, makes a share of it that can be understood.
"""

import numpy as np

PERCENTILES = np.arange(101)


def familiarity(logits: np.ndarray) -> np.ndarray:
    """The negative free energy of logits (n, classes), divided by the temperature: (n,), high for what was learned."""
    highest = logits.max(-1)
    return highest + np.log(np.exp(logits - highest[:, None], dtype=np.float64).sum(-1))


def percentiles(logits: np.ndarray) -> list[float]:
    """Of the familiarity of characters, for `not_a_character`: PERCENTILES of them, rising."""
    return np.percentile(familiarity(logits), PERCENTILES).round(4).tolist()


def not_a_character(logits: np.ndarray, of_characters: list[float]) -> np.ndarray:
    """The share of characters that look more like one, (n,) in [0, 1]: 0.98 is as odd as one character in fifty.

    of_characters: their `percentiles`.
    """
    return 1 - np.interp(familiarity(logits), of_characters, PERCENTILES / 100)
