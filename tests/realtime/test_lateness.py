"""Lateness: whoever is slow delays nobody else, memory stays bounded, and the lag does not grow."""

import contextlib
import fcntl
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from models.bundle import Bundle
from realtime import worker as worker_module
from realtime.board import HISTORY_ROWS, Board, RunFacts
from realtime.estimator import Estimator, EstimatorSettings
from realtime.log.log_thread import QUEUED_ROWS, open_log
from realtime.sources.base import Block, Gap, SourceItem
from realtime.sources.memory import MemorySource
from realtime.speaker import Speaker
from realtime.worker import Worker
from tests.realtime.live_program import (
    Program,
    behind_s,
    check_windows,
    command_of,
)
from tests.realtime.log_rows import META, has_rows, windows
from tests.terminal import Terminal
from tests.virtual_microphone import VirtualMicrophone
from tests.waiting import PATIENCE_S, wait_until

HOP_S = 0.25
# Ten seconds is what the ring holds; a lag of a second is no growing one on a busy machine.
NORMAL_MS = 1000.0


def _monitor(microphone: VirtualMicrophone, folder: Path, *arguments: str | Path) -> Program:
    return Program(
        folder, "monitor", "--no-dashboard", *arguments, environment=microphone.environment
    )


# --- a stalled terminal --------------------------------------------------------------------------


