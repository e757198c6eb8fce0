"""Around the network: level, speaker baseline and relevance before it, the leaning after it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.baseline import Population, SpeakerBaseline
from models.kernel import library
from models.kernel.tables import PreprocessingTables
from models.level_free import FORM, NOTHING, level_free

LARGEST_DEVIATION = 4.0
MATURITY_SCALE = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Preprocessing:
    """What a bundle does to a window vector before its network sees it.

    Attributes
    ----------
    population : Population
        Mean and deviations of the training speakers, which the baseline starts from.
    relevance : ndarray, shape (193,)
        Factor of each feature after standardisation: how well it tells emotions apart.
    leaning_share : float
        How much of the network's leaning towards a voice is taken out: see `models.leaning`.
    stranger_share : float
        How much an answer is one to a stranger, whose baseline is not used: see `models.listener`.
    told : PreprocessingTables
        All of it for the compiled kernel.
    """

    population: Population
    relevance: NDArray[np.float64]
    leaning_share: float
    stranger_share: float
    told: PreprocessingTables = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        told = {
            "mean": self.population.mean,
            "anyone": self.population.anyone,
            "least": self.population.least,
            "relevance": self.relevance,
            "prior_weight": self.population.prior_weight,
            "variance_prior_weight": self.population.variance_prior_weight,
            "stranger_share": self.stranger_share,
            "bound": LARGEST_DEVIATION,
            "maturity_scale": MATURITY_SCALE,
            "maturity_place": NOTHING,
        }
        object.__setattr__(self, "told", PreprocessingTables.of(told))

    @property
    def form(self) -> str:
        """Name of what `levelled` does to a vector."""
        return FORM

    @property
    def prior_weight(self) -> float:
        """Independent windows that the population's mean counts against a speaker's own."""
        return self.population.prior_weight

    def levelled(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Vectors without their level: what the baseline learns from.

        Parameters
        ----------
        vectors : ndarray, shape (338,) or (n, 338)
            Window vectors.

        Returns
        -------
        ndarray, shape (193,) or (n, 193)
        """
        return level_free(vectors)

    def standardised(
        self, levelled: NDArray[np.float64], baseline: SpeakerBaseline
    ) -> NDArray[np.float64]:
        """The network's input, shape as `levelled`.

        The place that `level_free` leaves empty tells how mature the baseline is.
        """
        mean, scale = baseline.blended(self.population)
        inputs = _drawn_in((levelled - mean) / scale, -LARGEST_DEVIATION, LARGEST_DEVIATION)
        inputs *= self.relevance
        share = baseline.weight / (baseline.weight + self.prior_weight)
        inputs[..., NOTHING] = MATURITY_SCALE * (2 * share - 1)
        return inputs

    def without_leaning(
        self, logits: NDArray[np.float64], baseline: SpeakerBaseline
    ) -> NDArray[np.float64]:
        """Logits, shape (8,) or (n, 8), less what is known of the leaning towards this voice."""
        return baseline.leaning.removed(logits, self.leaning_share, self.prior_weight)

    def learn(
        self,
        baseline: SpeakerBaseline,
        levelled: NDArray[np.float64],
        logits: NDArray[np.float64],
        weight: float,
    ) -> None:
        """Let a baseline take in one levelled vector, shape (193,), and what was answered to it.

        Values further than `LARGEST_DEVIATION` deviations from what is known so far are drawn
        in to that bound, so that one shout does not spoil a baseline.

        Parameters
        ----------
        baseline : SpeakerBaseline
            Updated in place.
        levelled : ndarray, shape (193,)
        logits : ndarray, shape (8,)
            The network's own, with the baseline as it was.
        weight : float
            Evidence that the window brings, in independent windows.
        """
        kernel = library.compiled()
        if kernel is not None and weight > 0:
            voice = baseline.mean, baseline.variance, baseline.weight
            baseline.mean, baseline.variance = kernel.learn(levelled, weight, self.told, voice)
            baseline.weight += weight
        else:
            mean, scale = baseline.blended(self.population)
            bound = LARGEST_DEVIATION * scale
            baseline.update(_drawn_in(levelled, mean - bound, mean + bound), weight)
        baseline.leaning.update(logits, weight)


def _drawn_in(
    values: NDArray[np.float64],
    lowest: float | NDArray[np.float64],
    highest: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Values within bounds, as by `np.clip`, which takes four times as long for so few."""
    bounded: NDArray[np.float64] = np.maximum(values, lowest)
    return np.minimum(bounded, highest, out=bounded)
