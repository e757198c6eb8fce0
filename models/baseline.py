"""What a speaker's own voice, room and microphone look like on average."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FEATURE_COUNT


def _zeros() -> NDArray[np.float64]:
    return np.zeros(FEATURE_COUNT)


def blend(
    weight: NDArray[np.float64],
    mean: NDArray[np.float64],
    variance: NDArray[np.float64],
    *,
    population_mean: NDArray[np.float64],
    population_scale: NDArray[np.float64],
    prior_weight: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of speakers, held to the population by a prior.

    Parameters
    ----------
    weight : ndarray, shape () or (n, 1)
        Independent windows known of each speaker.
    mean, variance : ndarray, shape (193,) or (n, 193)
    population_mean, population_scale : ndarray, shape (193,)
    prior_weight : float
        In independent windows.

    Returns
    -------
    mean, scale : ndarray, shape (193,) or (n, 193)
    """
    share = weight / (weight + prior_weight)
    blended_mean = population_mean + share * (mean - population_mean)
    blended_variance = (1 - share) * population_scale**2 + share * variance
    return blended_mean, np.sqrt(blended_variance)


@dataclass(slots=True)
class SpeakerBaseline:
    """Running mean and variance of one speaker's levelled vectors (West 1979).

    The weight counts independent evidence, seconds of speech divided by the window's length:
    overlapping windows of the same second do not count twice.

    Attributes
    ----------
    weight : float
        In independent windows; 0 knows nothing.
    mean, variance : ndarray, shape (193,)
    """

    weight: float = 0.0
    mean: NDArray[np.float64] = field(default_factory=_zeros)
    variance: NDArray[np.float64] = field(default_factory=_zeros)

    def update(self, levelled: NDArray[np.float64], weight: float) -> None:
        """Learn one vector, shape (193,), that brings that much evidence."""
        if weight <= 0:
            return
        total = self.weight + weight
        share = weight / total
        deviation = levelled - self.mean
        self.mean = self.mean + share * deviation
        self.variance = (1 - share) * (self.variance + share * deviation**2)
        self.weight = total

    def blended(
        self,
        population_mean: NDArray[np.float64],
        population_scale: NDArray[np.float64],
        prior_weight: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation of the speaker, held to the population by a prior.

        Parameters
        ----------
        population_mean, population_scale : ndarray, shape (193,)
        prior_weight : float
            In independent windows.

        Returns
        -------
        mean, scale : ndarray, shape (193,)
            Those of the population for a speaker of whom nothing is known.
        """
        return blend(
            np.array(self.weight),
            self.mean,
            self.variance,
            population_mean=population_mean,
            population_scale=population_scale,
            prior_weight=prior_weight,
        )

    def reset(self) -> None:
        """Forget the speaker."""
        self.weight = 0.0
        self.mean = _zeros()
        self.variance = _zeros()
