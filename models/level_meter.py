"""Level and clipping of each hop, measured on the source's own samples."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE

CLIPPED_AT = 0.999
SILENCE_DBFS = -120.0


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
        if not self._done and self._position > self._boundary(self._hops):
            # The resampler rounds its last sample up: the window may end before its hop does.
            self._close_hop()
        return self._done.popleft() if self._done else (SILENCE_DBFS, 0.0)
