"""Samples received against the clock: a lossy stream may raise no flag.

Lateness and loss look alike when a block comes late, but what is only late comes in a burst
soon after. So the measure is the least lag of some time; what stays missing is lost. And should
it come after all, later than anyone could wait, its time has passed already: as much sound is
left out then, so that stream time and the clock agree again.
"""

from collections import deque

SETTLING_S = 2.0
STALL_S = 0.2
# A sound server that was starved has been seen to pause again before it caught up.
RESOLVE_S = 1.0
# No sound is held back for longer, however slowly it catches up.
LONGEST_DOUBT_S = 5.0
SPAN_S = 0.5
SPANS = 5
# What is late still comes as long as the least lag falls by this much.
PROGRESS_S = 0.01
# Between an undisturbed device and a loaded machine, the least lag wanders by 20 ms.
TOLERANCE_S = 0.04
# A burst comes block by block: what follows its first blocks is judged more finely.
BURST_S = 0.5
FINE_TOLERANCE_S = 0.005
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
        self._span_least: float | None = None
        self._span_end_s = 0.0
        self._leasts: deque[float] = deque(maxlen=SPANS)
        self._doubt_since_s: float | None = None
        self._doubt_end_s = 0.0
        self._doubt_least = 0.0
        self._doubt_mark = 0.0
        self._flagged = False
        self._burst_end_s = 0.0

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
            Less than zero if samples came that had been counted as lost: so many are to be
            left out, beginning with this arrival.
        """
        paused = self._latest_s is not None and arrived_s - self._latest_s > STALL_S
        if self._latest_s is None:
            self._begun_s = arrived_s - samples / self._rate
        self._latest_s = arrived_s
        self._received += samples
        lag = self._lag(arrived_s)
        if self._least is None or arrived_s - self._begun_s < SETTLING_S:
            self._least = lag if self._least is None else min(self._least, lag)
            return 1 if flagged else 0
        self._flagged |= flagged
        surplus = self._surplus(lag, arrived_s)
        if surplus:
            self._end_doubt()
            return -surplus
        if self._doubt_since_s is None:
            if not (paused or flagged):
                return self._leaked(lag, arrived_s)
            self._doubt_since_s = arrived_s
            self._doubt_end_s = arrived_s + LONGEST_DOUBT_S
            self._doubt_least = self._doubt_mark = lag
        if lag < self._doubt_mark - PROGRESS_S * self._rate:
            self._doubt_since_s = arrived_s
            self._doubt_mark = lag
        self._doubt_least = min(self._doubt_least, lag)
        decides_s = min(self._doubt_since_s + RESOLVE_S, self._doubt_end_s)
        return self.settle() if arrived_s >= decides_s or not self._excess(lag) else None

    def settle(self) -> int:
        """Decide the present doubt with what is known; 0 if there is none."""
        if self._doubt_since_s is None:
            return 0
        lost = self._count(self._doubt_least)
        if self._flagged and not lost:
            lost = 1
        self._end_doubt()
        return lost

    def _end_doubt(self) -> None:
        self._doubt_since_s = None
        self._flagged = False

    def _lag(self, arrived_s: float) -> float:
        """Samples that the clock expects and that neither came nor are known to be lost."""
        return (arrived_s - self._begun_s) * self._rate - self._received - self._lost

    def _surplus(self, lag: float, arrived_s: float) -> int:
        """Samples that came although they were counted as lost."""
        early = round((self._least or 0.0) - lag)
        tolerance_s = FINE_TOLERANCE_S if arrived_s < self._burst_end_s else TOLERANCE_S
        surplus = min(early, self._lost)
        if early <= tolerance_s * self._rate or not surplus:
            return 0
        self._lost -= surplus
        self._burst_end_s = arrived_s + BURST_S
        return surplus

    def _excess(self, lag: float) -> float:
        """Lag beyond the usual; 0 within the tolerance."""
        excess = lag - (self._least or 0.0)
        return excess if excess > TOLERANCE_S * self._rate else 0.0

    def _count(self, lag: float) -> int:
        lost = round(self._excess(lag))
        if lost:
            self._lost += lost
            self._leasts.clear()
            self._span_least = None
        return lost

    def _leaked(self, lag: float, arrived_s: float) -> int:
        """Loss that went unnoticed, found by the least lag of the last seconds."""
        if self._span_least is None:
            self._span_least, self._span_end_s = lag, arrived_s + SPAN_S
        self._span_least = min(lag, self._span_least)
        if arrived_s < self._span_end_s:
            return 0
        self._leasts.append(self._span_least)
        self._span_least = None
        least = min(self._leasts)
        self._follow(least)
        return self._count(least) if len(self._leasts) == SPANS else 0

    def _follow(self, least: float) -> None:
        """Let the reference follow the drift of the clocks, no faster."""
        if self._least is None:
            return
        step = DRIFT * SPAN_S * self._rate
        lowest = self._least - step if self._lost else least
        self._least = min(max(least, lowest), self._least + step)
