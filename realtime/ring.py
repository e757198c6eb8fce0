"""The ring between the sound system's thread and the reader.

The writer never waits: when the ring is full, the oldest samples are lost and counted. The
order of a few assignments, each indivisible in CPython, stands in for a lock, so that a
reader that copies ten seconds holds no callback up.
"""

from threading import Event
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Reading(NamedTuple):
    """What one read brought.

    Attributes
    ----------
    samples : ndarray, shape (n,), float32
        A copy; n is at least 1.
    lost_before : int
        Samples written after the previous reading and overwritten before this one.
    arrived_s : float
        When the last sample arrived, as given by the writer.
    """

    samples: NDArray[np.float32]
    lost_before: int
    arrived_s: float


class Ring:
    """Holds the latest samples between one writer and one reader.

    Samples have an absolute index, an integer that counts from the first one written.

    Parameters
    ----------
    capacity : int
        Samples that are kept, at least 1.
    """

    def __init__(self, capacity: int) -> None:
        self._buffer = np.zeros(capacity, np.float32)
        self._read = 0
        # The writer announces how far it will overwrite, copies, then publishes.
        self._claimed = 0
        self._published = (0, 0.0)
        self._news = Event()

    @property
    def capacity(self) -> int:
        """Samples that are kept."""
        return self._buffer.size

    @property
    def written(self) -> int:
        """Absolute index after the last sample written."""
        return self._published[0]

    @property
    def position(self) -> int:
        """Absolute index of the sample that the next read begins with, if it is still there."""
        return self._read

    def write(self, samples: NDArray[np.float32], arrived_s: float) -> None:
        """Append samples; never waits and allocates next to nothing.

        Parameters
        ----------
        samples : ndarray, shape (n,), float32
            Any n; of more than the capacity, the last ones stay.
        arrived_s : float
            When the last of them arrived.
        """
        end = self.written + samples.size
        self._claimed = end
        kept = samples[-self.capacity :]
        begin = (end - kept.size) % self.capacity
        head = min(kept.size, self.capacity - begin)
        self._buffer[begin : begin + head] = kept[:head]
        self._buffer[: kept.size - head] = kept[head:]
        self._published = (end, arrived_s)
        self._news.set()

    def read(self, timeout_s: float) -> Reading | None:
        """Take everything that is there, waiting for the first sample if need be.

        Parameters
        ----------
        timeout_s : float

        Returns
        -------
        Reading or None
            None if nothing came in that time.
        """
        if self.written == self._read and not self._news.wait(timeout_s):
            return None
        self._news.clear()
        end, arrived_s = self._published
        if end == self._read:
            return None
        begin = max(self._read, end - self.capacity)
        samples = self._copy(begin, end)
        # What the writer began to overwrite meanwhile may be torn.
        intact = min(max(begin, self._claimed - self.capacity), end)
        if intact == end:
            # The writer went once around during the copy: the next reading counts that.
            return None
        lost, self._read = intact - self._read, end
        return Reading(samples[intact - begin :], lost, arrived_s)

    def _copy(self, begin: int, end: int) -> NDArray[np.float32]:
        first = begin % self.capacity
        head = min(end - begin, self.capacity - first)
        out = np.empty(end - begin, np.float32)
        out[:head] = self._buffer[first : first + head]
        out[head:] = self._buffer[: end - begin - head]
        return out
