"""Looks for a lost device until it delivers sound again; never waits itself."""

from collections.abc import Callable
from concurrent.futures import Future

from models.errors import DeviceError
from realtime.sources import clock, portaudio
from realtime.sources.connection import Connection, abandon

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
# Just opened, a stream may take long to deliver, as Bluetooth does.
FIRST_SOUND_S = 3.0
HANGS_S = 2.0


class Reconnection:
    """Attempts in the sound thread, one at a time, with growing pauses between them.

    Parameters
    ----------
    open_again : callable
        Finds and opens the device, or raises `DeviceError`; may hang.
    """

    def __init__(self, open_again: Callable[[], Connection]) -> None:
        self._open_again = open_again
        self._attempt: Future[Connection] | None = None
        self._silent: Connection | None = None
        self._since_s = clock.now_s()
        self._next_s = self._since_s
        self._pause_s = FIRST_PAUSE_S

    @property
    def hangs(self) -> bool:
        """True while an attempt takes suspiciously long."""
        return self._attempt is not None and clock.now_s() - self._since_s > HANGS_S

    def poll(self) -> Connection | None:
        """Return the new connection once it is known when its sound began, and None before."""
        if self._silent is not None:
            return self._heard(self._silent)
        if self._attempt is not None:
            self._finish(self._attempt)
        elif clock.now_s() >= self._next_s:
            self._since_s = clock.now_s()
            self._attempt = portaudio.sound_thread.submit(self._open_again)
        return None

    def close(self) -> None:
        """Give up; a stream that is opened later is closed again."""
        if self._attempt is not None:
            self._attempt.add_done_callback(close_opened)
        if self._silent is not None:
            abandon(self._silent.stream)
        self._attempt = self._silent = None

    def _heard(self, candidate: Connection) -> Connection | None:
        if candidate.intake.has_begun:
            self._silent = None
            return candidate
        is_silent = candidate.intake.begun_s is None
        too_long = is_silent and clock.now_s() - self._since_s > FIRST_SOUND_S
        if too_long or candidate.intake.ended.is_set():
            self._silent = None
            abandon(candidate.stream)
            self._pause()
        return None

    def _finish(self, attempt: "Future[Connection]") -> None:
        if not attempt.done():
            return
        self._attempt = None
        self._since_s = clock.now_s()
        try:
            self._silent = attempt.result()
        except DeviceError:
            self._pause()

    def _pause(self) -> None:
        self._next_s = clock.now_s() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


def close_opened(attempt: "Future[Connection]") -> None:
    """Close what an attempt opened after nobody waited for it any more."""
    if attempt.exception() is None:
        abandon(attempt.result().stream)
