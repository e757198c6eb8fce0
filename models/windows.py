"""Window vectors: what the active frames of the last seconds come to, once a hop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.feature_table import FRAME_SIZE
from models.filter_banks import HOP_SAMPLES
from models.frame_stream import FrameBatch
from models.frames import frame_count
from models.level_meter import SILENCE_DBFS
from models.pitch import LONGEST_STEP
from models.recent import Recent
from models.window_vector import STEP_COUNT, steps, window_vector

ACTIVE_RANGE_DB = 30.0
LEAST_ACTIVE_FRAMES = 50
FRAMES_PER_SECOND = SAMPLE_RATE // HOP_SAMPLES


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What the window that ends with one hop holds.

    Attributes
    ----------
    start, end : int
        Canonical samples since the segment's start.
    vector : ndarray, shape (338,), float32, or None
        Of the active frames, see `models.window_vector`; None with too little speech.
    active_frames, frames : int
        Frames that count as speech, and all of them.
    level_dbfs : float
        RMS of this hop's source samples.
    clipped_ratio : float
        Share of this hop's source samples at full scale.
    """

    start: int
    end: int
    vector: NDArray[np.float32] | None
    active_frames: int
    frames: int
    level_dbfs: float = SILENCE_DBFS
    clipped_ratio: float = 0.0


class Windower:
    """Sums up the active frames of the last seconds, once a hop.

    Parameters
    ----------
    window_samples, hop_samples : int
        Canonical samples; multiples of 160.
    least_active_frames : int
        With fewer, a window has no vector.
    """

    def __init__(
        self,
        window_samples: int,
        hop_samples: int,
        *,
        least_active_frames: int = LEAST_ACTIVE_FRAMES,
    ) -> None:
        if window_samples % HOP_SAMPLES or hop_samples % HOP_SAMPLES:
            raise ValueError("window and hop must be multiples of 10 ms")
        self._window = window_samples
        self._hop = hop_samples
        self._least = least_active_frames
        self._first_frame = 0
        self._end = hop_samples
        # Those before the first, too, which its steps are taken from.
        self._features = Recent(np.zeros((LONGEST_STEP, FRAME_SIZE), np.float32))
        self._steps = Recent(np.zeros((0, STEP_COUNT), np.float32))
        self._speech_db = Recent(np.zeros(0))

    def push(self, batch: FrameBatch, canonical_samples: int) -> list[Window]:
        """Add frames and return the windows that are complete.

        Parameters
        ----------
        batch : FrameBatch
            The next frames.
        canonical_samples : int
            Samples of the segment so far.
        """
        self._keep(batch)
        windows = []
        while self._end <= canonical_samples:
            windows.append(self._window_at(self._end))
            self._end += self._hop
        self._forget_frames()
        return windows

    def rest(self, canonical_samples: int) -> Window:
        """The window that ends with the last sample, wherever the hop does.

        Its first frames may be missing by as much as that is before the end of the hop.

        Parameters
        ----------
        canonical_samples : int
            Samples of the segment, which has ended.
        """
        return self._window_at(canonical_samples)

    def _keep(self, batch: FrameBatch) -> None:
        fresh = len(batch.speech)
        if not fresh:
            return
        self._features.append(batch.features)
        kept = len(self._features)
        self._steps.append(steps(self._features.rows(kept - fresh - LONGEST_STEP, kept)))
        self._speech_db.append(batch.level_db)

    def _first_frame_of(self, end: int) -> int:
        return max(0, -(-(end - self._window) // HOP_SAMPLES))

    def _window_at(self, end: int) -> Window:
        first = self._first_frame_of(end)
        stop = max(first, frame_count(end))
        kept = max(first, self._first_frame)
        vector, active = self._vector(kept - self._first_frame, stop - self._first_frame)
        return Window(
            start=max(0, end - self._window),
            end=end,
            vector=vector,
            active_frames=active,
            frames=stop - first,
        )

    def _vector(self, first: int, stop: int) -> tuple[NDArray[np.float32] | None, int]:
        speech_db = self._speech_db.rows(first, stop)
        loudest_db = speech_db.max(initial=-np.inf)
        if loudest_db == -np.inf:
            return None, 0
        active = speech_db >= loudest_db - ACTIVE_RANGE_DB
        count = int(np.count_nonzero(active))
        if count < self._least:
            return None, count
        features = self._features.rows(first + LONGEST_STEP, stop + LONGEST_STEP)
        vector = window_vector(features, self._steps.rows(first, stop), active)
        return vector, count

    def _forget_frames(self) -> None:
        drop = self._first_frame_of(self._end) - self._first_frame
        drop = min(max(0, drop), len(self._speech_db))
        for kept in (self._features, self._steps, self._speech_db):
            kept.drop(drop)
        self._first_frame += drop
