"""From callbacks to blocks: nothing doubled, nothing unaccounted, losses where they happened."""

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from realtime.sources import clock
from realtime.sources.base import Block
from realtime.sources.intake import BEGINNING_S, RING_S, Intake, sound_runs

RATE = 8_000
BLOCK = RATE // 50
# Samples are numbered in steps that keep all of them within full scale, and exact.
STEP = np.float32(2**-20)
Samples = NDArray[np.float32]


class Device:
    """Feeds an intake in simulated time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, intake: Intake) -> None:
        self.intake = intake
        self.now_s = 50.0
        self.sent = 0
        monkeypatch.setattr(clock, "now_s", lambda: self.now_s)

    def send(self, samples: Samples, *, flagged: bool = False) -> None:
        self.now_s += samples.size / RATE
        self.intake.take(samples.tobytes(), flagged)
        self.sent += samples.size

    def burst(self, count: int) -> None:
        """Send numbered blocks that are late, all at once."""
        for _ in range(count):
            self.number(1)
            self.now_s -= BLOCK / RATE

    def number(self, count: int, *, flagged: bool = False) -> None:
        """Send blocks whose samples are numbered."""
        for _ in range(count):
            self.send(numbered(self.sent), flagged=flagged)


def numbered(first: int) -> Samples:
    return np.arange(first, first + BLOCK, dtype=np.float32) * STEP


def read(intake: Intake) -> list[Block]:
    blocks: list[Block] = []
    while (more := intake.read(0.0)) is not None:
        blocks += more
    return blocks


def joined(blocks: list[Block]) -> list[float]:
    return (np.concatenate([block.samples for block in blocks]) / STEP).tolist() if blocks else []


def test_what_is_sent_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    found: list[Block] = []
    for count in (1, 5, 20, 100):
        device.number(count)
        found += read(device.intake)
    assert joined(found) == list(range(device.sent))
    assert not any(block.lost_samples for block in found)
    assert all(block.rate == RATE and block.arrived_s is not None for block in found)
    assert device.intake.begun_s == pytest.approx(50)
    assert device.intake.latest_s == device.now_s


@pytest.mark.parametrize(("channel", "expected"), [(None, 2.0), (1, 1.0), (2, 2.0), (3, 3.0)])
def test_channels_are_averaged_or_one_is_chosen(channel: int | None, expected: float) -> None:
    intake = Intake(RATE, 3, channel)
    intake.take(np.tile(numbered(1)[:3], BLOCK).tobytes(), flagged=False)
    assert joined(read(intake)) == [expected] * BLOCK


def test_a_pause_that_lost_nothing_is_held_back_only(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    device.number(150)
    assert len(joined(read(device.intake))) == device.sent
    device.now_s += 0.5
    before = device.sent
    device.burst(20)
    assert joined(read(device.intake)) == []
    device.burst(5)
    found = read(device.intake)
    assert joined(found) == list(range(before, device.sent))
    assert not any(block.lost_samples or block.starts_segment for block in found)


def test_what_comes_after_it_was_counted_is_left_out_and_time_is_right_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    device.number(150)
    device.now_s += 1.0
    device.number(100)
    (_, counted) = read(device.intake)
    assert counted.lost_samples == pytest.approx(RATE, abs=1)
    device.burst(50)
    device.number(150)
    before, after = read(device.intake)
    assert not before.lost_samples
    assert not after.lost_samples
    assert after.starts_segment
    assert (np.diff(before.samples) == STEP).all()
    assert (np.diff(after.samples) == STEP).all()
    left_out = (after.samples[0] - before.samples[-1]) / STEP - 1
    assert left_out == pytest.approx(RATE, abs=0.005 * RATE)
    told = 150 * BLOCK + counted.samples.size + counted.lost_samples
    told += before.samples.size + after.samples.size
    assert told / RATE == pytest.approx(device.now_s - 50, abs=0.005)


def test_only_the_first_block_after_sound_left_out_begins_a_segment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    device.number(150)
    device.now_s += 1.0
    device.number(100)
    device.burst(50)
    device.number(150)
    found = read(device.intake)
    device.number(20)
    found += read(device.intake)
    assert [block.starts_segment for block in found] == [False, False, True, False]


def test_a_loss_is_told_at_the_sample_where_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    device.number(150)
    place = device.sent
    device.now_s += 1.0
    device.number(60)
    before, after = read(device.intake)
    assert joined([before]) == list(range(place))
    assert joined([after]) == list(range(place, device.sent))
    assert after.lost_samples == pytest.approx(RATE, abs=1)


def test_samples_held_back_come_out_when_the_stream_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    device.number(150)
    device.now_s += 1.0
    device.number(2)
    found = read(device.intake)
    rest = device.intake.rest()
    assert joined(found + rest) == list(range(device.sent))
    assert rest[0].lost_samples == pytest.approx(RATE, abs=1)
    assert device.intake.rest() == []


def test_a_flag_ends_the_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    device.number(150)
    place = device.sent
    device.number(1, flagged=True)
    device.number(20)
    before, after = read(device.intake)
    assert (before.samples.size, after.lost_samples) == (place, 1)


def test_a_reader_that_sleeps_too_long_is_told_what_it_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    device.number(10)
    assert len(joined(read(device.intake))) == device.sent
    device.number((RING_S + 3) * 50)
    (block,) = read(device.intake)
    assert block.lost_samples == 3 * RATE
    assert joined([block]) == list(range(device.sent - RING_S * RATE, device.sent))


@pytest.mark.parametrize("late_s", [0.0, 0.1, 0.4])
def test_first_samples_that_come_late_do_not_move_the_beginning(
    late_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    device.now_s += late_s
    device.burst(round(late_s * 50))
    device.number(round((BEGINNING_S - late_s) * 50))
    before = device.intake.has_begun
    device.number(round(late_s * 50) + 2)
    assert (before, device.intake.has_begun) == (False, True)
    assert device.intake.begun_s == pytest.approx(50)
    device.now_s += 1.0
    device.burst(100)
    assert device.intake.begun_s == pytest.approx(50)


@given(
    bad=st.lists(st.booleans(), min_size=1, max_size=60),
    kind=st.sampled_from([np.nan, np.inf, -np.inf]),
)
def test_runs_of_finite_samples_are_exact(bad: list[bool], kind: float) -> None:
    samples = np.where(bad, kind, 0.5).astype(np.float32)
    runs = sound_runs(samples)
    inside = [place for begin, end in runs for place in range(begin, end)]
    assert inside == [place for place, is_bad in enumerate(bad) if not is_bad]
    assert all(later[0] > earlier[1] for earlier, later in itertools.pairwise(runs))


@pytest.mark.parametrize("beyond", [np.nan, 1e6, -1e30])
def test_samples_that_are_no_numbers_count_as_lost(
    beyond: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    samples = np.ones(4 * BLOCK, np.float32)
    samples[100:110] = beyond
    samples[-7:] = np.inf
    device.send(samples)
    device.send(np.full(BLOCK, np.nan, np.float32))
    device.send(np.ones(BLOCK, np.float32))
    found = read(device.intake)
    assert [(block.samples.size, block.lost_samples) for block in found] == [
        (100, 0),
        (4 * BLOCK - 117, 10),
        (BLOCK, 7 + BLOCK),
    ]


def test_samples_that_are_no_numbers_count_as_lost_in_the_next_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = Device(monkeypatch, Intake(RATE, 1, None))
    samples = np.ones(BLOCK, np.float32)
    samples[-7:] = np.nan
    found: list[Block] = []
    for sent in (samples, np.full(BLOCK, np.nan, np.float32), np.ones(BLOCK, np.float32)):
        device.send(sent)
        found += read(device.intake)
    assert [(block.samples.size, block.lost_samples) for block in found] == [
        (BLOCK - 7, 0),
        (BLOCK, 7 + BLOCK),
    ]


def test_every_sample_is_read_or_counted_beside_a_running_callback() -> None:
    intake = Intake(RATE, 1, None)
    sent = 3000 * BLOCK

    def callbacks() -> None:
        for begin in range(0, sent, BLOCK):
            intake.take(numbered(begin).tobytes(), flagged=False)

    thread = threading.Thread(target=callbacks)
    thread.start()
    place = 0
    while thread.is_alive() or place < sent:
        for block in intake.read(0.05) or []:
            place += block.lost_samples
            assert block.samples[0] == place * STEP
            assert (np.diff(block.samples) == STEP).all()
            place += block.samples.size
    thread.join()
    assert place == sent
