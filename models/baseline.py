"""What a speaker's own voice, room and microphone look like on average."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FEATURE_COUNT
from models.leaning import Leaning

# Added to a speaker's variance, as a share of that within speakers, so that none is zero.
VARIANCE_FLOOR = 0.05
TINY = 1e-12
Array = NDArray[np.float64]


def _zeros() -> Array:
    return np.zeros(FEATURE_COUNT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Population:
    """The training speakers, and how long a new one is taken for one of them.

    Attributes
    ----------
    mean : ndarray, shape (193,)
        Mean over the speakers.
    between, within : ndarray, shape (193,)
        Variance of the speakers' means, and mean variance of a speaker's windows.
    prior_weight, variance_prior_weight : float
        Independent windows that the population counts against the speaker's own, for the mean
        and for the variance.
    anyone, least : ndarray, shape (193,)
        Variance of any window of any speaker, and what is added to a speaker's.
    """

    mean: Array
    between: Array
    within: Array
    prior_weight: float
    variance_prior_weight: float
    anyone: Array = field(init=False, repr=False, compare=False)
    least: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "anyone", self.between + self.within)
        object.__setattr__(self, "least", VARIANCE_FLOOR * self.within + TINY)

    def blend(self, weight: float, mean: Array, variance: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of a speaker, held to the population by the priors.

        Parameters
        ----------
        weight : float
            Independent windows known of the speaker.
        mean, variance : ndarray, shape (193,)

        Returns
        -------
        mean, scale : ndarray, shape (193,)
            For a speaker of whom nothing is known, those of any window of any speaker.
        """
        share = weight / (weight + self.prior_weight)
        variance_share = weight / (weight + self.variance_prior_weight)
        blended_mean = self.mean + share * (mean - self.mean)
        blended = (1 - variance_share) * self.anyone
        blended += variance_share * variance
        blended += self.least
        return blended_mean, np.sqrt(blended, out=blended)


class _Blend(NamedTuple):
    """What a baseline of that weight amounts to, for that population."""

    population: Population
    weight: float
    mean: Array
    scale: Array


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
    leaning : Leaning
        What the network in use answers to this speaker on average; learnt apart.
    """

    weight: float = 0.0
    mean: Array = field(default_factory=_zeros)
    variance: Array = field(default_factory=_zeros)
    leaning: Leaning = field(default_factory=Leaning)
    _blend: _Blend | None = field(default=None, init=False, repr=False, compare=False)

    def update(self, levelled: Array, weight: float) -> None:
        """Learn one vector, shape (193,), that brings that much evidence."""
        if weight <= 0:
            return
        total = self.weight + weight
        share = weight / total
        deviation = levelled - self.mean
        self.mean = self.mean + share * deviation
        self.variance = (1 - share) * (self.variance + share * deviation**2)
        self.weight = total

    def blended(self, population: Population) -> tuple[Array, Array]:
        """Mean and standard deviation of this speaker, shape (193,): see `Population.blend`."""
        # Each window asks twice, to be judged and to be learnt; what is learnt adds weight.
        known = self._blend
        if known is None or known.population is not population or known.weight != self.weight:
            blend = population.blend(self.weight, self.mean, self.variance)
            known = self._blend = _Blend(population, self.weight, *blend)
        return known.mean, known.scale

    def reset(self) -> None:
        """Forget the speaker."""
        self.weight = 0.0
        self.mean = _zeros()
        self.variance = _zeros()
        self.leaning = Leaning()
