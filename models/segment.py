"""From the mono blocks of one unbroken segment to window vectors: the one path, live and offline.

::

    block -> Canonical (16 kHz) -> SpeechGate, frames -> FrameBatch -> Windower -> Window
          -> LevelMeter (level and clipping of each hop, at the source's rate)

A segment is an unbroken run of samples. All state starts afresh with it, so that running the
same samples again, in any partition into blocks, gives the same windows.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE, Canonical
from models.feature_table import FEATURE_COUNT
from models.filter_banks import FRAME_SAMPLES, HOP_SAMPLES
from models.frames import FrameExtractor, frame_count
from models.gate import CHUNK, SpeechGate

ACTIVE_RANGE_DB = 30.0
LEAST_ACTIVE_FRAMES = 50
FRAMES_PER_SECOND = SAMPLE_RATE // HOP_SAMPLES
CLIPPED_AT = 0.999
SILENCE_DBFS = -120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameBatch:
    """Consecutive frames of a segment.

    Attributes
    ----------
    features : ndarray, shape (k, 193), float32
        Zero where a frame is not speech: nothing downstream reads those rows.
    speech : ndarray, shape (k,), bool
        Decision of the gate's chunk that holds the frame's centre.
    level_db : ndarray, shape (k,), float64
        Energy of the windowed frame.
    """

    features: NDArray[np.float32]
    speech: NDArray[np.bool_]
    level_db: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What the window that ends with one hop holds.

    Attributes
    ----------
    start, end : int
        Canonical samples since the segment's start.
    vector : ndarray, shape (193,), float32, or None
        Mean over the active frames; None with too little speech.
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


class FrameStream:
    """Turns the mono blocks of a segment into frames with their gate decisions.

    Parameters
    ----------
    rate : int
        Samples per second of the source.
    extractor : FrameExtractor
    """

    def __init__(self, rate: int, extractor: FrameExtractor) -> None:
        self._canonical = Canonical(rate)
        self._gate = SpeechGate()
        self._extractor = extractor
        self._samples = np.zeros(0, np.float32)
        self._decisions = np.zeros(0, np.bool_)
        self._first_chunk = 0
        self._next_frame = 0
        self.canonical_samples = 0

    def push(self, mono: NDArray[np.float32], *, last: bool = False) -> FrameBatch:
        """Return the frames completed by this block.

        Parameters
        ----------
        mono : ndarray, shape (n,), float32
        last : bool
            True at the end of the segment, to flush the resampler.
        """
        fresh = self._canonical.push(mono, last=last)
        self.canonical_samples += fresh.size
        self._decisions = np.concatenate([self._decisions, self._gate.push(fresh)])
        samples = np.concatenate([self._samples, fresh])
        batch = self._frames(samples)
        self._samples = samples[len(batch.speech) * HOP_SAMPLES :]
        self._forget_decisions()
        return batch

    def _frames(self, samples: NDArray[np.float32]) -> FrameBatch:
        count = frame_count(samples.size)
        index = self._next_frame + np.arange(count)
        chunk = (index * HOP_SAMPLES + FRAME_SAMPLES // 2) // CHUNK
        speech = self._decisions[chunk - self._first_chunk]
        self._next_frame += count
        features = np.zeros((count, FEATURE_COUNT), np.float32)
        level_db = np.full(count, -np.inf)
        if speech.any():
            windowed = self._extractor.windowed(samples)
            if not speech.all():
                windowed = windowed[speech]
            features[speech] = self._extractor.features(windowed)
            level_db[speech] = self._extractor.level_db(windowed)
        return FrameBatch(features=features, speech=speech, level_db=level_db)

    def _forget_decisions(self) -> None:
        needed = (self._next_frame * HOP_SAMPLES + FRAME_SAMPLES // 2) // CHUNK
        drop = min(needed - self._first_chunk, self._decisions.size)
        self._decisions = self._decisions[drop:]
        self._first_chunk += drop


class Windower:
    """Averages the active frames of the last seconds, once a hop.

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
        self._features = np.zeros((0, FEATURE_COUNT), np.float32)
        self._speech = np.zeros(0, np.bool_)
        self._level_db = np.zeros(0)

    def push(self, batch: FrameBatch, canonical_samples: int) -> list[Window]:
        """Add frames and return the windows that are complete.

        Parameters
        ----------
        batch : FrameBatch
            The next frames.
        canonical_samples : int
            Samples of the segment so far.
        """
        self._features = np.concatenate([self._features, batch.features])
        self._speech = np.concatenate([self._speech, batch.speech])
        self._level_db = np.concatenate([self._level_db, batch.level_db])
        windows = []
        while self._end <= canonical_samples:
            windows.append(self._window_at(self._end))
            self._end += self._hop
        self._forget_frames()
        return windows

    def _first_frame_of(self, end: int) -> int:
        return max(0, -(-(end - self._window) // HOP_SAMPLES))

    def _window_at(self, end: int) -> Window:
        first = self._first_frame_of(end)
        stop = frame_count(end)
        span = slice(first - self._first_frame, max(first, stop) - self._first_frame)
        vector, active = self._mean(span)
        return Window(
            start=max(0, end - self._window),
            end=end,
            vector=vector,
            active_frames=active,
            frames=max(0, stop - first),
        )

    def _mean(self, span: slice) -> tuple[NDArray[np.float32] | None, int]:
        speech = self._speech[span]
        if not speech.any():
            return None, 0
        level_db = self._level_db[span]
        active = speech & (level_db >= level_db[speech].max() - ACTIVE_RANGE_DB)
        count = int(np.count_nonzero(active))
        if count < self._least:
            return None, count
        # Summed afresh each time: a running add-and-subtract would drift.
        return active.astype(np.float32) @ self._features[span] / np.float32(count), count

    def _forget_frames(self) -> None:
        drop = self._first_frame_of(self._end) - self._first_frame
        drop = min(max(0, drop), len(self._speech))
        self._features = self._features[drop:]
        self._speech = self._speech[drop:]
        self._level_db = self._level_db[drop:]
        self._first_frame += drop


class LevelMeter:
    """Level and clipping of each hop, measured on the source's own samples.

    Parameters
    ----------
    rate : int
        Samples per second of the source.
    hop_samples : int
        Length of a hop in canonical samples.
    """

    def __init__(self, rate: int, hop_samples: int) -> None:
        self._rate = rate
        self._hop = hop_samples
        self._hops = 0
        self._position = 0
        self._energy = 0.0
        self._clipped = 0
        self._done: deque[tuple[float, float]] = deque()

    def _boundary(self, hop: int) -> int:
        return hop * self._hop * self._rate // SAMPLE_RATE

    def push(self, mono: NDArray[np.float32]) -> None:
        """Measure the next block, shape (n,)."""
        while mono.size:
            room = self._boundary(self._hops + 1) - self._position
            part, mono = mono[:room], mono[room:]
            self._energy += float(np.dot(part, part))
            self._clipped += int(np.count_nonzero(np.abs(part) >= CLIPPED_AT))
            self._position += part.size
            if self._position == self._boundary(self._hops + 1):
                self._close_hop()

    def _close_hop(self) -> None:
        length = self._position - self._boundary(self._hops)
        power = self._energy / length
        level = 10 * np.log10(power) if power > 0 else SILENCE_DBFS
        self._done.append((max(SILENCE_DBFS, float(level)), self._clipped / length))
        self._hops += 1
        self._energy = 0.0
        self._clipped = 0

    def pop(self) -> tuple[float, float]:
        """Level in dBFS and clipped share of the oldest hop not yet taken."""
        return self._done.popleft() if self._done else (SILENCE_DBFS, 0.0)


class SegmentStream:
    """Blocks of one segment in, windows out.

    Parameters
    ----------
    rate : int
        Samples per second of the source.
    extractor : FrameExtractor
    window_samples, hop_samples : int
        Canonical samples; multiples of 160.
    least_active_frames : int
        With fewer active frames a window has no vector.
    """

    def __init__(
        self,
        rate: int,
        extractor: FrameExtractor,
        *,
        window_samples: int,
        hop_samples: int,
        least_active_frames: int = LEAST_ACTIVE_FRAMES,
    ) -> None:
        self._frames = FrameStream(rate, extractor)
        self._windower = Windower(
            window_samples, hop_samples, least_active_frames=least_active_frames
        )
        self._meter = LevelMeter(rate, hop_samples)

    def push(self, mono: NDArray[np.float32], *, last: bool = False) -> list[Window]:
        """Return the windows completed by this block; `last` flushes the resampler."""
        self._meter.push(mono)
        batch = self._frames.push(mono, last=last)
        windows = self._windower.push(batch, self._frames.canonical_samples)
        return [self._metered(window) for window in windows]

    def _metered(self, window: Window) -> Window:
        level_dbfs, clipped_ratio = self._meter.pop()
        return Window(
            start=window.start,
            end=window.end,
            vector=window.vector,
            active_frames=window.active_frames,
            frames=window.frames,
            level_dbfs=level_dbfs,
            clipped_ratio=clipped_ratio,
        )
