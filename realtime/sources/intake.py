"""One open stream, from the callback to blocks: averaged, kept in the ring, losses counted.

``callback -> Intake.take -> ring -> Intake.read -> Block``; the callback copies and leaves.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.audio import to_mono
from realtime.ring import Ring
from realtime.sources import clock
from realtime.sources.base import Block
from realtime.sources.cancelling import Cancelling
from realtime.sources.pace import Pace

RING_S = 10
ARRIVALS = 2048
# A stream's first samples may come late; by then what came after them has caught up.
BEGINNING_S = 0.5
# 60 dB over full scale.
LOUDEST = 1e3


@dataclass(kw_only=True, slots=True, eq=False)
class _Run:
    """Consecutive samples that wait to be yielded, and what was lost or left out before them."""

    lost: int = 0
    is_break: bool = False
    pieces: list[NDArray[np.float32]] = field(default_factory=list)
    arrived_s: float = 0.0


class Intake:
    """Takes what one stream delivers; one thread calls `take`, another `read`.

    Parameters
    ----------
    rate : int
        Samples per second.
    channels : int
        Interleaved in what is taken.
    channel : int or None
        The one to keep, counted from 1; None averages all.

    Attributes
    ----------
    begun_s : float or None
        When the first sample was captured, by `clock.now_s`: the earliest that the arrivals of
        the first half second allow; None before.
    latest_s : float
        When the latest samples arrived, or the stream was opened.
    ended : Event
        Set when the sound system has ended the stream.
    cancelling : Cancelling
        What the average of the channels lacks; nothing where one of them is kept.
    """

    def __init__(self, rate: int, channels: int, channel: int | None) -> None:
        self.rate = rate
        self.ended = Event()
        self.begun_s: float | None = None
        self._first_s: float | None = None
        self.latest_s = clock.now_s()
        self.cancelling = Cancelling(rate)
        self._channels = channels
        self._channel = channel
        self._ring = Ring(RING_S * rate)
        self._arrivals: deque[tuple[int, float, bool]] = deque(maxlen=ARRIVALS)
        self._pace = Pace(rate)
        self._end = 0
        self._runs = [_Run()]
        self._doubtful: _Run | None = None
        self._lost = 0
        self._is_break = False
        self._to_leave_out = 0

    def take(self, data: Any, flagged: bool) -> None:  # noqa: FBT001 - PortAudio calls it
        """Take a buffer of interleaved float32 samples; copies, counts and leaves."""
        frames = np.frombuffer(data, np.float32).reshape(-1, self._channels)
        if self._channel is None:
            mono = to_mono(frames)
            if self._channels > 1:
                self.cancelling.push(frames, mono)
        else:
            mono = frames[:, self._channel - 1]
        # Announced before written: a reader that sees samples finds their arrival too.
        self.latest_s = clock.now_s()
        end = self._ring.written + mono.size
        if not self.has_begun:
            self._begin(self.latest_s - end / self.rate)
        self._arrivals.append((end, self.latest_s, flagged))
        self._ring.write(mono, time.monotonic())

    @property
    def has_begun(self) -> bool:
        """True once `begun_s` is final."""
        return self._first_s is not None and clock.now_s() - self._first_s >= BEGINNING_S

    def _begin(self, begun_s: float) -> None:
        self.begun_s = begun_s if self.begun_s is None else min(begun_s, self.begun_s)
        if self._first_s is None:
            self._first_s = self.latest_s

    def read(self, timeout_s: float) -> list[Block] | None:
        """Blocks that are ready; None if nothing arrived in that time.

        After a pause or a flag, samples are held back for up to a second, until it is known
        whether some are missing between; so a loss is told where it happened. Samples that come
        after they were counted as lost are left out.
        """
        reading = self._ring.read(timeout_s)
        if reading is None:
            return None
        end = self._ring.position
        begin = end - reading.samples.size
        if reading.lost_before:
            self._runs.append(_Run(lost=reading.lost_before))
        done = begin
        while self._arrivals and self._arrivals[0][0] <= end:
            arrival_end, arrived_s, flagged = self._arrivals.popleft()
            samples = arrival_end - self._end
            place = min(max(self._end, done), end)
            self._append(reading.samples[done - begin : place - begin], reading.arrived_s)
            done = place
            self._judge(self._pace.push(samples, arrived_s, flagged=flagged))
            self._end = arrival_end
        self._append(reading.samples[done - begin :], reading.arrived_s)
        return self._ready()

    def rest(self) -> list[Block]:
        """Blocks still held back when the stream has ended."""
        self._judge(self._pace.settle())
        return self._ready()

    def _append(self, samples: NDArray[np.float32], arrived_s: float) -> None:
        left_out = min(self._to_leave_out, samples.size)
        self._to_leave_out -= left_out
        samples = samples[left_out:]
        if samples.size:
            self._runs[-1].pieces.append(samples)
            self._runs[-1].arrived_s = arrived_s

    def _judge(self, lost: int | None) -> None:
        """Act on what `Pace` said of the arrival that begins here."""
        if lost is None:
            if self._doubtful is None:
                self._doubtful = _Run()
                self._runs.append(self._doubtful)
        elif lost < 0:
            self._doubtful = None
            self._to_leave_out -= lost
            self._runs.append(_Run(is_break=True))
        elif self._doubtful is not None:
            self._doubtful.lost += lost
            self._doubtful = None
        elif lost:
            self._runs.append(_Run(lost=lost))

    def _ready(self) -> list[Block]:
        """Blocks of the runs that are beyond doubt."""
        held = len(self._runs) if self._doubtful is None else self._runs.index(self._doubtful)
        ready, self._runs = self._runs[:held], self._runs[held:] or [_Run()]
        blocks: list[Block] = []
        for run in ready:
            self._lost += run.lost
            self._is_break |= run.is_break
            if run.pieces:
                samples = run.pieces[0] if len(run.pieces) == 1 else np.concatenate(run.pieces)
                blocks += self._blocks(samples, run.arrived_s)
        return blocks

    def _blocks(self, samples: NDArray[np.float32], arrived_s: float) -> list[Block]:
        """Cut out samples that are no sound, see `sound_runs`: they count as lost."""
        blocks = []
        done = 0
        for begin, end in sound_runs(samples):
            blocks.append(
                Block(
                    samples=samples[begin:end],
                    rate=self.rate,
                    lost_samples=self._lost + begin - done,
                    arrived_s=arrived_s,
                    starts_segment=self._is_break,
                )
            )
            self._lost, self._is_break = 0, False
            done = end
        self._lost += samples.size - done
        return blocks


def sound_runs(samples: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Begin and end of each run of samples that are sound: not NaN, nor beyond all measure.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32
        n is at least 1.
    """
    # Of NaN this is false as well. One huge sample would deafen the gate for a minute.
    sound = np.abs(samples) < LOUDEST
    if sound.all():
        return [(0, samples.size)]
    edges = np.flatnonzero(np.diff(sound.astype(np.int8), prepend=0, append=0))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]
