"""Signals wait while something is done that must not be left half done."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from realtime.ending_signals import ENDING


@contextlib.contextmanager
def held_signals() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP wait until the block is over.

    Processes that are started in the block never hear them, but on Windows. Signals are the main
    thread's; in another nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in ENDING}
    try:
        with _blocked():
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
        for held in came:
            signal.raise_signal(held)


@contextlib.contextmanager
def _blocked() -> Iterator[None]:
    """Block them for this thread and for what it starts, where nobody takes a note."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
