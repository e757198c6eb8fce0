"""From a window vector to the network's input: decibels, level, speaker baseline, scaler."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.feature_table import SIZES, SPANS
from models.frames import decibels

MFCC_0 = SPANS["mfcc"].start
MFCC_0_PER_DECIBEL = float(np.sqrt(SIZES["mel"]))
OUTLIER_SCALES = 4.0


def log_vectors(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Put the mel block into decibels, after averaging; the rest stays.

    Parameters
    ----------
    vectors : ndarray, shape (193,) or (n, 193)

    Returns
    -------
    ndarray of the same shape, float64
    """
    logged = vectors.astype(np.float64)
    logged[..., SPANS["mel"]] = decibels(logged[..., SPANS["mel"]])
    return logged


def handle_level(
    logged: NDArray[np.float64], mel_level_kept: float, mfcc_level_kept: float
) -> NDArray[np.float64]:
    """Take a share of the level out of log vectors: see `Preprocessing`.

    Parameters
    ----------
    logged : ndarray, shape (193,) or (n, 193)
        From `log_vectors`; left as it is.
    mel_level_kept, mfcc_level_kept : float
    """
    levelled = logged.copy()
    level_db = logged[..., SPANS["mel"]].max(axis=-1)
    levelled[..., SPANS["mel"]] -= ((1 - mel_level_kept) * level_db)[..., None]
    levelled[..., MFCC_0] -= (1 - mfcc_level_kept) * level_db * MFCC_0_PER_DECIBEL
    return levelled


@dataclass(frozen=True, kw_only=True, slots=True)
class Preprocessing:
    """What a bundle does to a window vector before its network sees it.

    Attributes
    ----------
    mel_level_kept, mfcc_level_kept : float
        Share of the window's level (its largest mel band, in decibels) that stays in the mel
        block and in the MFCC of order 0: 1 leaves it in, 0 makes the vector level-free.
    prior_weight : float
        Weight of the population against a speaker's own windows, in independent windows.
    population_mean, population_scale : ndarray, shape (193,)
        Mean and standard deviation over the training speakers.
    scaler_mean, scaler_scale : ndarray, shape (193,)
        Standardisation after the baseline.
    """

    mel_level_kept: float
    mfcc_level_kept: float
    prior_weight: float
    population_mean: NDArray[np.float64]
    population_scale: NDArray[np.float64]
    scaler_mean: NDArray[np.float64]
    scaler_scale: NDArray[np.float64]

    def levelled(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Log vectors with the level handled: what the baseline learns from.

        Parameters
        ----------
        vectors : ndarray, shape (193,) or (n, 193)
            Window vectors.
        """
        return handle_level(log_vectors(vectors), self.mel_level_kept, self.mfcc_level_kept)

    def standardised(
        self, levelled: NDArray[np.float64], baseline: SpeakerBaseline
    ) -> NDArray[np.float64]:
        """The network's input, shape as `levelled`."""
        mean, scale = baseline.blended(
            self.population_mean, self.population_scale, self.prior_weight
        )
        centred: NDArray[np.float64] = (levelled - mean) / scale
        return (centred - self.scaler_mean) / self.scaler_scale

    def learn(
        self, baseline: SpeakerBaseline, levelled: NDArray[np.float64], weight: float
    ) -> None:
        """Let a baseline take in one levelled vector, shape (193,).

        Values further than `OUTLIER_SCALES` deviations from what is known so far are drawn in
        to that bound, so that one shout does not spoil a baseline.

        Parameters
        ----------
        baseline : SpeakerBaseline
            Updated in place.
        levelled : ndarray, shape (193,)
        weight : float
            Evidence that the window brings, in independent windows.
        """
        mean, scale = baseline.blended(
            self.population_mean, self.population_scale, self.prior_weight
        )
        bound = OUTLIER_SCALES * scale
        baseline.update(np.clip(levelled, mean - bound, mean + bound), weight)
