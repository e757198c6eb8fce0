"""Timing: medians of interleaved runs, so that a busy machine disturbs all candidates alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Milliseconds of one call.

    Attributes
    ----------
    median, low, high : float
        Median, and 10th and 90th percentile.
    runs : int
    """

    median: float
    low: float
    high: float
    runs: int

    def shared_by(self, parts: int) -> "Timing":
        """Of one of the equal parts that a call consists of."""
        return Timing(
            median=self.median / parts, low=self.low / parts, high=self.high / parts, runs=self.runs
        )


def timings(
    candidates: Mapping[str, Callable[[], object]], *, seconds: float, least_runs: int = 5
) -> dict[str, Timing]:
    """Call the candidates in turn for that many seconds in all, and at least a few times each."""
    for call in candidates.values():
        call()
    found: dict[str, list[float]] = {name: [] for name in candidates}
    end_s = time.perf_counter() + seconds
    rounds = 0
    while rounds < least_runs or time.perf_counter() < end_s:
        for name, call in candidates.items():
            started = time.perf_counter()
            call()
            found[name].append((time.perf_counter() - started) * 1000)
        rounds += 1
    return {name: _timing(values) for name, values in found.items()}


def _timing(values: list[float]) -> Timing:
    ordered = sorted(values)
    last = len(ordered) - 1
    return Timing(
        median=statistics.median(ordered),
        low=ordered[round(0.1 * last)],
        high=ordered[round(0.9 * last)],
        runs=len(ordered),
    )
