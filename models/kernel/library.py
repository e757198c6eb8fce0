"""Loads and calls the compiled functions, where this machine has them.

Each does what the numpy code does that it is named after, to rounding; see there for what the
arrays mean. Arrays of another type or order are converted, and one of another shape is refused:
beyond its end there is memory.
"""

import ctypes
import functools
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from models.feature_table import FEATURE_COUNT, FRAME_SIZE
from models.kernel.recipe import LEVELS, SWITCH, library_paths
from models.kernel.tables import FrameTables, GateTables, NetworkTables, PreprocessingTables

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
# Mean, variance and weight of a speaker baseline.
Voice = tuple[Doubles, Doubles, float]
_At, _Count, _Float, _Double = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float, ctypes.c_double


class Kernel:
    """The functions of one library.

    Parameters
    ----------
    library : ctypes.CDLL
    name : str
        Level of processor that it was compiled for.
    """

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        self.name = name
        self._speech = _function(library.speech, _At, _At, _Count, _At, _At, _At, _At)
        self._frames = _function(library.frames, _At, _Count, _At, _Count, _At, _At, _At)
        self._frames.restype = ctypes.c_int
        self._steps = _function(library.steps, _At, _Count, _Float, _At, _At)
        self._vector = _function(library.window_vector, _At, _At, _At, _Count, _Float, _At)
        self._level_free = _function(library.level_free, _At, _Count, _At, *[_Double] * 5, _At)
        voice = _At, _At, _Double
        self._heard = _function(
            library.heard, _At, _At, _Count, _At, _Count, *voice, _At, _Count, _At, _At
        )
        self._learn = _function(library.learn, _At, _At, _Double, *voice)

    def speech(
        self,
        chunks: Array,
        begins: NDArray[np.bool_],
        told: GateTables,
        memory: tuple[Array, Array],
    ) -> Array:
        """Shape (chunks,); the memory, output and cell, is written over."""
        chunks, begins = _fit(chunks, np.float32), _fit(begins, np.bool_)
        _require(fits=chunks.shape == (begins.size, told.chunk))
        found = np.empty(len(chunks), np.float32)
        self._speech(
            *(_address(chunks), _address(begins), len(chunks), ctypes.addressof(told)),
            *(*map(_address, memory), _address(found)),
        )
        return found

    def frames(
        self, samples: Array, numbers: NDArray[np.int64], told: FrameTables
    ) -> tuple[Array, Doubles]:
        """Features, shape (k, 238), and energy, shape (k,), of the frames with these numbers."""
        samples, numbers = _fit(samples, np.float32), _fit(numbers, np.int64)
        features, energy = np.empty((numbers.size, FRAME_SIZE), np.float32), np.empty(numbers.size)
        _require(
            fits=self._frames(
                *(_address(samples), samples.size, _address(numbers), numbers.size),
                *(ctypes.addressof(told), _address(features), _address(energy)),
            )
        )
        return features, energy

    def steps(self, features: Array, longest: int, size: int, least: float, limits: Array) -> Array:
        """Shape (k, size), of the frames after the first `longest`."""
        features = _fit(features, np.float32)
        _require(fits=features.shape[1] == FRAME_SIZE)
        found = np.empty((len(features) - longest, size), np.float32)
        self._steps(_address(features), len(found), least, _address(limits), _address(found))
        return found

    def window_vector(
        self, features: Array, steps: Array, active: NDArray[np.bool_], size: int, least: float
    ) -> Array:
        """Shape (size,)."""
        features, steps = _fit(features, np.float32), _fit(steps, np.float32)
        active, vector = _fit(active, np.bool_), np.empty(size, np.float32)
        _require(fits=features.shape == (active.size, FRAME_SIZE) and len(steps) == active.size)
        self._vector(
            *(_address(features), _address(steps), _address(active), len(active)),
            *(least, _address(vector)),
        )
        return vector

    def level_free(
        self, vectors: Array, cosines: Doubles, constants: Sequence[float], size: int
    ) -> Doubles:
        """Shape (..., 193), of vectors that have this size."""
        vectors = _fit(vectors, np.float32)
        _require(fits=vectors.shape[-1] == size)
        forms = np.empty((*vectors.shape[:-1], FEATURE_COUNT))
        count = vectors.size // size
        self._level_free(_address(vectors), count, _address(cosines), *constants, _address(forms))
        return forms

    def heard(
        self, levelled: Doubles, told: PreprocessingTables, network: NetworkTables, voice: Voice
    ) -> tuple[Doubles, Array]:
        """Logits, shape (..., outputs), and what the first layer makes, shape (..., units)."""
        levelled = _fit(levelled, np.float64)
        mean, variance, weight = _fit(voice[0], np.float64), _fit(voice[1], np.float64), voice[2]
        _require(fits=levelled.shape[-1] == mean.size == variance.size == FEATURE_COUNT)
        logits = np.empty((*levelled.shape[:-1], network.outputs))
        hidden = np.empty((*levelled.shape[:-1], network.units), np.float32)
        scratch = np.empty(4 * network.widest, np.float32)
        self._heard(
            *(ctypes.addressof(told), network.address, network.depth),
            *(_address(levelled), logits.size // network.outputs),
            *(_address(mean), _address(variance), weight),
            *(_address(scratch), network.widest, _address(logits), _address(hidden)),
        )
        return logits, hidden

    def learn(
        self, levelled: Doubles, evidence: float, told: PreprocessingTables, voice: Voice
    ) -> tuple[Doubles, Doubles]:
        """The new mean and variance."""
        levelled = _fit(levelled, np.float64)
        mean, variance, weight = np.array(voice[0]), np.array(voice[1]), voice[2]
        _require(fits=levelled.size == mean.size == variance.size == FEATURE_COUNT)
        self._learn(
            *(ctypes.addressof(told), _address(levelled), evidence),
            *(_address(mean), _address(variance), weight),
        )
        return mean, variance


@functools.cache
def compiled() -> Kernel | None:
    """The best kernel that this processor can run; None where there is none.

    Nor is there one where the environment variable SER_LIVE_KERNEL is 0.
    """
    return None if os.environ.get(SWITCH) == "0" else next(kernels(), None)


def kernels() -> Iterator[Kernel]:
    """Those that were compiled and that this processor can run, best first."""
    for level, path in zip(LEVELS, library_paths(), strict=True):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        if library.usable():
            yield Kernel(library, level)


def _function(function: Any, *arguments: type) -> Any:
    function.argtypes, function.restype = arguments, None
    return function


def _require(*, fits: object) -> None:
    if not fits:
        raise ValueError("an array has another shape than its function needs")


def _fit(array: NDArray[Any], kind: DTypeLike) -> NDArray[Any]:
    return np.ascontiguousarray(array, kind)


def _address(array: NDArray[Any]) -> int:
    try:
        # A fifth of what `array.ctypes` takes, but refused where the array may not be written.
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return array.ctypes.data
