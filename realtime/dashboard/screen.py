"""The live screen: runs in the main thread, shows each row at once, and keeps its own pace."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import IO

from realtime.board import Board, Snapshot
from realtime.dashboard.glyphs import glyphs_for
from realtime.dashboard.ink import Painter
from realtime.dashboard.keys import Keys
from realtime.dashboard.palette import SIXTEEN
from realtime.dashboard.terminal import Terminal
from realtime.dashboard.view import render
from realtime.ending_signals import EndingSignals

_HOLD, _SHOW = "\x1b[?2026h", "\x1b[?2026l"  # one frame at once, where the terminal knows how
_JOB_CONTROL = ("SIGTSTP", "SIGCONT")
_WAKING = ("SIGWINCH",)
_QUIT = "qQ\x1c"  # the last is Ctrl-\


def can_draw(stream: IO[str] | None = None) -> bool:
    """Tell whether a stream (standard output) is a terminal that can move its cursor."""
    stream = sys.stdout if stream is None else stream
    if stream is None:  # closed by a shell
        return False
    return stream.isatty() and os.environ.get("TERM", "") not in {"dumb", "unknown"}


class Dashboard:
    """Shows a board in the terminal until told to stop.

    Parameters
    ----------
    board : Board
        Read, never written.
    on_key : callable or None
        Called with each key that the screen itself has no use for, such as ``r``.
    refresh_hz : float
        The most frames a second; only changes are drawn, a new row without delay if the last
        frame is old enough (on Windows within the time of one frame).
    file : IO or None
        The stream of the terminal; standard output by default.
    """

    def __init__(
        self,
        board: Board,
        on_key: Callable[[str], None] | None = None,
        *,
        refresh_hz: float = 10.0,
        file: IO[str] | None = None,
    ) -> None:
        self._board = board
        self._on_key = on_key
        self._period_s = 1.0 / refresh_hz
        self._file = sys.stdout if file is None else file
        self._painter = Painter(self._file, SIXTEEN)
        self._glyphs = glyphs_for(self._painter.encoding, os.environ.get("TERM", ""))
        self._frozen: Snapshot | None = None
        self._help_open = False
        self._drawn: tuple[object, ...] | None = None
        self._on_screen: list[str] = []
        self._job: str | None = None
        self._has_news = False

    def run(self, stop: threading.Event, signals: EndingSignals) -> None:
        """Show the board until `stop` is set, a person quits or a signal comes; then set `stop`.

        While a person has the picture stopped, it stays until a key or a signal.

        Belongs into the main thread, where Python delivers signals. The terminal is as it was
        before whenever this returns or raises. Without a terminal nothing is written and this
        only waits.
        """
        if not can_draw(self._file):
            while not (signals.code or stop.wait(self._period_s)):
                pass
            return
        terminal = Terminal(self._file.fileno(), self._painter.encoding)
        keys = Keys(_stdin_fd())
        with self._waking() as wake_fd:
            try:
                self._enter(terminal, keys)
                self._loop(stop, signals, terminal, keys, wake_fd)
            finally:
                stop.set()
                keys.close()
                terminal.leave()

    def _enter(self, terminal: Terminal, keys: Keys) -> None:
        keys.open()
        terminal.enter()
        self._drawn, self._on_screen = None, []

    def _loop(
        self,
        stop: threading.Event,
        signals: EndingSignals,
        terminal: Terminal,
        keys: Keys,
        wake_fd: int | None,
    ) -> None:
        look_s = rested_s = 0.0
        # A picture that somebody stopped to look at stays when the sound has ended.
        while not (signals.code or (stop.is_set() and self._frozen is None)):
            now_s = time.monotonic()
            is_news = self._has_news and now_s >= rested_s
            if is_news or now_s >= look_s or self._resized(terminal):
                self._has_news = False
                look_s = now_s + self._period_s
                if self._draw(terminal):
                    rested_s = look_s
            for key in keys.wait(look_s - time.monotonic(), wake_fd):
                self._press(key, stop)
            self._follow_job_control(terminal, keys)

    def _press(self, key: str, stop: threading.Event) -> None:
        if key in _QUIT:
            self._frozen = None
            stop.set()
        elif key == " ":
            self._frozen = None if self._frozen else self._board.snapshot()
        elif key in "?hH":
            self._help_open = not self._help_open
        elif self._on_key is not None:
            self._on_key(key)

    def _resized(self, terminal: Terminal) -> bool:
        return self._drawn is not None and self._drawn[0] != terminal.size()

    def _shown(self) -> Snapshot:
        """What a person sees: of a picture that stands still, what has to be told is of now."""
        now = self._board.snapshot()
        if self._frozen is None:
            return now
        return replace(self._frozen, notices=now.notices, finished=now.finished)

    def _draw(self, terminal: Terminal) -> bool:
        """Draw one frame if anything changed and the terminal has taken the one before."""
        snapshot = self._shown()
        size = terminal.size()
        state = (
            size,
            snapshot.latest,
            snapshot.notices,
            snapshot.finished,
            self._help_open,
            self._frozen is not None,
        )
        if terminal.busy or state == self._drawn:
            return False
        lines = render(
            snapshot,
            *size,
            glyphs=self._glyphs,
            frozen=self._frozen is not None,
            help_open=self._help_open,
        )
        if self._drawn is None or self._drawn[0] != size:
            self._on_screen = []
        terminal.write(self._difference([self._painter.paint(line) for line in lines], size[1]))
        self._drawn = state
        return True

    def _difference(self, lines: list[str], height: int) -> str:
        """Write the escape codes that turn the lines on the screen into `lines`."""
        lines = lines + [""] * (height - len(lines))
        old, self._on_screen = self._on_screen, lines
        clear = "" if old else "\x1b[0m\x1b[2J"
        changed = "".join(
            f"\x1b[{row};1H{line}\x1b[K"
            for row, line in enumerate(lines, 1)
            if not old or old[row - 1] != line
        )
        return f"{_HOLD}{clear}{changed}{_SHOW}"

    @contextlib.contextmanager
    def _waking(self) -> Iterator[int | None]:
        """Wake the loop by rows and by signals, and note those of job control."""
        self._job = None
        if sys.platform == "win32":
            yield None
            return
        read_fd, write_fd = os.pipe()
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)
        woken = signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
        numbers = [getattr(signal, name) for name in _JOB_CONTROL + _WAKING]
        heard = [n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN]  # as by nohup
        previous = {number: signal.signal(number, self._note) for number in heard}
        self._board.watch(partial(self._on_row, write_fd))
        try:
            yield read_fd
        finally:
            self._board.watch(None)
            for number, handler in previous.items():
                signal.signal(number, handler or signal.SIG_DFL)
            signal.set_wakeup_fd(woken)
            os.close(read_fd)
            os.close(write_fd)

    def _on_row(self, wake_fd: int) -> None:
        """Wake the loop once until it has looked; called by the worker."""
        if not self._has_news:
            self._has_news = True
            with contextlib.suppress(BlockingIOError):
                os.write(wake_fd, b"\0")

    def _note(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if name in _JOB_CONTROL:
            self._job = name

    def _follow_job_control(self, terminal: Terminal, keys: Keys) -> None:
        """Hand the terminal over on Ctrl-Z, and take it back when the job goes on."""
        if sys.platform == "win32" or self._job is None:
            return
        keys.close()
        terminal.leave()
        if self._job == "SIGTSTP":
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, self._note)
        # Here too after a stop from outside, when the shell has used the terminal meanwhile.
        self._job = None
        self._enter(terminal, keys)


def _stdin_fd() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None
