"""SIGTERM and SIGHUP end a run in order, as a service manager or a closed terminal asks for."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ENDING = ("SIGTERM", "SIGHUP")


@contextlib.contextmanager
def ending_signals() -> Iterator[None]:
    """Raise `SystemExit` with the code 128 + signal in the block, in place of dying at once.

    Signals are the main thread's; in another nothing changes. What was ignored at the start,
    as by nohup, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
