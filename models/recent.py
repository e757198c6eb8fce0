"""An array that grows at its end and is forgotten at its front, without copying it each time."""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


class Recent(Generic[Scalar]):
    """The latest rows of a stream.

    New rows are written behind those that are kept. Once there is no room behind them they move
    to the front, so that a row is copied about twice, however many hops it is kept for.

    Parameters
    ----------
    rows : ndarray, shape (n, ...)
        What it begins with; n may be 0.
    """

    def __init__(self, rows: NDArray[Scalar]) -> None:
        self._room = rows.copy()
        self._begin, self._end = 0, len(rows)

    def __len__(self) -> int:
        """Rows that are kept."""
        return self._end - self._begin

    @property
    def room(self) -> int:
        """Rows that the array holds, kept ones included."""
        return len(self._room)

    def rows(self, first: int, stop: int) -> NDArray[Scalar]:
        """Rows counted from the oldest kept one; valid until the next `append`."""
        return self._room[self._begin + first : self._begin + stop]

    def append(self, rows: NDArray[Scalar]) -> None:
        """Keep the next rows, shape (n, ...)."""
        if self._end + len(rows) > len(self._room):
            self._make_room(len(rows))
        begin, self._end = self._end, self._end + len(rows)
        self._room[begin : self._end] = rows

    def drop(self, count: int) -> None:
        """Forget that many of the oldest rows."""
        self._begin += count

    def _make_room(self, count: int) -> None:
        kept = self.rows(0, len(self))
        needed = 2 * (len(kept) + count)
        if len(self._room) < needed:
            self._room = np.empty((needed, *self._room.shape[1:]), self._room.dtype)
        self._room[: len(kept)] = kept
        self._begin, self._end = 0, len(kept)
