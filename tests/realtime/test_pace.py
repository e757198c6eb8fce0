"""Late is not lost: simulated streams with known losses."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.sources.pace import RESOLVE_S, SPAN_S, SPANS, TOLERANCE_S, Pace

RATE = 48_000
BLOCK = 960


@dataclass
class Arrival:
    samples: int
    arrived_s: float
    flagged: bool = False


def stream(seconds: float, *, jitter_s: float = 0.0, drift: float = 0.0) -> list[Arrival]:
    """Blocks of 20 ms, each late by up to `jitter_s`, of a device whose clock is off."""
    rng = np.random.default_rng(3)
    due = (np.arange(round(seconds * 50)) + 1) * 0.02 * (1 + drift)
    arrived = np.maximum.accumulate(due + rng.uniform(0, jitter_s, due.size))
    return [Arrival(BLOCK, 1000 + when) for when in arrived.tolist()]


def without(arrivals: list[Arrival], begin_s: float, end_s: float) -> list[Arrival]:
    return [a for a in arrivals if not begin_s <= a.arrived_s - 1000 < end_s]


def delayed(arrivals: list[Arrival], begin_s: float, end_s: float) -> list[Arrival]:
    """What should come in a span comes at its end, in a burst."""
    return [
        Arrival(a.samples, 1000 + end_s) if begin_s <= a.arrived_s - 1000 < end_s else a
        for a in arrivals
    ]


def judged(arrivals: list[Arrival]) -> list[tuple[float, int]]:
    """When each loss was told, in seconds since the start, and how much."""
    pace = Pace(RATE)
    told = []
    for arrival in arrivals:
        lost = pace.push(arrival.samples, arrival.arrived_s, flagged=arrival.flagged)
        if lost:
            told.append((arrival.arrived_s - 1000, lost))
    return told


@pytest.mark.parametrize("drift", [0.0, 2e-4, -2e-4, 4e-4])
@pytest.mark.parametrize("jitter_s", [0.0, 0.015, 0.08])
def test_jitter_and_drifting_clocks_lose_nothing(drift: float, jitter_s: float) -> None:
    assert judged(stream(300, jitter_s=jitter_s, drift=drift)) == []


@settings(max_examples=25, deadline=None)
@given(begin_s=st.floats(3, 10), length_s=st.floats(0.06, 20))
def test_a_hole_is_measured_soon_after_it(begin_s: float, length_s: float) -> None:
    whole = stream(40, jitter_s=0.005)
    holed = without(whole, begin_s, begin_s + length_s)
    missing = (len(whole) - len(holed)) * BLOCK
    told = judged(holed)
    if missing <= (TOLERANCE_S + 0.01) * RATE:
        return
    assert sum(lost for _, lost in told) == pytest.approx(missing, abs=0.01 * RATE)
    is_pause = missing > 0.24 * RATE
    patience_s = RESOLVE_S if is_pause else (SPAN_S + 0.02) * (SPANS + 1)
    assert told[0][0] <= begin_s + length_s + patience_s + 0.05


@settings(max_examples=25, deadline=None)
@given(begin_s=st.floats(3, 10), length_s=st.floats(0.0, 20))
def test_a_burst_after_a_pause_was_only_late(begin_s: float, length_s: float) -> None:
    assert judged(delayed(stream(40, jitter_s=0.005), begin_s, begin_s + length_s)) == []


def test_a_slow_leak_adds_up() -> None:
    whole = stream(300, jitter_s=0.005)
    leaking = [arrival for number, arrival in enumerate(whole) if number % 100]
    missing = (len(whole) - len(leaking)) * BLOCK
    lost = sum(lost for _, lost in judged(leaking))
    assert lost == pytest.approx(missing, abs=0.15 * RATE + 0.03 * missing)


def test_a_flag_means_at_least_one_sample_and_no_more_than_is_missing() -> None:
    arrivals = stream(20)
    arrivals[500].flagged = True
    assert [lost for _, lost in judged(arrivals)] == [1]
    holed = without(arrivals, 9, 9.999)
    assert holed[450].flagged
    assert [lost for _, lost in judged(holed)] == [pytest.approx(RATE, abs=BLOCK)]


def test_a_second_pause_within_the_first_doubt_is_counted_too() -> None:
    whole = stream(20)
    holed = without(without(whole, 5, 6), 6.1, 7.1)
    missing = (len(whole) - len(holed)) * BLOCK
    assert sum(lost for _, lost in judged(holed)) == pytest.approx(missing, abs=BLOCK)


def test_doubt_can_be_settled_at_the_end() -> None:
    pace = Pace(RATE)
    assert pace.settle() == 0
    for arrival in without(stream(5.1), 4, 5):
        verdict = pace.push(arrival.samples, arrival.arrived_s)
    assert verdict is None
    assert pace.settle() == pytest.approx(RATE, abs=BLOCK)
    assert pace.settle() == 0
