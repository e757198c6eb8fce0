"""Smoothing of overlapping estimates, in the log domain."""

import math

import numpy as np
from numpy.typing import NDArray

from models.network import softmax

LEAST_PROBABILITY = 1e-6


class Smoother:
    """Exponential average of log probabilities: a running geometric mean.

    The geometric mean is the pooling that treats overlapping windows as repeated evidence for
    one emotion: a window that rules an emotion out counts more than in an arithmetic mean.

    Parameters
    ----------
    time_constant_s : float
        Seconds after which an old estimate weighs 1/e; 0 switches smoothing off.
    hop_s : float
        Seconds between estimates.
    reset_after_s : float
        Seconds without speech after which the next estimate starts afresh.
    """

    def __init__(self, time_constant_s: float, hop_s: float, reset_after_s: float) -> None:
        self._keep = math.exp(-hop_s / time_constant_s) if time_constant_s > 0 else 0.0
        # Counted in hops: a sum of tenths of a second falls short of a whole one.
        self._reset_after_hops = math.ceil(round(reset_after_s / hop_s, 6))
        self._mean: NDArray[np.float64] | None = None
        self._silent_hops = 0

    def push(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the next window's probabilities, shape (8,), and return the smoothed ones."""
        self._silent_hops = 0
        logs = np.log(np.maximum(probabilities, LEAST_PROBABILITY))
        if self._mean is None:
            self._mean = logs
        else:
            self._mean = self._keep * self._mean + (1 - self._keep) * logs
        return softmax(self._mean)

    def silence(self) -> None:
        """Tell of a window without speech."""
        self._silent_hops += 1
        if self._silent_hops >= self._reset_after_hops:
            self.reset()

    def reset(self) -> None:
        """Start afresh, as at the beginning of a segment."""
        self._mean = None
        self._silent_hops = 0
