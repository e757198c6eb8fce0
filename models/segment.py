"""From the mono blocks of one unbroken segment to window vectors: the one path, live and offline.

::

    block -> FrameStream: Canonical (16 kHz) -> SpeechGate, frames -> Windower -> Window
          -> LevelMeter: level and clipping of each hop

A segment is an unbroken run of samples. All state starts afresh with it, so that running the
same samples again, in any partition into blocks, gives the same windows.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.frame_stream import FrameStream
from models.frames import FrameExtractor
from models.level_meter import LevelMeter
from models.windows import LEAST_ACTIVE_FRAMES, Window, Windower


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
        self._rate = rate
        self._frames = FrameStream(rate, extractor, step_samples=hop_samples)
        self._windower = Windower(
            window_samples, hop_samples, least_active_frames=least_active_frames
        )
        self._meter = LevelMeter(rate, hop_samples)
        self._gathered: list[NDArray[np.float32]] = []
        self._samples = 0

    def push(self, mono: NDArray[np.float32], *, last: bool = False) -> list[Window]:
        """Return the windows completed by this block; `last` flushes the resampler."""
        self._gathered.append(mono)
        self._samples += mono.size
        # Nothing can come of less than a hop, and one long block costs less than many short ones.
        if self._samples * SAMPLE_RATE < self._frames.due_samples * self._rate and not last:
            return []
        mono = self._gathered[0] if len(self._gathered) == 1 else np.concatenate(self._gathered)
        self._gathered.clear()
        self._meter.push(mono)
        batch = self._frames.push(mono, last=last)
        windows = self._windower.push(batch, self._frames.canonical_samples)
        return [self._metered(window) for window in windows]

    def rest(self) -> Window:
        """The window that ends with the segment, for a recording too short to have another."""
        return self._metered(self._windower.rest(self._frames.canonical_samples))

    def _metered(self, window: Window) -> Window:
        level_dbfs, clipped_ratio = self._meter.pop()
        return replace(window, level_dbfs=level_dbfs, clipped_ratio=clipped_ratio)

    @property
    def speech_frames(self) -> int:
        """Frames (10 ms each) that the gate called speech so far."""
        return self._frames.speech_frames
