"""Whether the voice of the last seconds is still the one that the baseline learnt."""

import numpy as np
from numpy.typing import NDArray

from models.baseline import Population, SpeakerBaseline

# Chosen on RAVDESS, see docs/experiments.md: one emotion held for long stays below.
STRANGE_ABOVE = 0.2
FAMILIAR_BELOW = 0.1
RECENT_WINDOWS = 5.0
LEAST_RECENT = 3.0
LEAST_KNOWN = 6.0


class VoiceFit:
    """Compares the mean of the last windows with the baseline.

    The distance is the mean square difference in deviations within speakers, each feature
    weighted by how much speakers differ in it.

    Parameters
    ----------
    population : Population
        The training speakers, who tell how much speakers differ, and how much one varies.
    """

    def __init__(self, population: Population) -> None:
        varies = population.within > 0
        self._within = np.where(varies, population.within, 1.0)
        weight = np.where(varies, population.between / self._within, 0.0)
        self._weight = weight / max(float(weight.sum()), 1e-12) / self._within
        self._recent_mean: NDArray[np.float64] | None = None
        self._recent = 0.0
        self.fits = True

    def push(
        self, levelled: NDArray[np.float64], evidence: float, baseline: SpeakerBaseline
    ) -> None:
        """Take in one speech window.

        Parameters
        ----------
        levelled : ndarray, shape (193,)
        evidence : float
            What the window adds, in independent windows.
        baseline : SpeakerBaseline
            What is known of the speaker.
        """
        self._recent += evidence
        if self._recent_mean is None:
            self._recent_mean = levelled.copy()
        share = evidence / min(self._recent, RECENT_WINDOWS)
        self._recent_mean += share * (levelled - self._recent_mean)
        if self._recent >= LEAST_RECENT and baseline.weight >= LEAST_KNOWN:
            self._judge(self._recent_mean - baseline.mean)

    def _judge(self, difference: NDArray[np.float64]) -> None:
        distance = float(self._weight @ difference**2)
        if distance > STRANGE_ABOVE:
            self.fits = False
        elif distance < FAMILIAR_BELOW:
            self.fits = True

    def reset(self) -> None:
        """Begin anew, as for another speaker."""
        self._recent_mean = None
        self._recent = 0.0
        self.fits = True
