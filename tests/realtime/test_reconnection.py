"""A lost device is looked for with pauses, and is back once it is known since when."""

import itertools
from collections.abc import Callable
from threading import Event

import numpy as np
import pytest

from models.errors import DeviceError
from realtime.sources import clock
from realtime.sources.connection import Connection
from realtime.sources.intake import BEGINNING_S, Intake
from realtime.sources.portaudio import Input, Stream
from realtime.sources.reconnection import FIRST_SOUND_S, LONGEST_PAUSE_S, Reconnection
from tests.waiting import PATIENCE_S, wait_until

RATE = 8_000
DEVICE = Input(index=0, name="virt", host_api="ALSA", channels=1, rate=RATE, is_default=True)


class Raw:
    """What a stream of the library's own is here: something that is closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self, *, ignore_errors: bool) -> None:
        self.is_closed = ignore_errors


class World:
    """Simulated time, and attempts that fail until a device is there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        self.attempts_s: list[float] = []
        self.opened: list[tuple[Raw, Intake]] = []
        self.is_there = False
        monkeypatch.setattr(clock, "now_s", lambda: self.now_s)

    def open_again(self) -> Connection:
        self.attempts_s.append(self.now_s)
        if not self.is_there:
            raise DeviceError("gone")
        raw, intake = Raw(), Intake(RATE, 1, None)
        self.opened.append((raw, intake))
        return Connection(device=DEVICE, stream=Stream(raw), intake=intake)

    def send(self, seconds: float) -> None:
        _, intake = self.opened[-1]
        intake.take(np.zeros(round(seconds * RATE), np.float32).tobytes(), flagged=False)


def until(true: Callable[[], object], reconnection: Reconnection) -> None:
    """Poll without letting simulated time pass."""

    def poll() -> bool:
        assert reconnection.poll() is None
        return bool(true())

    wait_until(poll, "the sound thread")


def test_pauses_between_attempts_grow_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    reconnection = Reconnection(world.open_again)
    while len(world.attempts_s) < 9:
        until(lambda: reconnection._attempt is not None, reconnection)
        until(lambda: reconnection._attempt is None, reconnection)
        world.now_s = reconnection._next_s
    pauses = [later - earlier for earlier, later in itertools.pairwise(world.attempts_s)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_device_is_back_once_it_is_known_when_its_sound_began(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    world.is_there = True
    reconnection = Reconnection(world.open_again)
    until(lambda: reconnection._silent is not None, reconnection)
    begun_s = world.now_s
    world.now_s += FIRST_SOUND_S - 0.01
    world.send(0.02)
    world.now_s += 0.1
    assert reconnection.poll() is None
    # All that was late has come: the sound is as old as the stream.
    world.send(world.now_s - begun_s - 0.02)
    world.now_s += BEGINNING_S
    found = reconnection.poll()
    assert found is not None
    assert found.intake.begun_s == pytest.approx(begun_s)
    assert not world.opened[-1][0].is_closed


@pytest.mark.parametrize("how", ["silent", "ended"])
def test_a_stream_without_sound_is_closed_and_another_tried(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(monkeypatch)
    world.is_there = True
    reconnection = Reconnection(world.open_again)
    until(lambda: reconnection._silent is not None, reconnection)
    raw, intake = world.opened[-1]
    if how == "silent":
        world.now_s += FIRST_SOUND_S + 0.01
    else:
        intake.ended.set()
    until(lambda: raw.is_closed, reconnection)
    world.now_s += LONGEST_PAUSE_S
    until(lambda: len(world.opened) == 2, reconnection)
    reconnection.close()


@pytest.mark.parametrize("when", ["still opening", "opened, and silent"])
def test_whoever_gives_up_leaves_no_stream_open(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.is_there = True
    may_open = Event()

    def open_again() -> Connection:
        may_open.wait(PATIENCE_S)
        return world.open_again()

    reconnection = Reconnection(open_again)
    until(lambda: reconnection._attempt is not None, reconnection)
    if when == "opened, and silent":
        may_open.set()
        until(lambda: reconnection._silent is not None, reconnection)
    reconnection.close()
    may_open.set()
    wait_until(lambda: world.opened and world.opened[-1][0].is_closed, "the stream's end")
