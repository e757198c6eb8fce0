"""The fixed matrices behind the features, made by librosa once and stored in every bundle.

Importing librosa costs seconds and hundreds of megabytes, so the live path reads the stored
arrays; a test makes them again and compares.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.feature_table import SIZES

FRAME_SAMPLES = 1024
HOP_SAMPLES = 160
BINS = FRAME_SAMPLES // 2 + 1
BLOCK_BANDS = 32
# In one unit of the natural logarithm of a power.
DECIBELS = 10 / math.log(10)
BANK_SHAPES = {
    "mel": (SIZES["mel"], BINS),
    "chroma": (SIZES["chroma"], BINS),
    "dct": (SIZES["mfcc"], SIZES["mel"]),
    "tonnetz": (SIZES["tonnetz"], SIZES["chroma"]),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterBanks:
    """Matrices that turn a spectrum into features; float64.

    Attributes
    ----------
    mel : ndarray, shape (128, 513)
        Power spectrum to mel bands (Slaney), as `librosa.filters.mel`.
    chroma : ndarray, shape (12, 513)
        Power spectrum to pitch classes, as `librosa.filters.chroma` with tuning 0.
    dct : ndarray, shape (40, 128)
        Mel decibels to MFCC: orthonormal DCT-II.
    tonnetz : ndarray, shape (6, 12)
        Chroma to tonal centroids (Harte, Sandler & Gasser 2006).
    """

    mel: NDArray[np.float64]
    chroma: NDArray[np.float64]
    dct: NDArray[np.float64]
    tonnetz: NDArray[np.float64]

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """The matrices by name, for storing."""
        return {name: getattr(self, name) for name in BANK_SHAPES}


@dataclass(frozen=True, kw_only=True, slots=True)
class BankBlock:
    """Neighbouring filters of a bank, and only the bins that they take in.

    Attributes
    ----------
    bins, bands : slice
        Which columns and rows of the bank.
    weights : ndarray, shape (bins, bands), float32
    """

    bins: slice
    bands: slice
    weights: NDArray[np.float32]


def banded(bank: NDArray[np.float64]) -> tuple[BankBlock, ...]:
    """Cut a bank of narrow filters, shape (filters, bins), into blocks along its diagonal.

    Nine tenths of the mel bank are zeros; four blocks leave a quarter of the work.
    """
    blocks = []
    for first in range(0, len(bank), BLOCK_BANDS):
        filters = bank[first : first + BLOCK_BANDS]
        used = np.flatnonzero(filters.any(axis=0))
        bins = slice(int(used[0]), int(used[-1]) + 1)
        weights = np.ascontiguousarray(filters[:, bins].T, dtype=np.float32)
        bands = slice(first, first + len(filters))
        blocks.append(BankBlock(bins=bins, bands=bands, weights=weights))
    return tuple(blocks)


def make_filter_banks() -> FilterBanks:
    """Make the matrices with librosa (needs the `training` extra)."""
    import librosa

    return FilterBanks(
        mel=librosa.filters.mel(
            sr=SAMPLE_RATE, n_fft=FRAME_SAMPLES, n_mels=SIZES["mel"], dtype=np.float64
        ),
        chroma=librosa.filters.chroma(
            sr=SAMPLE_RATE, n_fft=FRAME_SAMPLES, tuning=0.0, n_chroma=12, dtype=np.float64
        ),
        dct=_dct_matrix(SIZES["mfcc"], SIZES["mel"]),
        tonnetz=_tonnetz_matrix(),
    )


def _dct_matrix(rows: int, columns: int) -> NDArray[np.float64]:
    order = np.arange(rows)[:, None]
    matrix = np.cos(np.pi * order * (2 * np.arange(columns) + 1) / (2 * columns))
    matrix *= np.sqrt(2.0 / columns)
    matrix[0] /= np.sqrt(2.0)
    return matrix


def _tonnetz_matrix() -> NDArray[np.float64]:
    # Angles of fifths, minor thirds and major thirds; radii 1, 1 and 0.5, sine rows first.
    scale = np.array([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3])
    angle = np.multiply.outer(scale, np.linspace(0, 12, num=12, endpoint=False))
    angle[::2] -= 0.5
    radius = np.array([1, 1, 1, 1, 0.5, 0.5])
    tonal: NDArray[np.float64] = radius[:, None] * np.cos(np.pi * angle)
    return tonal
