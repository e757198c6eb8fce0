"""Sound from memory: the shipped stand-in for a microphone or a file."""

from collections.abc import Iterable, Iterator
from threading import Event

import numpy as np
from numpy.typing import NDArray

from realtime.sources.base import Block, SourceItem


class MemorySource:
    """Yields what it is given, in order, as fast as it is taken.

    Parameters
    ----------
    items : iterable of ndarray, Block, Gap or Notice
        An array, shape (n,), float32, becomes a block at `rate`; the rest passes as it is.
    rate : int
        Samples per second.
    name : str
        For people.
    paced : bool
        What the source says of itself.
    """

    def __init__(
        self,
        items: Iterable[NDArray[np.float32] | SourceItem],
        rate: int,
        *,
        name: str = "memory",
        paced: bool = False,
    ) -> None:
        self.name = name
        self.rate = rate
        self.paced = paced
        self._items = items

    def items(self, stop: Event) -> Iterator[SourceItem]:
        """Yield until the end, or until `stop` is set."""
        for item in self._items:
            if stop.is_set():
                return
            yield Block(samples=item, rate=self.rate) if isinstance(item, np.ndarray) else item

    def close(self) -> None:
        """Do nothing: memory needs no release."""
