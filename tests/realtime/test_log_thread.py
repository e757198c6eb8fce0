import contextlib
import json
import math
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.board import Board, RunFacts
from realtime.estimate import Estimate
from realtime.log import amounts
from realtime.log.lane import Lane
from realtime.log.log_thread import QUEUED_ROWS, LogThread, open_log
from realtime.log.rotation import Rotation, existing_parts
from realtime.log.stdout_lines import NOTICE, StdoutLines
from tests.realtime.log_rows import META, Clock, Notices, speech, windows
from tests.waiting import PATIENCE_S, wait_until

FACTS = RunFacts(source="a test", model="ann", baseline="off", window_s=3.0, hop_s=0.25)


class Output:
    """A log on a pipe and perhaps a CSV."""

    def __init__(self, csv: Path | None, *, json: bool = True, append: bool = False) -> None:
        self.read_end, self.write_end = os.pipe()
        self.board = Board(FACTS)
        self.stop = threading.Event()
        self.log = open_log(
            csv=csv,
            json=json,
            plain=not json,
            meta=META,
            append=append,
            board=self.board,
            stop=self.stop,
            stdout=self.write_end,
        )

    def put(self, count: int, *, block: bool = False) -> None:
        for window in range(count):
            self.log.put(speech(window), deadline_s=math.inf if block else 0.0)

    def close(self, timeout_s: float = PATIENCE_S) -> None:
        self.log.close(timeout_s)
        os.close(self.write_end)

    def read(self) -> list[str]:
        with os.fdopen(self.read_end, encoding="utf-8", closefd=False) as reader:
            return reader.read().splitlines()

    def release(self) -> None:
        for descriptor in (self.read_end, self.write_end):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Output]:
    output = Output(tmp_path / "log.csv")
    yield output
    output.release()


def test_csv_and_json_carry_the_same_rows(output: Output, tmp_path: Path) -> None:
    output.put(100)
    output.close()
    output.log.close()
    assert [json.loads(line)["window"] for line in output.read()] == list(range(100))
    assert windows(tmp_path / "log.csv") == list(range(100))
    assert output.log.problem is None
    assert not output.log.reader_gone


def test_an_appended_log_counts_on_in_every_output(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for expected in ([0, 1, 2], [3, 4, 5]):
        output = Output(path, append=True)
        output.put(3)
        output.close()
        assert [json.loads(line)["window"] for line in output.read()] == expected
        assert output.log.first_window == expected[0]
        output.release()
    assert windows(path) == list(range(6))


def test_plain_lines_are_for_people() -> None:
    output = Output(None, json=False)
    output.put(9)
    output.close()
    assert output.read() == ["     0.25 s  happy      62 %"]
    output.release()


def test_rotation_passes_through(tmp_path: Path) -> None:
    log = open_log(
        csv=tmp_path / "log.csv",
        json=False,
        plain=False,
        meta=META,
        rotation=Rotation(seconds=1.0),
        board=Board(FACTS),
        stop=threading.Event(),
    )
    for window in range(8):
        log.put(speech(window))
    log.close()
    assert existing_parts(tmp_path / "log.csv") == [0, 1]


def test_a_run_without_outputs_is_no_special_case() -> None:
    log = LogThread([])
    log.put(speech(0))
    log.close()
    assert log.problem is None


def test_a_stalled_pipe_delays_neither_the_run_nor_the_csv(output: Output, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    count = QUEUED_ROWS + 1000
    for window in range(count):
        output.log.put(speech(window))
        if window % 500 == 0:  # nobody reads the pipe, and yet the file keeps up
            wait_until(lambda: path.read_bytes().count(b"\n") > window, "the row")  # noqa: B023
    output.close(timeout_s=0.5)
    assert windows(path) == list(range(count))
    problem = output.log.problem or ""
    assert "rows are missing in standard output, which takes nothing any more" in problem
    notices = output.board.snapshot().notices
    assert any("standard output, which is too slow" in text for text in notices)


def test_a_source_that_can_wait_loses_nothing_to_a_slow_reader(output: Output) -> None:
    count = 2 * QUEUED_ROWS
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(output.read()))
    started = threading.Timer(0.2, reader.start)
    started.start()
    output.put(count, block=True)
    output.close()
    started.join()
    reader.join()
    assert [json.loads(line)["window"] for line in lines] == list(range(count))
    assert output.log.problem is None


def test_a_stop_releases_a_run_that_waits_for_a_stalled_reader(output: Output) -> None:
    threading.Timer(0.2, output.stop.set).start()
    output.put(2 * QUEUED_ROWS, block=True)
    assert output.stop.is_set()
    output.close(timeout_s=0.2)
    assert "standard output" in (output.log.problem or "")


def test_a_reader_that_leaves_ends_the_run_quietly(output: Output, tmp_path: Path) -> None:
    os.close(output.read_end)
    output.put(1)
    assert output.stop.wait(PATIENCE_S)
    output.put(5)
    output.close()
    assert output.log.reader_gone
    assert output.log.problem is None
    assert windows(tmp_path / "log.csv") == [0, 0, 1, 2, 3, 4]


def test_a_pipe_that_may_not_block_still_gets_whole_lines(output: Output) -> None:
    os.set_blocking(output.write_end, False)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(output.read()))
    threading.Timer(0.2, reader.start).start()
    output.put(1000, block=True)
    output.close()
    wait_until(lambda: reader.ident is not None, "the reader")
    reader.join()
    assert [json.loads(line)["window"] for line in lines] == list(range(1000))


