"""What every source of sound yields: blocks, gaps and notices."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Consecutive mono samples.

    Attributes
    ----------
    samples : ndarray, shape (n,), float32
        Full scale is 1.
    rate : int
        Samples per second.
    lost_samples : int
        Samples lost between the previous block and this one; a loss ends the segment.
    arrived_s : float or None
        `time.monotonic()` when the last sample arrived; None where the source is not paced.
    starts_segment : bool
        True where the sound is not the continuation of the block before, as at a file's
        beginning in a loop, or where sound was left out that came too late; no time is lost.
    """

    samples: NDArray[np.float32]
    rate: int
    lost_samples: int = 0
    arrived_s: float | None = None
    starts_segment: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """The source has been silent since the last block, as a device that was unplugged.

    Yielded again and again while the gap lasts, with a growing `elapsed_s`, and once with
    `over=True` when sound returns or the source gives up.

    Attributes
    ----------
    elapsed_s : float
        Length of the gap so far, by the monotonic clock.
    over : bool
        True in the last report of this gap.
    reason : str
        One sentence for the log and the screen.
    """

    elapsed_s: float
    over: bool
    reason: str

    def hops(self, hop_s: float) -> int:
        """Whole hops of stream time that have passed so far; rounded once the gap is over."""
        hops = self.elapsed_s / hop_s
        return round(hops) if self.over else int(hops)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something the person should know; it stays on the screen until cleared.

    Attributes
    ----------
    key : str
        Names the matter, so that a later notice replaces or clears it.
    text : str or None
        One sentence; None clears.
    """

    key: str
    text: str | None


SourceItem = Block | Gap | Notice


class Source(Protocol):
    """A stream of sound.

    Attributes
    ----------
    name : str
        For people: the device's name or the file's.
    rate : int
        Samples per second of the stream's time base.
    paced : bool
        True if samples arrive at the pace of time, so that latency has a meaning.
    """

    name: str
    rate: int
    paced: bool

    def items(self, stop: Event) -> Iterator[SourceItem]:
        """Yield blocks, gaps and notices until the end of the sound or until `stop` is set."""
        ...

    def close(self) -> None:
        """Release the device or file; may be called twice."""
        ...