def _resident_kb(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_terminal_that_nobody_reads_delays_no_row_and_takes_no_memory(
    synthetic_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    options = ("--loop", "--speed", "100", "--model", synthetic_folder, "--csv", path)
    with Terminal(command_of("replay", *options), COLORTERM="truecolor") as terminal:
        terminal.resize(120, 40)
        # The kernel's few kilobytes have long been full then.
        wait_until(lambda: has_rows(path, 300), "300 rows")
        before_kb = _resident_kb(terminal.program.pid)
        wait_until(lambda: has_rows(path, 1500), "1500 rows")
        assert _resident_kb(terminal.program.pid) - before_kb < 10_000
        terminal.program.terminate()
        terminal.program.wait(PATIENCE_S)
    assert windows(path)[:1500] == list(range(1500))


# --- a slow reader or disk -----------------------------------------------------------------------


def _worked(
    items: Iterable[SourceItem],
    bundle: Bundle,
    stdout: int,
    csv: Path,
    *,
    is_live: bool,
    longest_s: float | None = None,
) -> tuple[Board, Callable[[], str | None]]:
    """Run items through worker, log and board; the log is left open for the test to close."""
    settings = EstimatorSettings(
        window_s=3.0, hop_s=HOP_S, smoothing_s=0.5, reset_after_silence_s=1.0
    )
    facts = RunFacts(source="test", model="", baseline="off", window_s=3.0, hop_s=HOP_S)
    board, stop = Board(facts), threading.Event()
    log = open_log(
        csv=csv, json=True, plain=False, meta=META, board=board, stop=stop, stdout=stdout
    )
    estimator = Estimator(bundle, settings, Speaker(name="off", learns=False), 16_000)
    worker = Worker(
        MemorySource(items, 16_000),
        estimator,
        board,
        log,
        stop,
        is_live=is_live,
        longest_s=longest_s,
    )
    worker.start()
    worker.result()

    def close() -> str | None:
        log.close(PATIENCE_S)
        return log.problem

    return board, close


def _small_pipe() -> tuple[int, int]:
    read_fd, write_fd = os.pipe()
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, 4096)
    return read_fd, write_fd


def _drain(descriptor: int) -> threading.Thread:
    def drain() -> None:
        while os.read(descriptor, 65536):
            pass

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    return thread


def test_every_row_of_a_night_asleep_is_in_every_output(
    synthetic_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "CATCH_UP_S", PATIENCE_S)
    count = 10 * QUEUED_ROWS
    read_fd, write_fd = os.pipe()
    reader = _drain(read_fd)
    path = tmp_path / "log.csv"
    slept = Gap(elapsed_s=count * HOP_S, over=True, reason="asleep")
    _, close = _worked([slept], synthetic_bundle, write_fd, path, is_live=True)
    assert close() is None
    os.close(write_fd)
    reader.join(PATIENCE_S)
    os.close(read_fd)
    assert windows(path) == list(range(count))


def test_a_stalled_reader_costs_a_live_run_counted_rows_of_its_own_output_only(
    synthetic_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "CATCH_UP_S", 0.1)
    count = 2 * QUEUED_ROWS
    read_fd, write_fd = _small_pipe()
    gone = Gap(elapsed_s=count * HOP_S, over=True, reason="unplugged")
    path = tmp_path / "log.csv"
    board, close = _worked([gone], synthetic_bundle, write_fd, path, is_live=True)
    snapshot = board.snapshot()
    assert any("rows are missing in standard output" in text for text in snapshot.notices)
    assert len(snapshot.history) == HISTORY_ROWS
    latest = snapshot.latest
    assert latest is not None
    assert latest.window == count - 1
    reader = _drain(read_fd)
    problem = close() or ""
    os.close(write_fd)
    reader.join(PATIENCE_S)
    os.close(read_fd)
    assert "rows are missing in standard output, which was too slow" in problem
    written = windows(path)
    # The CSV's own queue may fill too in such a burst; what is there is in order, and once.
    assert written == sorted(set(written))
    assert len(written) >= QUEUED_ROWS
    assert ("log.csv" in problem) == (len(written) < count)


def test_a_stalled_reader_makes_a_recording_wait_and_loses_nothing(
    synthetic_folder: Path, tmp_path: Path
) -> None:
    read_fd, write_fd = _small_pipe()
    options = ("--model", synthetic_folder, "--speed", "max", "--hop", "0.05", "--json")
    with Program(tmp_path / "run", "replay", *options, stdout=write_fd) as run:
        os.close(write_fd)
        run.wait_for_rows(5)
        lines = b""
        while piece := os.read(read_fd, 4096):
            lines += piece
        os.close(read_fd)
        assert run.end() == 0, run.messages()
    assert lines.count(b"\n") == len(run.rows()) > 590
    check_windows(run.rows())


def test_a_stopped_reader_does_not_hold_up_the_monitor(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path
) -> None:
    read_fd, write_fd = _small_pipe()
    options = ("--model", synthetic_folder, "--hop", "0.05", "--json")
    environment = microphone.environment
    with Program(
        tmp_path / "run", "monitor", *options, environment=environment, stdout=write_fd
    ) as run:
        os.close(write_fd)
        rows = run.wait_for_rows(40)  # four kilobytes hold some ten lines
        assert abs(behind_s(rows)) < 1
        assert max(float(row["latency_ms"]) for row in rows[20:] if row["latency_ms"]) < NORMAL_MS
        reader = _drain(read_fd)
        assert run.interrupt() == 130
        reader.join(PATIENCE_S)
    os.close(read_fd)
    check_windows(run.rows())
    assert "missing" not in run.messages()


# --- a suspended program -------------------------------------------------------------------------


def test_suspended_and_resumed_the_monitor_catches_up_and_time_keeps_its_meaning(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path
) -> None:
    with _monitor(microphone, tmp_path / "run", "--model", synthetic_folder) as run:
        run.wait_for_rows(4)
        run.signal(signal.SIGSTOP)
        time.sleep(3)
        run.signal(signal.SIGCONT)
        before = len(run.rows())
        rows = run.wait_for_rows(before + 16)
        run.interrupt()
    check_windows(rows)
    # What the sound server kept meanwhile comes late; what it did not keep is counted.
    assert abs(behind_s(rows)) < 1
    accounted_s = float(rows[-1]["end_s"])
    assert accounted_s > 3 + 4 * HOP_S
    assert _lag_ms(rows[-4:]) < NORMAL_MS


def _lag_ms(rows: list[dict[str, str]]) -> float:
    return min(float(row["latency_ms"]) for row in rows if row["latency_ms"])


def test_a_suspended_replay_plays_the_rest_later(synthetic_folder: Path, tmp_path: Path) -> None:
    with Program(tmp_path / "run", "replay", "--no-dashboard", "--model", synthetic_folder) as run:
        run.wait_for_rows(4)
        run.signal(signal.SIGSTOP)
        time.sleep(2)
        run.signal(signal.SIGCONT)
        rows = run.wait_for_rows(len(run.rows()) + 6)
        run.interrupt()
    check_windows(rows)
    assert behind_s(rows) > 1.5
    assert _lag_ms(rows[-4:]) < NORMAL_MS


# --- a starved CPU -------------------------------------------------------------------------------

SPIN = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cannot pin a process")
def test_a_starved_monitor_accounts_for_every_sample_and_recovers(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path
) -> None:
    core = max(os.sched_getaffinity(0))
    with (
        _monitor(microphone, tmp_path / "run", "--model", synthetic_folder) as run,
        contextlib.ExitStack() as stack,
    ):
        run.wait_for_rows(4)
        os.sched_setaffinity(run.process.pid, {core})
        os.setpriority(os.PRIO_PROCESS, run.process.pid, 19)
        for _ in range(4):
            spinner = subprocess.Popen([sys.executable, "-c", SPIN, str(core)])
            stack.callback(spinner.wait)
            stack.callback(spinner.kill)
        time.sleep(3)
        stack.close()
        rows = run.wait_for_rows(len(run.rows()) + 12)
        run.interrupt()
    check_windows(rows)
    assert abs(behind_s(rows)) < 1
    assert _lag_ms(rows[-4:]) < NORMAL_MS


def test_what_a_source_lost_is_counted_and_moves_time_on(
    synthetic_bundle: Bundle, tmp_path: Path
) -> None:
    second = np.zeros(16_000, np.float32)
    items: list[SourceItem] = [
        Block(samples=second, rate=16_000),
        Block(samples=second, rate=16_000, lost_samples=5 * 16_000),
    ]
    with Path(os.devnull).open("wb") as sink:
        board, close = _worked(
            items, synthetic_bundle, sink.fileno(), tmp_path / "log.csv", is_live=True
        )
        assert close() is None
    rows = board.snapshot().history
    assert [row.dropped_samples for row in rows][-1] == 5 * 16_000
    assert rows[-1].end_s == 7.0
    assert sum(row.state == "gap" for row in rows) == 20


@pytest.mark.parametrize("lost_samples", [1, 1600, 3999, 4001, 160_000])
def test_a_duration_ends_the_run_also_after_a_loss_of_any_length(
    lost_samples: int, synthetic_bundle: Bundle, tmp_path: Path
) -> None:
    second = np.zeros(16_000, np.float32)
    lossy = Block(samples=second, rate=16_000, lost_samples=lost_samples)
    endless = itertools.chain([lossy], itertools.repeat(Block(samples=second, rate=16_000)))
    with Path(os.devnull).open("wb") as sink:
        board, close = _worked(
            endless,
            synthetic_bundle,
            sink.fileno(),
            tmp_path / "log.csv",
            is_live=True,
            longest_s=3.0,
        )
        assert close() is None
    latest = board.snapshot().latest
    assert latest is not None
    assert 2.75 < latest.end_s <= 3.0


def test_no_snapshot_of_the_board_is_longer_than_its_history(synthetic_bundle: Bundle) -> None:
    with tempfile.TemporaryDirectory() as name, Path(os.devnull).open("wb") as sink:
        gone = Gap(elapsed_s=4000 * HOP_S, over=True, reason="unplugged")
        board, close = _worked(
            [gone], synthetic_bundle, sink.fileno(), Path(name, "log.csv"), is_live=False
        )
        assert close() is None
    assert len(board.snapshot().history) == HISTORY_ROWS
