"""What a network answers to one voice on average, whatever that voice expresses.

A voice that a network has never heard may look sad to it in every sentence. The mean of its
answers tells; a share of it is taken out of each answer, so that no emotion sticks to a voice.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.labels import EMOTIONS

Array = NDArray[np.float64]


def _even() -> Array:
    return np.zeros(len(EMOTIONS))


@dataclass(slots=True)
class Leaning:
    """Running mean of a network's logits about one speaker, each less its mean over the emotions.

    Attributes
    ----------
    weight : float
        In independent windows; 0 knows nothing.
    mean : ndarray, shape (8,)
    """

    weight: float = 0.0
    mean: Array = field(default_factory=_even)

    def update(self, logits: Array, weight: float) -> None:
        """Learn one window's logits, shape (8,), that bring that much evidence."""
        if weight <= 0:
            return
        self.weight += weight
        # Not logits.mean(), which takes three times as long for so few.
        apart = logits - logits.sum() / logits.size
        self.mean = self.mean + weight / self.weight * (apart - self.mean)

    def removed(self, logits: Array, share: float, prior_weight: float) -> Array:
        """Logits, shape (8,) or (n, 8), less a share of the leaning.

        Parameters
        ----------
        logits : ndarray, shape (8,) or (n, 8)
        share : float
            Of a leaning that is known for certain, between 0 and 1.
        prior_weight : float
            Independent windows that no leaning at all counts against what was heard.
        """
        known = share * self.weight / (self.weight + prior_weight)
        return logits - known * self.mean
