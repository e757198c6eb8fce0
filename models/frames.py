"""From samples to 193 features a frame; each frame depends on its own 1024 samples only."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FEATURE_COUNT, SIZES, SPANS
from models.filter_banks import BINS, FRAME_SAMPLES, HOP_SAMPLES, FilterBanks, banded

AMIN = 1e-10
CONTRAST_LOWEST_HZ = 200.0
CONTRAST_QUANTILE = 0.02
BIN_HZ = 16_000 / FRAME_SAMPLES
TINIEST = np.finfo(np.float32).tiny


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
        self._mel = banded(banks.mel)
        self._chroma = np.ascontiguousarray(banks.chroma.T, dtype=np.float32)
        self._dct = np.ascontiguousarray(banks.dct.T, dtype=np.float32)
        self._tonnetz = np.ascontiguousarray(banks.tonnetz.T, dtype=np.float32)
        self._bands = contrast_bands()
        self._tails, self._tail_means = _tail_means(self._bands)

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
        # Converted once, not in each of the six frames that share a sample.
        exact = samples.astype(np.float64)
        strides = (HOP_SAMPLES * exact.itemsize, exact.itemsize)
        frames = np.ndarray((count, FRAME_SAMPLES), exact.dtype, exact, strides=strides)
        windowed: NDArray[np.float64] = frames * self._window
        return windowed

    @staticmethod
    def level_db(windowed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy of each frame in decibels, shape (k,)."""
        return decibels(np.vecdot(windowed, windowed))

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
        exact = spectrum.real**2
        exact += spectrum.imag**2
        power = exact.astype(np.float32)
        out = np.empty((len(windowed), FEATURE_COUNT), np.float32)
        mel = out[:, SPANS["mel"]]
        for block in self._mel:
            np.matmul(power[:, block.bins], block.weights, out=mel[:, block.bands])
        out[:, SPANS["mfcc"]] = decibels(mel) @ self._dct
        pitch_classes = power @ self._chroma
        chroma = _scaled(pitch_classes, pitch_classes.max(axis=1, keepdims=True))
        out[:, SPANS["chroma"]] = chroma
        out[:, SPANS["tonnetz"]] = (
            _scaled(chroma, chroma.sum(axis=1, keepdims=True)) @ self._tonnetz
        )
        out[:, SPANS["contrast"]] = self._contrast(power)
        return out

    def _contrast(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        # Sorting power orders magnitudes too, so only the tails need the square root.
        ordered = power.copy()
        for first, end, _ in self._bands:
            ordered[:, first:end].sort(axis=1)
        levels = decibels(np.sqrt(ordered[:, self._tails]) @ self._tail_means)
        peak, valley = levels[:, : len(self._bands)], levels[:, len(self._bands) :]
        contrast: NDArray[np.float32] = peak - valley
        return contrast


def _scaled(values: NDArray[np.float32], norm: NDArray[np.float32]) -> NDArray[np.float32]:
    # As librosa.util.normalize: a norm too small to divide by leaves the values as they are.
    norm[norm < TINIEST] = 1
    return values / norm


def _tail_means(
    bands: tuple[tuple[int, int, int], ...],
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Bins at the ends of the sorted bands, and the matrix of their means: peaks, then valleys."""
    peaks = [range(end - tail, end) for _, end, tail in bands]
    valleys = [range(first, first + tail) for first, _, tail in bands]
    sizes = [len(run) for run in (*peaks, *valleys)]
    means = np.eye(len(sizes), dtype=np.float32)[np.repeat(np.arange(len(sizes)), sizes)]
    means /= np.array(sizes, np.float32)
    return np.concatenate([*peaks, *valleys]), means
