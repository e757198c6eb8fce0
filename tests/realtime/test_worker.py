"""The worker alone: what each item of a source comes to, in the order in which they come."""

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from models.baseline import SpeakerBaseline
from models.bundle import Bundle
from realtime import worker as worker_module
from realtime.board import Board, RunFacts
from realtime.estimate import Estimate, State
from realtime.estimator import MANY_ROWS, Estimator, EstimatorSettings
from realtime.log.log_thread import LogThread
from realtime.log.record import Recorder
from realtime.sources.base import Block, Gap, Notice, SourceItem
from realtime.sources.memory import MemorySource
from realtime.speaker import Speaker
from realtime.worker import CATCH_UP_S, Worker
from tests.realtime.log_rows import Clock, Notices

RATE = 16_000
HOP_S = 0.25
FACTS = RunFacts(source="a test", model="ann", baseline="adaptive", window_s=3.0, hop_s=HOP_S)


def silence(seconds: float, rate: int = RATE) -> Block:
    return Block(samples=np.zeros(round(seconds * rate), np.float32), rate=rate)


class DeadlineLog(LogThread):
    """A log that notes until when each row may wait for room."""

    def __init__(self) -> None:
        super().__init__([])
        self.deadlines_s: list[float] = []

    def put(self, estimate: Estimate, *, deadline_s: float = 0.0) -> None:
        assert estimate.window == len(self.deadlines_s)
        self.deadlines_s.append(deadline_s)


class Work:
    """A worker whose source says what happens between two items, and whose end is waited for."""

    def __init__(self, bundle: Bundle, *, rate: int = RATE, is_live: bool = True) -> None:
        self._bundle = bundle
        self._rate = rate
        self._is_live = is_live
        self.board = Board(FACTS)
        self.log = DeadlineLog()
        self.stop = threading.Event()
        self.speaker = Speaker(name="adaptive", learns=True, baseline=SpeakerBaseline(weight=5.0))
        self.recorder: Recorder | None = None
        self.longest_s: float | None = None
        self.worker: Worker

    def run(self, *items: SourceItem) -> Worker:
        return self.run_through(iter(items))

    def run_through(self, items: Iterator[SourceItem]) -> Worker:
        settings = EstimatorSettings(
            window_s=3.0, hop_s=HOP_S, smoothing_s=0.5, reset_after_silence_s=1.0
        )
        self.worker = Worker(
            MemorySource(items, self._rate),
            Estimator(self._bundle, settings, self.speaker, self._rate),
            self.board,
            self.log,
            self.stop,
            is_live=self._is_live,
            recorder=self.recorder,
            longest_s=self.longest_s,
        )
        self.worker.start()
        self.worker.join()
        return self.worker

    def notices(self) -> tuple[str, ...]:
        return self.board.snapshot().notices


@pytest.fixture
def work(synthetic_bundle: Bundle) -> Work:
    return Work(synthetic_bundle)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", SimpleNamespace(monotonic=clock))
    return clock


def test_a_speaker_is_forgotten_once_and_that_is_told_for_three_seconds(
    work: Work, clock: Clock
) -> None:
    told: list[tuple[str, ...]] = []

    def items() -> Iterator[SourceItem]:
        yield silence(HOP_S)
        assert work.speaker.baseline.weight == 5.0
        told.append(work.notices())
        work.worker.reset_speaker()
        yield silence(HOP_S)
        assert work.speaker.baseline.weight == 0.0
        told.append(work.notices())
        work.speaker.baseline.weight = 1.0
        for later_s in (2.9, 0.1):
            clock.now_s += later_s
            yield silence(HOP_S)
            told.append(work.notices())

    work.run_through(items()).result()
    sentence = ("The voice is forgotten: what is said now is learnt.",)
    assert told == [(), sentence, sentence, ()]
    assert work.speaker.baseline.weight == 1.0


def test_what_a_source_says_is_shown_until_it_says_otherwise(work: Work) -> None:
    shown: list[tuple[str, ...]] = []

    def items() -> Iterator[SourceItem]:
        for text in ("another default", None):
            yield Notice(key="device", text=text)
            shown.append(work.notices())
        for over in (False, True):
            yield Gap(elapsed_s=0.5, over=over, reason="it was disconnected")
            shown.append(work.notices())

    summary = work.run_through(items()).result()
    assert shown == [("another default",), (), ("it was disconnected",), ()]
    assert summary.states == {State.GAP: 2}