def numbered(estimate: Estimate) -> str:
    return str(estimate.window)


def test_a_full_output_is_reported_and_not_retried_at_every_row() -> None:
    notices = Notices()
    clock = Clock()
    with Path("/dev/full").open("wb", buffering=0) as full:
        lines = StdoutLines(numbered, descriptor=full.fileno(), notify=notices.notify, clock=clock)
        for window in range(5):
            lines.write(speech(window))
        lines.close()
    assert lines.problem == "5 lines are missing on standard output (No space left on device)."
    assert "free some space" in (notices[NOTICE] or "")


def test_of_a_line_that_was_completed_nothing_is_said(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    clock, notices = Clock(), Notices()
    path = tmp_path / "out"
    with path.open("wb", buffering=0) as file:
        lines = StdoutLines(
            lambda estimate: f"line {estimate.window}",
            descriptor=file.fileno(),
            notify=notices.notify,
            clock=clock,
        )
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3, before[1]))
            lines.write(speech(0))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert "cannot be written" in (notices[NOTICE] or "")
        clock.now_s = 60.0
        lines.write(speech(1))
    assert path.read_text().splitlines() == ["line 0", "line 1"]
    assert notices[NOTICE] is None
    assert lines.problem is None


def test_a_line_that_stays_torn_is_one_line(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with (tmp_path / "out").open("wb", buffering=0) as file:
        lines = StdoutLines(
            lambda estimate: f"line {estimate.window}",
            descriptor=file.fileno(),
            notify=Notices().notify,
            clock=Clock(),
        )
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3, before[1]))
            lines.write(speech(0))
            lines.close()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert lines.problem == "1 line is missing on standard output (File too large)."


def test_lines_stay_whole_when_an_output_fails_in_the_middle_of_one(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    clock = Clock()
    path = tmp_path / "out"
    with path.open("wb", buffering=0) as file:
        lines = StdoutLines(
            lambda estimate: f"line {estimate.window}",
            descriptor=file.fileno(),
            notify=Notices().notify,
            clock=clock,
        )
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (17, before[1]))
            for window in range(5):
                lines.write(speech(window))
            assert path.read_bytes() == b"line 0\nline 1\nlin"
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        clock.now_s = 60.0
        lines.write(speech(5))
        lines.close()
    assert path.read_text().splitlines() == ["line 0", "line 1", "line 2", "line 5"]
    assert lines.problem == "2 lines are missing on standard output (File too large)."


class BrokenSink:
    """A sink with a bug."""

    reader_gone = False
    problem: str | None = None

    def write(self, item: int, /) -> None:
        raise ZeroDivisionError(item)

    def close(self) -> None:
        raise AssertionError


def test_an_unexpected_failure_reaches_the_run() -> None:
    stop = threading.Event()
    lane: Lane[int] = Lane(
        "broken", BrokenSink(), unit="row", limit=8, notify=Notices().notify, stop=stop
    )
    assert lane.put(1)
    assert stop.wait(PATIENCE_S)
    with pytest.raises(ZeroDivisionError):
        lane.put(2, deadline_s=math.inf)
    with pytest.raises(ZeroDivisionError):
        lane.close(time.monotonic() + PATIENCE_S)
    lane.close(time.monotonic())


class StalledSink:
    """A sink whose first call does not return before it is let go."""

    reader_gone = False
    problem: str | None = None

    def __init__(self) -> None:
        self.called = threading.Event()
        self.may_go_on = threading.Event()

    def write(self, item: int, /) -> None:
        self.called.set()
        assert self.may_go_on.wait(PATIENCE_S), item

    def close(self) -> None:
        assert self.may_go_on.is_set()


@pytest.mark.parametrize("count", [1, 3])
def test_what_a_stalled_output_holds_in_its_hands_is_missing_too(count: int) -> None:
    sink = StalledSink()
    lane: Lane[int] = Lane(
        "a pipe", sink, unit="row", limit=8, notify=Notices().notify, stop=threading.Event()
    )
    for item in range(count):
        assert lane.put(item)
    assert sink.called.wait(PATIENCE_S)
    lane.close(time.monotonic())
    sink.may_go_on.set()
    assert lane.missing == count
    assert (lane.problem or "").startswith(f"{amounts.missing(count, 'row')} in a pipe")


def test_one_is_one() -> None:
    assert amounts.missing(1, "row") == "1 row is missing"
    assert amounts.missing(0, "row") == "0 rows are missing"
