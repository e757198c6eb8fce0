"""From a sound to its window vectors, by the very path that runs live.

::

    samples -> FrameStream -> Windower -> SoundVectors

Each sound is one segment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.filter_banks import HOP_SAMPLES, make_filter_banks
from models.frame_stream import FrameBatch, FrameStream
from models.frames import FrameExtractor
from models.window_vector import WINDOW_VECTOR_SIZE
from models.windows import FRAMES_PER_SECOND, Window, Windower

WINDOWS_S = (1.0, 2.0, 3.0)
HOP_S = 0.25
WHOLE_CLIP_S = 0.0
# A recording as a whole is judged from 0.3 s of speech on, a live window from half a second.
LEAST_ACTIVE_FRAMES = 30
Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SoundVectors:
    """The windows of one sound, those of all lengths one below the other.

    Attributes
    ----------
    vectors : ndarray, shape (n, 338), float32
        Window vectors as the live path makes them.
    window_s : ndarray, shape (n,), float32
        Length of each window; 0 stands for the whole sound.
    end : ndarray, shape (n,), int64
        Canonical sample at which the window ends.
    active_frames : ndarray, shape (n,), int32
        At least 30; a live window needs 50.
    """

    vectors: Array
    window_s: NDArray[np.float32]
    end: NDArray[np.int64]
    active_frames: NDArray[np.int32]


@cache
def frame_extractor() -> FrameExtractor:
    """The extractor with librosa's filter banks, made once per process."""
    return FrameExtractor(make_filter_banks())


def sound_vectors(samples: Array, rate: int, extractor: FrameExtractor) -> SoundVectors:
    """All windows of one sound, run as one segment.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32, mono
    rate : int
        Samples per second.
    extractor : FrameExtractor
    """
    stream = FrameStream(rate, extractor)
    batch = stream.push(samples, last=True)
    total = stream.canonical_samples
    windows = [
        (window_s, window)
        for window_s in WINDOWS_S
        for window in _windows(batch, total, round(window_s * SAMPLE_RATE))
    ]
    whole = max(HOP_SAMPLES, total - total % HOP_SAMPLES)
    windows += [(WHOLE_CLIP_S, window) for window in _windows(batch, total, whole, whole)]
    return _stacked(windows)


def _windows(
    batch: FrameBatch, total: int, window_samples: int, hop_samples: int = 0
) -> list[Window]:
    windower = Windower(
        window_samples,
        hop_samples or round(HOP_S * SAMPLE_RATE),
        least_active_frames=LEAST_ACTIVE_FRAMES,
    )
    return windower.push(batch, total)


def _stacked(windows: Iterable[tuple[float, Window]]) -> SoundVectors:
    spoken = [(length, window) for length, window in windows if window.vector is not None]
    vectors = [window.vector for _, window in spoken if window.vector is not None]
    return SoundVectors(
        vectors=np.array(vectors, np.float32).reshape(-1, WINDOW_VECTOR_SIZE),
        window_s=np.array([length for length, _ in spoken], np.float32),
        end=np.array([window.end for _, window in spoken], np.int64),
        active_frames=np.array([window.active_frames for _, window in spoken], np.int32),
    )


def active_seconds(active_frames: NDArray[np.int32]) -> NDArray[np.float64]:
    """Seconds of speech in that many active frames."""
    return active_frames / FRAMES_PER_SECOND
