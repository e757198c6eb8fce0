"""From samples to 193 features a frame; each frame depends on its own 1024 samples only.

The logarithm makes as much of an empty mel band as of a loud one: what a telephone, a codec or a
quiet room leaves there, down to nothing at all, moves every cepstral coefficient. So a frame has
its MFCC twice: as librosa computes them, and of bands lifted to `FLOOR_DB` below the frame's
loudest, which is librosa's `top_db` within a frame.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FLOORED_MFCC, FRAME_SIZE, PITCH, SIZES, SPANS
from models.filter_banks import BINS, DECIBELS, FRAME_SAMPLES, HOP_SAMPLES, FilterBanks, banded
from models.kernel import library
from models.kernel.tables import FrameTables, runs, twiddles
from models.pitch import PitchFinder

AMIN = 1e-10
FLOOR_DB = 45.0
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
        self._dct = np.ascontiguousarray(DECIBELS * banks.dct.T, dtype=np.float32)
        self._find_pitch = PitchFinder()
        # The last column gives the sum, which the others are divided by.
        tonal = np.vstack([banks.tonnetz, np.ones(SIZES["chroma"])])
        self._tonnetz = np.ascontiguousarray(tonal.T, dtype=np.float32)
        self._bands = contrast_bands()
        self._tails, self._tail_means = _tail_means(self._bands)
        each = np.eye(len(self._bands))
        self._peak_less_valley = (DECIBELS * np.vstack([each, -each])).astype(np.float32)
        self._tables = FrameTables.of(self._told(banks))

    def compute(
        self, samples: NDArray[np.float32], numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Compute frames by their numbers: the first begins with the first sample.

        Parameters
        ----------
        samples : ndarray, shape (n,), float32
        numbers : ndarray, shape (k,), int64
            From 0 to less than `frame_count(n)`, in any order.

        Returns
        -------
        features : ndarray, shape (k, 238), float32
            See `features`.
        level_db : ndarray, shape (k,)
            See `level_db`.
        """
        kernel = library.compiled()
        if kernel is not None:
            found, energy = kernel.frames(samples, numbers, self._tables)
            return found, decibels(energy)
        windowed = self.windowed(samples)
        if not np.array_equal(numbers, np.arange(len(windowed))):
            windowed = windowed[numbers]
        return self.features(windowed), self.level_db(windowed)

    def _told(self, banks: FilterBanks) -> dict[str, Any]:
        """What the compiled kernel has to know."""
        mel_bins, mel_weights = runs(banks.mel)
        return self._find_pitch.told() | {
            "window": self._window,
            "twiddle": twiddles(FRAME_SAMPLES // 2, FRAME_SAMPLES // 2),
            "split": twiddles(FRAME_SAMPLES, FRAME_SAMPLES // 4 + 1),
            "mel_bins": mel_bins,
            "mel_weights": mel_weights,
            "chroma": self._chroma,
            "dct": self._dct,
            "tonnetz": self._tonnetz,
            "bands": self._bands,
            "amin": AMIN,
            "floor": FLOOR_DB / DECIBELS,
            "tiniest": TINIEST,
            "decibels": DECIBELS,
        }

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
        """Compute the 193 features of each frame, its MFCC over a floor and its pitch.

        Parameters
        ----------
        windowed : ndarray, shape (k, 1024), float64
            From `windowed`.

        Returns
        -------
        ndarray, shape (k, 238), float32
            MFCC in decibels, chroma scaled to a maximum of 1, mel power, contrast in decibels,
            tonnetz in -1 to 1. librosa's definitions with `top_db=None` and `tuning=0`, the
            tonnetz from the chroma. Then the MFCC with a `top_db` of `FLOOR_DB` within each frame,
            and what `models.pitch` finds in the same bands.
        """
        power = _power(windowed)
        out = np.empty((len(windowed), FRAME_SIZE), np.float32)
        mel = out[:, SPANS["mel"]]
        for block in self._mel:
            np.matmul(power[:, block.bins], block.weights, out=mel[:, block.bands])
        levels = _logarithms(mel)
        np.matmul(levels, self._dct, out=out[:, SPANS["mfcc"]])
        floor = levels.max(axis=1, keepdims=True) - FLOOR_DB / DECIBELS
        np.maximum(levels, floor, out=levels)
        np.matmul(levels, self._dct, out=out[:, FLOORED_MFCC])
        self._find_pitch(levels, out[:, PITCH])
        self._tonality(power, out[:, SPANS["chroma"]], out[:, SPANS["tonnetz"]])
        self._contrast(power, out[:, SPANS["contrast"]])
        return out

    def _tonality(
        self, power: NDArray[np.float32], chroma: NDArray[np.float32], tonnetz: NDArray[np.float32]
    ) -> None:
        pitch_classes = np.dot(power, self._chroma)
        # A norm too small to divide by is one of silence, whose zeros it leaves as they are.
        largest = np.maximum.reduce(pitch_classes, axis=1, keepdims=True, initial=TINIEST)
        np.divide(pitch_classes, largest, out=chroma)
        tonal = np.dot(chroma, self._tonnetz)
        sums = np.maximum(tonal[:, -1:], TINIEST)
        np.divide(tonal[:, :-1], sums, out=tonnetz)

    def _contrast(self, power: NDArray[np.float32], contrast: NDArray[np.float32]) -> None:
        """Fill in the contrast; leaves the power of each band sorted."""
        # Sorting power orders magnitudes too, so only the tails need the square root. Of numbers
        # that are not negative the bits, too, are in order, and integers are sorted faster.
        bits = power.view(np.int32)
        for first, end, _ in self._bands:
            bits[:, first:end].sort(axis=1)
        tails = power.take(self._tails, axis=1)
        levels = _logarithms(np.dot(np.sqrt(tails, out=tails), self._tail_means))
        np.matmul(levels, self._peak_less_valley, out=contrast)


def _power(windowed: NDArray[np.float64]) -> NDArray[np.float32]:
    """Power spectrum of each frame, shape (k, 513)."""
    spectrum = np.empty((len(windowed), BINS), np.complex128)
    parts = np.fft.rfft(windowed, axis=1, out=spectrum).view(np.float64)
    np.square(parts, out=parts)
    power = np.empty((len(windowed), BINS), np.float32)
    # Rounded once, after the sum.
    np.add(parts[:, ::2], parts[:, 1::2], out=power, casting="same_kind")
    return power


def _logarithms(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Natural logarithm of the power, floored at `AMIN`: a third of the time of log10."""
    floored = np.maximum(power, AMIN)
    levels: NDArray[np.float32] = np.log(floored, out=floored)
    return levels


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
