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


def late(arrivals: list[Arrival], begin_s: float, end_s: float, *, by_s: float) -> list[Arrival]:
    """What should come in a span comes so much later, none of it after the span's late end."""
    return [
        Arrival(
            a.samples,
            a.arrived_s + by_s
            if begin_s <= a.arrived_s - 1000 < end_s - by_s
            else max(a.arrived_s, 1000 + end_s)
            if begin_s <= a.arrived_s - 1000
            else a.arrived_s,
        )
        for a in arrivals
    ]


def trickle(*, begin_s: float, late_s: float, percent: float, seconds: float) -> list[Arrival]:
    """Blocks that come so much late at first, and a little faster than time."""
    every_s = 0.02 / (1 + percent / 100)
    return [
        Arrival(BLOCK, 1000 + begin_s + every_s * number)
        for number in range(round(min(seconds, late_s * 100 / percent) / every_s))
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


def test_a_moment_of_lateness_after_a_leak_is_no_second_leak() -> None:
    """What was counted explains the lags until then, and none of those that follow."""
    holed = without(stream(20), 5.0, 5.06)
    ((told_s, lost),) = judged(holed)
    assert lost == pytest.approx(0.06 * RATE, abs=BLOCK)
    then_late = late(holed, told_s + 0.01, told_s + 1.2, by_s=0.1)
    assert judged(then_late) == [(told_s, lost)]


def test_doubt_can_be_settled_at_the_end() -> None:
    pace = Pace(RATE)
    assert pace.settle() == 0
    for arrival in without(stream(5.1), 4, 5):
        verdict = pace.push(arrival.samples, arrival.arrived_s)
    assert verdict is None
    assert pace.settle() == pytest.approx(RATE, abs=BLOCK)
    assert pace.settle() == 0


def test_what_comes_seconds_late_was_counted_and_is_left_out() -> None:
    """A pause, then no more than the usual pace: that is loss, until the rest comes after all."""
    arrivals = late(stream(20, jitter_s=0.005), 5.0, 9.0, by_s=0.5)
    (lost_s, lost), *returns = judged(arrivals)
    assert lost_s == pytest.approx(5.5 + RESOLVE_S, abs=0.05)
    assert lost == pytest.approx(0.5 * RATE, abs=BLOCK)
    assert all(when == pytest.approx(9.0, abs=0.05) and back < 0 for when, back in returns)
    assert lost + sum(back for _, back in returns) == pytest.approx(0, abs=0.006 * RATE)


def test_nothing_is_left_out_that_was_not_counted() -> None:
    """A stream that began late catches up: no sound may go for that."""
    begun_late = late(stream(20), 0.0, 6.0, by_s=0.5)
    assert judged(begun_late) == []


def test_no_doubt_is_longer_than_its_limit() -> None:
    """What catches up by a trickle would otherwise be held back for minutes."""
    pace = Pace(RATE)
    held_s = 0.0
    doubtful_since_s: float | None = None
    for arrival in stream(5) + trickle(begin_s=7.0, late_s=2.0, percent=2, seconds=60):
        verdict = pace.push(arrival.samples, arrival.arrived_s)
        if verdict is not None:
            doubtful_since_s = None
            continue
        doubtful_since_s = doubtful_since_s or arrival.arrived_s
        held_s = max(held_s, arrival.arrived_s - doubtful_since_s)
    assert 1 < held_s <= 5


# --- laws over schedules of every kind -----------------------------------------------------------


@dataclass
class Trouble:
    """Something that happens to a stream after a rest.

    The sound of `length_s` is lost, or comes in a burst at its end, or everything comes late by
    it for `lasts_s` and then at once.
    """

    kind: str
    rest_s: float
    length_s: float
    lasts_s: float


def troubles(*kinds: str) -> st.SearchStrategy[list[Trouble]]:
    one = st.builds(
        Trouble,
        kind=st.sampled_from(kinds),
        rest_s=st.floats(4, 12),
        length_s=st.one_of(st.floats(0.1, 1), st.floats(1, 15)),
        lasts_s=st.floats(0.1, 8),
    )
    return st.lists(one, min_size=1, max_size=6)


SKEWS = st.floats(-2e-4, 2e-4)


@dataclass
class Account:
    """What the judge said of a stream, and what is true."""

    told: list[tuple[float, int]]
    missing: int
    captured: int
    stream_time: int

    @property
    def lost(self) -> int:
        return sum(lost for _, lost in self.told if lost > 0)

    @property
    def left_out(self) -> int:
        return -sum(lost for _, lost in self.told if lost < 0)


def account(happens: list[Trouble], skew: float) -> Account:
    whole = stream(sum(it.rest_s + it.length_s + it.lasts_s for it in happens) + 10, drift=skew)
    captured = len(whole) * BLOCK
    arrivals, begin_s = whole, 0.0
    for trouble in happens:
        begin_s += trouble.rest_s
        end_s = begin_s + trouble.length_s
        if trouble.kind == "loss":
            arrivals = without(arrivals, begin_s, end_s)
        elif trouble.kind == "burst":
            arrivals = delayed(arrivals, begin_s, end_s)
        else:
            end_s = begin_s + trouble.lasts_s
            arrivals = late(arrivals, begin_s, end_s, by_s=trouble.length_s)
            end_s += trouble.length_s
        begin_s = end_s
    received = sum(arrival.samples for arrival in arrivals)
    told = judged(arrivals)
    return Account(
        told=told,
        missing=captured - received,
        captured=captured,
        stream_time=received + sum(lost for _, lost in told),
    )


# The first and the last block of a hole may be there in part; each loss may hide the tolerance.
def _slack(happens: list[Trouble]) -> float:
    return (TOLERANCE_S + 0.02) * RATE * len(happens)


@settings(max_examples=60, deadline=None)
@given(happens=troubles("burst"), skew=SKEWS)
def test_no_burst_however_late_is_loss(happens: list[Trouble], skew: float) -> None:
    assert account(happens, skew).told == []


@settings(max_examples=60, deadline=None)
@given(happens=troubles("loss"), skew=SKEWS)
def test_every_loss_is_counted(happens: list[Trouble], skew: float) -> None:
    found = account(happens, skew)
    assert found.lost == pytest.approx(found.missing, abs=_slack(happens))
    assert found.left_out == 0


@settings(max_examples=60, deadline=None)
@given(happens=troubles("burst", "loss"), skew=SKEWS)
def test_losses_among_bursts_are_counted_and_bursts_are_not(
    happens: list[Trouble], skew: float
) -> None:
    found = account(happens, skew)
    assert found.lost == pytest.approx(found.missing, abs=_slack(happens))
    assert found.left_out <= _slack(happens)


@settings(max_examples=100, deadline=None)
@given(happens=troubles("burst", "loss", "late"), skew=SKEWS)
def test_whatever_happens_stream_time_stays_with_the_device(
    happens: list[Trouble], skew: float
) -> None:
    found = account(happens, skew)
    assert found.stream_time == pytest.approx(found.captured, abs=_slack(happens))
    assert found.lost - found.left_out == pytest.approx(found.missing, abs=_slack(happens))


@settings(max_examples=20, deadline=None)
@given(skew=SKEWS, length_s=st.floats(0.2, 1), lasts_s=st.floats(3, 6))
def test_a_server_that_is_late_again_and_again_does_not_make_time_run_ahead(
    skew: float, length_s: float, lasts_s: float
) -> None:
    again = Trouble(kind="late", rest_s=6, length_s=length_s, lasts_s=lasts_s)
    found = account([again] * 20, skew)
    assert found.stream_time == pytest.approx(found.captured, abs=_slack([again]))


def test_a_flag_counts_one_sample_also_before_the_pace_is_known() -> None:
    pace = Pace(RATE)
    arrivals = stream(1.0)
    arrivals[10].flagged = True
    lost = [pace.push(a.samples, a.arrived_s, flagged=a.flagged) for a in arrivals]
    assert [number for number, count in enumerate(lost) if count] == [10]
    assert lost[10] == 1
