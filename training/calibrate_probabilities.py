"""Temperatures and the threshold for `unsure`, from speakers held out of the training."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration, WindowCalibration
from models.network import softmax
from training.judge import Verdicts, smoothed
from training.metrics import coverage_curve, log_loss

LOWEST_TEMPERATURE = 0.2
HIGHEST_TEMPERATURE = 10.0
# The live program shows an emotion for at least this share of the windows with speech.
LEAST_COVERAGE = 0.9


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HeldOut:
    """Verdicts on windows of one length by models that never heard their speakers.

    Attributes
    ----------
    cold, known : Verdicts
        Without a baseline, and with one from all of the speaker's windows.
    """

    cold: Verdicts
    known: Verdicts


def fitted_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature with the least log loss (Guo et al. 2017), by golden section."""
    ratio = (np.sqrt(5) - 1) / 2
    low, high = np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE)
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(logits, labels, left) < _loss(logits, labels, right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def _loss(logits: NDArray[np.float64], labels: NDArray[np.int64], log_temperature: float) -> float:
    return log_loss(softmax(logits, float(np.exp(log_temperature))), labels)


def unsure_threshold(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The highest threshold on the confidence that keeps `LEAST_COVERAGE` of the windows."""
    thresholds, coverage, _ = coverage_curve(probabilities, labels)
    return float(thresholds[coverage >= LEAST_COVERAGE].max())


def calibrated(held_out: Mapping[float, HeldOut]) -> Calibration:
    """Calibration for each length of window.

    Parameters
    ----------
    held_out : mapping
        From a window's length in seconds to verdicts.
    """
    return Calibration(
        windows=tuple(_calibrated(length, found) for length, found in sorted(held_out.items()))
    )


def _calibrated(window_s: float, found: HeldOut) -> WindowCalibration:
    temperature_cold = fitted_temperature(found.cold.logits, found.cold.labels)
    temperature_known = fitted_temperature(found.known.logits, found.known.labels)
    probabilities = np.concatenate(
        [
            smoothed(softmax(found.cold.logits, temperature_cold), found.cold.clip),
            smoothed(softmax(found.known.logits, temperature_known), found.known.clip),
        ]
    )
    labels = np.concatenate([found.cold.labels, found.known.labels])
    return WindowCalibration(
        window_s=window_s,
        temperature_cold=temperature_cold,
        temperature_known=temperature_known,
        unsure_below=unsure_threshold(probabilities, labels),
    )
