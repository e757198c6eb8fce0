"""When the screen is drawn: a new row at once, but never more frames a second than allowed."""

import io
import os
import sys
import threading
from itertools import pairwise
from types import SimpleNamespace

import pytest

from realtime.board import Board, RunFacts
from realtime.dashboard import screen
from realtime.dashboard.screen import Dashboard
from realtime.dashboard.terminal import Terminal
from realtime.ending_signals import EndingSignals
from realtime.estimate import Estimate, State

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing wakes a console there")
FACTS = RunFacts(source="s", model="m", baseline="off", window_s=3.0, hop_s=0.25)
REFRESH_HZ = 10.0


class Terminated(io.StringIO):
    """Standard output as a terminal that takes everything."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return -1


class Scene:
    """Stands in for keys, clock and worker: while the screen waits, rows come at set times."""

    def __init__(self, board: Board, rows_s: list[float], stop: threading.Event) -> None:
        self._board = board
        self._rows_s = rows_s
        self._stop = stop
        self.added = 0
        self.now_s = 0.0

    def open(self) -> None:
        """No terminal to prepare."""

    def close(self) -> None:
        """None to restore."""

    def wait(self, timeout_s: float, wake_fd: int | None) -> str:
        assert wake_fd is not None
        until_s = self.now_s + max(0.0, timeout_s)
        while self.added < len(self._rows_s) and self._rows_s[self.added] <= until_s:
            self.now_s = self._rows_s[self.added]
            self._board.add(_row(self.added))
            self.added += 1
            if _woken(wake_fd):
                return ""
        self.now_s = until_s
        if self.added == len(self._rows_s) and until_s > self._rows_s[-1] + 1:
            self._stop.set()
        return ""


def _row(window: int) -> Estimate:
    return Estimate(window=window, start_s=0.0, end_s=1.0, state=State.NO_SPEECH)


def _woken(wake_fd: int) -> bool:
    try:
        return bool(os.read(wake_fd, 64))
    except BlockingIOError:
        return False


def _frames(rows_s: list[float], monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """Time of each frame, and how many rows there were."""
    board, stop = Board(FACTS), threading.Event()
    scene = Scene(board, rows_s, stop)
    written: list[tuple[float, int]] = []
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(screen, "time", SimpleNamespace(monotonic=lambda: scene.now_s))
    monkeypatch.setattr(screen, "Keys", lambda _: scene)
    monkeypatch.setattr(Terminal, "size", lambda _: (80, 24))
    monkeypatch.setattr(Terminal, "write", lambda *_: written.append((scene.now_s, scene.added)))
    Dashboard(board, refresh_hz=REFRESH_HZ, file=Terminated()).run(stop, EndingSignals())
    return written[1:-1]  # without entering and leaving


def test_a_row_is_drawn_when_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    rows_s = [0.13 + 0.25 * i for i in range(8)]
    frames = _frames(rows_s, monkeypatch)
    assert frames == [(0.0, 0), *zip(rows_s, range(1, 9), strict=True)]


def test_many_rows_share_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    rows_s = [0.13 + 0.001 * i for i in range(2000)]
    frames = _frames(rows_s, monkeypatch)
    times = [drawn_s for drawn_s, _ in frames]
    assert all(later - sooner > 0.99 / REFRESH_HZ for sooner, later in pairwise(times))
    assert len(frames) == pytest.approx(2 * REFRESH_HZ, abs=2)
    assert frames[-1][1] == len(rows_s)


def test_rows_after_the_screen_has_gone_wake_nobody() -> None:
    told: list[int] = []
    board = Board(FACTS)
    board.watch(lambda: told.append(1))
    board.add(_row(0))
    board.watch(None)
    board.add(_row(1))
    assert told == [1]
