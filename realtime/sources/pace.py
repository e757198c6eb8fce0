"""Samples received against the clock: a lossy stream may raise no flag.

Lateness and loss look alike when a block comes late, but what is only late comes in a burst
soon after. So the measure is the least lag of some time; what stays missing is lost.
"""

from collections import deque

SETTLING_S = 2.0
STALL_S = 0.2
RESOLVE_S = 0.3
WINDOW_S = 2.5
# Between an undisturbed device and a loaded machine, the least lag wanders by 20 ms.
TOLERANCE_S = 0.04
# The clocks of sound cards and computers differ by some 100 parts per million.
DRIFT = 500e-6


class Pace:
    """Judges from arrivals how many samples never arrived.

    Parameters
    ----------
    rate : int
        Samples per second that the device claims.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._received = 0
        self._lost = 0
        self._begun_s = 0.0
        self._latest_s: float | None = None
        self._least: float | None = None
        self._recent: deque[tuple[float, float]] = deque()
        self._doubt_since_s: float | None = None
        self._doubt_least = 0.0
        self._flagged = False

    def push(self, samples: int, arrived_s: float, *, flagged: bool = False) -> int | None:
        """Take note of an arrival.

        Parameters
        ----------
        samples : int
        arrived_s : float
            When they came, by a clock that never jumps.
        flagged : bool
            The sound system says that samples before these were lost.

        Returns
        -------
        int or None
            Samples lost before the present doubt began, or before this arrival if there was
            none; None while that is in doubt: just after a pause, late samples may yet come.
        """
        paused = self._latest_s is not None and arrived_s - self._latest_s > STALL_S
        if self._latest_s is None:
            self._begun_s = arrived_s - samples / self._rate
        elapsed_s = arrived_s - (self._latest_s or arrived_s)
        self._latest_s = arrived_s
        self._received += samples
        lag = self._lag(arrived_s)
        self._recent.append((arrived_s, lag))
        if self._least is None or arrived_s - self._begun_s < SETTLING_S:
            self._least = lag if self._least is None else min(self._least, lag)
            return 1 if flagged else 0
        if self._doubt_since_s is None:
            if not (paused or flagged):
                return self._leaked(elapsed_s)
            self._doubt_since_s = arrived_s
            self._doubt_least = lag
        self._flagged |= flagged
        self._doubt_least = min(self._doubt_least, lag)
        return self.settle() if arrived_s - self._doubt_since_s >= RESOLVE_S else None

    def settle(self) -> int:
        """Decide the present doubt with what is known; 0 if there is none."""
        if self._doubt_since_s is None:
            return 0
        lost = self._count(self._doubt_least)
        if self._flagged and not lost:
            lost = 1
        self._doubt_since_s = None
        self._flagged = False
        return lost

    def _lag(self, arrived_s: float) -> float:
        """Samples that the clock expects and that neither came nor are known to be lost."""
        return (arrived_s - self._begun_s) * self._rate - self._received - self._lost

    def _count(self, lag: float) -> int:
        excess = lag - (self._least or 0.0)
        if excess <= TOLERANCE_S * self._rate:
            return 0
        lost = round(excess)
        self._lost += lost
        self._recent.clear()
        return lost

    def _leaked(self, elapsed_s: float) -> int:
        """Loss that went unnoticed, found by the least lag of the last seconds."""
        now_s = self._recent[-1][0]
        while now_s - self._recent[0][0] > WINDOW_S:
            self._recent.popleft()
        least = min(lag for _, lag in self._recent)
        self._follow(least, elapsed_s)
        if now_s - self._recent[0][0] < WINDOW_S * 0.8:
            return 0
        return self._count(least)

    def _follow(self, least: float, elapsed_s: float) -> None:
        """Let the reference follow the drift of the clocks, no faster."""
        if self._least is None:
            return
        step = DRIFT * elapsed_s * self._rate
        lowest = self._least - step if self._lost else least
        self._least = min(max(least, lowest), self._least + step)