@pytest.mark.parametrize("is_live", [False, True])
def test_hints_are_about_microphones_only(synthetic_bundle: Bundle, *, is_live: bool) -> None:
    work = Work(synthetic_bundle, is_live=is_live)
    work.run(silence(2.5))
    assert any("exact silence" in text for text in work.notices()) is is_live


def test_a_voice_that_does_not_fit_is_told_as_long_as_it_does_not(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence: str | None = None
    shown: list[tuple[str, ...]] = []
    monkeypatch.setattr(Estimator, "stranger", property(lambda _: sentence))

    def items() -> Iterator[SourceItem]:
        nonlocal sentence
        for sentence in (None, "someone else", None):  # noqa: B007 - read by the property
            yield silence(HOP_S)
            shown.append(work.notices())

    work.run_through(items()).result()
    assert shown == [(), ("someone else",), ()]


def test_the_sound_is_recorded_with_its_gaps(work: Work, tmp_path: Path) -> None:
    work.recorder = Recorder(tmp_path / "take.wav", RATE, hop_s=HOP_S, notify=Notices().notify)
    ones = Block(samples=np.full(RATE, 0.5, np.float32), rate=RATE)
    gap = Gap(elapsed_s=0.5, over=True, reason="it was disconnected")
    work.run(ones, gap, Notice(key="device", text="found"), ones)
    work.recorder.close()
    heard = soundfile.read(tmp_path / "take.wav", dtype="float32")[0]
    one, none = ones.samples, np.zeros(RATE // 2, np.float32)
    np.testing.assert_array_equal(heard, np.concatenate([one, none, one]))


def test_the_last_hop_is_no_shorter_than_the_others_whatever_the_rate(
    synthetic_bundle: Bundle,
) -> None:
    """The resampler holds samples back, which come at the end."""
    summary = Work(synthetic_bundle, rate=48_000).run(silence(1.0, 48_000)).result()
    assert (summary.states.total(), summary.end_s) == (4, 1.0)


@pytest.mark.parametrize("block_s", [0.1, 0.25, 5.0])
def test_a_duration_ends_with_its_last_hop_and_asks_for_no_more_sound(
    work: Work, block_s: float
) -> None:
    asked = 0

    def items() -> Iterator[SourceItem]:
        nonlocal asked
        while True:
            asked += 1
            yield silence(block_s)

    work.longest_s = 1.0
    summary = work.run_through(items()).result()
    assert (summary.states.total(), summary.end_s) == (4, 1.0)
    assert len(work.board.snapshot().history) == len(work.log.deadlines_s) == 4
    assert asked == math.ceil(1.0 / block_s)


@pytest.mark.parametrize(
    ("is_live", "rows", "deadline_s"),
    [
        (False, 4, math.inf),
        (False, MANY_ROWS, math.inf),
        (True, 4, 0.0),
        (True, MANY_ROWS - 1, 0.0),
        (True, MANY_ROWS, 70.0 + CATCH_UP_S),
        (True, 2 * MANY_ROWS + 1, 70.0 + CATCH_UP_S),
    ],
)
def test_what_can_wait_waits_for_the_log_and_a_microphone_only_after_long_absence(
    synthetic_bundle: Bundle, clock: Clock, *, is_live: bool, rows: int, deadline_s: float
) -> None:
    clock.now_s = 70.0
    work = Work(synthetic_bundle, is_live=is_live)
    work.run(Gap(elapsed_s=rows * HOP_S, over=True, reason="asleep"))
    assert work.log.deadlines_s == [deadline_s] * rows


def test_whatever_fails_ends_the_run_and_is_raised_where_its_result_is_asked_for(
    work: Work,
) -> None:
    def items() -> Iterator[SourceItem]:
        yield silence(HOP_S)
        raise ZeroDivisionError

    worker = work.run_through(items())
    assert work.stop.is_set()
    assert work.board.snapshot().finished
    assert len(work.board.snapshot().history) == 1
    with pytest.raises(ZeroDivisionError):
        worker.result()
