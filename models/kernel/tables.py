"""What Python tells the compiled functions: structures of addresses and numbers."""

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
_Bits32, _Bits64 = np.float32, np.float64


class _Told(ctypes.Structure):
    """Arrays, numbers and whole numbers by name, in the order of the C structure."""

    arrays: ClassVar[Mapping[str, Any]]
    kept: list[NDArray[Any]]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Take them from a mapping, arrays in whatever type and order."""
        told = cls(**{name: value for name, value in values.items() if name not in cls.arrays})
        # The structure knows addresses only: it has to keep what lies there.
        told.kept = [np.ascontiguousarray(values[name], kind) for name, kind in cls.arrays.items()]
        for name, array in zip(cls.arrays, told.kept, strict=True):
            setattr(told, name, array.ctypes.data)
        return told


class FrameTables(_Told):
    """`Tables` of frames.c, which says what each array holds."""

    arrays: ClassVar = {
        "window": _Bits64,
        "twiddle": _Bits64,
        "split": _Bits64,
        "mel_bins": np.int32,
        "mel_weights": _Bits32,
        "chroma": _Bits32,
        "dct": _Bits32,
        "tonnetz": _Bits32,
        "cosines": _Bits32,
        "combs": _Bits32,
        "semitones": _Bits32,
        "bands": np.int32,
    }
    _fields_ = (
        *((name, ctypes.c_void_p) for name in arrays),
        ("amin", ctypes.c_float),
        ("floor", ctypes.c_float),
        ("tiniest", ctypes.c_float),
        ("ripple_range", ctypes.c_float),
        ("cut_range", ctypes.c_float),
        ("least_ripple", ctypes.c_float),
        ("rivalry", ctypes.c_float),
        ("least_salience", ctypes.c_float),
        ("least_voicing", ctypes.c_float),
        ("decibels", ctypes.c_float),
    )


class GateTables(_Told):
    """`GateTables` of gate.c, which says what each array holds."""

    arrays: ClassVar = dict.fromkeys(
        (
            *("hann", "cosines", "sines", "taps1", "bias1", "band2", "bias2", "band3", "bias3"),
            *("dense4", "bias4", "inward", "bias_lstm", "recurrent", "out"),
            *("start_output", "start_cell"),
        ),
        _Bits32,
    )
    columns: ClassVar = 80
    chunk: ClassVar = 576
    _fields_ = (
        *((name, ctypes.c_void_p) for name in arrays),
        ("out_bias", ctypes.c_float),
    )


class PreprocessingTables(_Told):
    """`Preprocessing` of listener.c."""

    arrays: ClassVar = dict.fromkeys(("mean", "anyone", "least", "relevance"), _Bits64)
    _fields_ = (
        *((name, ctypes.c_void_p) for name in arrays),
        ("prior_weight", ctypes.c_double),
        ("variance_prior_weight", ctypes.c_double),
        ("stranger_share", ctypes.c_double),
        ("bound", ctypes.c_double),
        ("maturity_scale", ctypes.c_double),
        ("maturity_place", ctypes.c_int64),
    )


class LayerTables(_Told):
    """`Layer` of listener.c."""

    arrays: ClassVar = {"weight": _Bits32, "bias": _Bits32}
    _fields_ = (
        *((name, ctypes.c_void_p) for name in arrays),
        ("width", ctypes.c_int64),
        ("units", ctypes.c_int64),
    )


class NetworkTables:
    """The layers of a network, one behind the other as listener.c reads them.

    Parameters
    ----------
    layers : sequence of (weight, bias)
        Shapes (width, units) and (units,).
    """

    def __init__(self, layers: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> None:
        self._layers = [
            LayerTables.of({"weight": w, "bias": b, "width": w.shape[0], "units": w.shape[1]})
            for w, b in layers
        ]
        self._row = (LayerTables * len(layers))(*self._layers)
        self.address = ctypes.addressof(self._row)
        self.depth = len(layers)
        self.widest = max(bias.size for _, bias in layers)
        self.units, self.outputs = layers[0][1].size, layers[-1][1].size


def twiddles(length: int, count: int) -> NDArray[np.float64]:
    """The first complex roots of unity, clockwise, shape (count, 2): cosines and sines."""
    angles = -2 * np.pi * np.arange(count) / length
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def half_spectrum(length: int, bins: int, columns: int) -> tuple[Doubles, Doubles]:
    """Cosines and sines, shape (length / 2 + 1, columns), zero from column `bins` on.

    What they weigh to the lowest bins of a Fourier transform of that length are the sums, or the
    differences, of the samples that lie alike around its middle.
    """
    angles = 2 * np.pi * np.outer(np.arange(length // 2 + 1), np.arange(columns)) / length
    wanted = np.arange(columns) < bins
    return np.cos(angles) * wanted, np.sin(angles) * wanted


def runs(bank: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """What is not zero in a bank of filters, shape (filters, bins).

    Returns
    -------
    bins : ndarray, shape (filters, 2), int32
        First bin of each filter, and how many it has.
    weights : ndarray, shape (n,)
        Filter by filter.
    """
    used = [np.flatnonzero(row) for row in bank]
    bins = np.array([(at[0], at[-1] - at[0] + 1) for at in used], np.int32)
    weights = [row[at[0] : at[-1] + 1] for row, at in zip(bank, used, strict=True)]
    return bins, np.concatenate(weights)
