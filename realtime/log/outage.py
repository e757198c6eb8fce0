"""Waiting out a fault of the disk without troubling it at every row."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
Notify = Callable[[str, str | None], None]

FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 8.0


class Outage:
    """Knows whether writing fails at present, and when the next attempt is due.

    Attributes
    ----------
    error : OSError or None
        Why the last attempt failed; None while all is well.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._wait_s = FIRST_WAIT_S
        self._next_s = 0.0
        self.error: OSError | None = None

    def may_try(self) -> bool:
        """Whether an attempt is due."""
        return self.error is None or self._clock() >= self._next_s

    def failed(self, error: OSError) -> None:
        """Note a failed attempt; each wait is twice the one before."""
        self._wait_s = FIRST_WAIT_S if self.error is None else self._wait_s * 2
        self._next_s = self._clock() + min(self._wait_s, LONGEST_WAIT_S)
        self.error = error

    def over(self) -> None:
        """Note that writing works again."""
        self.error = None
