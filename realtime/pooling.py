"""One verdict for a whole recording from those of its windows."""

import numpy as np
from numpy.typing import NDArray

from models.labels import EMOTIONS
from models.network import softmax
from realtime.smoothing import LEAST_PROBABILITY

FULLNESS_POWER = 8


class Pool:
    """Geometric mean of the windows' probabilities, those fullest of speech weighing most.

    A window that holds the whole utterance knows more than one that holds its first word: the
    weight is the number of active frames to the power of `FULLNESS_POWER`.
    """

    def __init__(self) -> None:
        self._total = np.zeros(len(EMOTIONS))
        self._hidden: NDArray[np.float64] | float = 0.0
        self._weight = 0.0

    def add(
        self,
        probabilities: NDArray[np.float64],
        active_frames: NDArray[np.integer],
        hidden: NDArray[np.floating] | None = None,
    ) -> None:
        """Take in windows.

        Parameters
        ----------
        probabilities : ndarray, shape (n, 8)
        active_frames : ndarray, shape (n,)
        hidden : ndarray, shape (n, units), or None
            What the network's first layer makes of them, where `mean_hidden` is wanted.
        """
        weights = active_frames.astype(np.float64) ** FULLNESS_POWER
        self._total += weights @ np.log(np.maximum(probabilities, LEAST_PROBABILITY))
        self._weight += float(weights.sum())
        if hidden is not None:
            self._hidden = self._hidden + weights @ hidden

    def result(self) -> NDArray[np.float64] | None:
        """Probabilities of the recording, shape (8,); None if there was no window."""
        if not self._weight:
            return None
        return softmax(self._total / self._weight)

    def mean_hidden(self) -> NDArray[np.float64]:
        """Mean of what was given as `hidden`, shape (units,), the fullest weighing most."""
        mean: NDArray[np.float64] = np.asarray(self._hidden) / self._weight
        return mean
