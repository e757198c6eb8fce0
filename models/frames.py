"""From samples to 193 features a frame; each frame depends on its own 1024 samples only."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FEATURE_COUNT, SIZES, SPANS
from models.filter_banks import BINS, FRAME_SAMPLES, HOP_SAMPLES, FilterBanks

AMIN = 1e-10
CONTRAST_LOWEST_HZ = 200.0
CONTRAST_QUANTILE = 0.02
BIN_HZ = 16_000 / FRAME_SAMPLES


def frame_count(samples: int) -> int:
    """How many whole frames lie in that many samples."""
    return max(0, (samples - FRAME_SAMPLES) // HOP_SAMPLES + 1)


def decibels(power: NDArray[Any]) -> NDArray[Any]:
    """10 log10 of the power, floored at `AMIN`, with no ceiling relative to a clip's maximum."""
    levels: NDArray[Any] = 10.0 * np.log10(np.maximum(power, AMIN))
    return levels


def contrast_bands() -> tuple[tuple[int, int, int], ...]:
    """First bin, end bin and tail length of each octave band of spectral contrast.

    Follows `librosa.feature.spectral_contrast` (Jiang et al. 2002): a band takes in the bin
    below it, all but the highest leave out their last bin, and the valley and the peak are
    means over the lowest and highest 2 % of the bins, at least one.
    """
    edges = [0.0] + [CONTRAST_LOWEST_HZ * 2**i for i in range(SIZES["contrast"])]
    hertz = np.arange(BINS) * BIN_HZ
    bands = []
    for k, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((hertz >= low) & (hertz <= high))
        is_highest = k == SIZES["contrast"] - 1
        first = int(inside[0]) - (1 if k else 0)
        end = BINS if is_highest else int(inside[-1]) + 1
        tail = max(1, round(CONTRAST_QUANTILE * (end - first)))
        bands.append((first, end if is_highest else end - 1, tail))
    return tuple(bands)


class FrameExtractor:
    """Computes frames; holds the window and the matrices, and no state.

    Parameters
    ----------
    banks : FilterBanks
    """

    def __init__(self, banks: FilterBanks) -> None:
        self._window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME_SAMPLES) / FRAME_SAMPLES)
        self._pitch_banks = np.ascontiguousarray(
            np.concatenate([banks.mel, banks.chroma]).T, dtype=np.float32
        )
        self._dct = np.ascontiguousarray(banks.dct.T, dtype=np.float32)
        self._tonnetz = np.ascontiguousarray(banks.tonnetz.T, dtype=np.float32)
        self._bands = contrast_bands()
        self._band_starts = np.array([first for first, _, _ in self._bands])
        # Only the highest bands have more than one bin in each tail.
        self._wide_bands = [band for band in self._bands if band[2] > 1]
        self._tail_means = _averages([tail for _, _, tail in self._wide_bands])

    def windowed(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """Cut samples into frames under a periodic Hann window.

        Parameters
        ----------
        samples : ndarray, shape (n,), float32

        Returns
        -------
        ndarray, shape (frame_count(n), 1024), float64
        """
        count = frame_count(samples.size)
        if not count:
            return np.zeros((0, FRAME_SAMPLES))
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
        windowed: NDArray[np.float64] = frames[:count] * self._window
        return windowed

    @staticmethod
    def level_db(windowed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy of each frame in decibels, shape (k,)."""
        energy: NDArray[np.float64] = np.einsum("ij,ij->i", windowed, windowed)
        return decibels(energy)

    def features(self, windowed: NDArray[np.float64]) -> NDArray[np.float32]:
        """Compute the 193 features of each frame.

        Parameters
        ----------
        windowed : ndarray, shape (k, 1024), float64
            From `windowed`.

        Returns
        -------
        ndarray, shape (k, 193), float32
            MFCC in decibels, chroma scaled to a maximum of 1, mel power, contrast in decibels,
            tonnetz in -1 to 1. librosa's definitions with `top_db=None` and `tuning=0`, the
            tonnetz from the chroma.
        """
        spectrum = np.fft.rfft(windowed, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        out = np.empty((len(windowed), FEATURE_COUNT), np.float32)
        pitched = power @ self._pitch_banks
        mel = pitched[:, : SIZES["mel"]]
        pitch_classes = pitched[:, SIZES["mel"] :]
        out[:, SPANS["mel"]] = mel
        out[:, SPANS["mfcc"]] = decibels(mel) @ self._dct
        chroma = _scaled(pitch_classes, np.abs(pitch_classes).max(axis=1, keepdims=True))
        out[:, SPANS["chroma"]] = chroma
        tonal: NDArray[np.float32] = _scaled(chroma, np.abs(chroma).sum(axis=1, keepdims=True))
        out[:, SPANS["tonnetz"]] = tonal @ self._tonnetz
        out[:, SPANS["contrast"]] = self._contrast(power)
        return out

    def _contrast(self, power: NDArray[np.float32]) -> NDArray[np.float64]:
        # Sorting power orders magnitudes too, so only the tails need the square root; and the
        # bands adjoin, so one sweep finds the extremes of all, which is all that most need.
        tails = np.empty((2, len(power), len(self._bands)))
        np.sqrt(np.maximum.reduceat(power, self._band_starts, axis=1), out=tails[0])
        np.sqrt(np.minimum.reduceat(power, self._band_starts, axis=1), out=tails[1])
        ordered = [np.sort(power[:, first:end], axis=1) for first, end, _ in self._wide_bands]
        widths = [tail for _, _, tail in self._wide_bands]
        highest = [rows[:, -tail:] for rows, tail in zip(ordered, widths, strict=True)]
        lowest = [rows[:, :tail] for rows, tail in zip(ordered, widths, strict=True)]
        wide = -len(self._wide_bands)
        tails[0, :, wide:] = np.sqrt(np.concatenate(highest, axis=1)) @ self._tail_means
        tails[1, :, wide:] = np.sqrt(np.concatenate(lowest, axis=1)) @ self._tail_means
        peak, valley = decibels(tails)
        contrast: NDArray[np.float64] = peak - valley
        return contrast


def _scaled(values: NDArray[np.float32], norm: NDArray[np.float32]) -> NDArray[np.float32]:
    # As librosa.util.normalize: a norm too small to divide by leaves the values as they are.
    tiny = np.finfo(np.float32).tiny
    divisor = np.where(norm < tiny, np.float32(1), norm)
    scaled: NDArray[np.float32] = np.divide(values, divisor, dtype=np.float32)
    return scaled


def _averages(sizes: list[int]) -> NDArray[np.float32]:
    """Matrix that averages runs of columns of these sizes, shape (sum of sizes, runs)."""
    runs = np.repeat(np.arange(len(sizes)), sizes)
    matrix: NDArray[np.float32] = np.eye(len(sizes), dtype=np.float32)[runs]
    matrix /= np.array(sizes, np.float32)
    return matrix
