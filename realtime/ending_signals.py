"""Ctrl-C, SIGTERM and SIGHUP end a run in order, however often they come."""

import signal
import threading
import time
from types import FrameType
from typing import Self

# Windows has no SIGHUP.
ENDING = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
PATIENCE_S = 2.0


class EndingSignals:
    """Notes the first signal that asks for the end; the run looks at `code` and closes in order.

    One that follows on its heels changes nothing: `timeout` and terminals send two at once. Two
    that come more than two seconds after the first are from a person who does not want to wait
    for the closing, and end the process as if nobody had heard it. After the block, a process that
    was asked to end is deaf to all of them, so that it keeps its exit code to the last.

    Signals are the main thread's; in another nothing changes. What was ignored at the start, as
    by nohup, stays ignored.

    Attributes
    ----------
    code : int
        128 + signal; 0 as long as none has come.

    Raises
    ------
    SystemExit
        With that code, at most once, wherever the signal finds the block before `opened`.
    """

    def __init__(self) -> None:
        self.code = 0
        self._first_s = 0.0
        self._is_opening = True
        self._is_late = False
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self.code else handler or signal.SIG_DFL)

    def opened(self) -> None:
        """From here on interrupt nothing: what is open wants to be closed."""
        self._is_opening = False

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if not self.code:
            self.code = 128 + number
            self._first_s = time.monotonic()
            if self._is_opening:
                raise SystemExit(self.code)
        elif time.monotonic() - self._first_s > PATIENCE_S:
            # One of them may have come in time, while nothing but a system call ran.
            if self._is_late:
                signal.signal(number, signal.SIG_DFL)
                signal.raise_signal(number)
            self._is_late = True
