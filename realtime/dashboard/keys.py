"""Keys pressed in the terminal, read one at a time and without waiting for Enter."""

import contextlib
import os
import select
import sys
import time

if sys.platform == "win32":
    import msvcrt

    _POLL_S = 0.02
    _FIRST_OF_TWO = "\0\xe0"

    class Keys:
        """Keys of the Windows console."""

        def __init__(self, fd: int | None) -> None:
            self._usable = fd is not None

        def open(self) -> None:
            """Nothing to prepare: `msvcrt` reads single keys."""

        def close(self) -> None:
            """Nothing to restore."""

        def wait(self, timeout_s: float, _wake_fd: int | None) -> str:
            """Return the keys pressed, after at most `timeout_s` seconds."""
            until = time.monotonic() + timeout_s
            while time.monotonic() < until:
                if self._usable and msvcrt.kbhit():
                    key = msvcrt.getwch()
                    if key in _FIRST_OF_TWO and msvcrt.kbhit():
                        msvcrt.getwch()  # Page Down is "\xe0Q"
                        return ""
                    return key
                time.sleep(_POLL_S)
            return ""

else:
    import re
    import signal
    import termios
    import tty

    # Cursor and function keys: F2 is "\x1bOQ", Home is "\x1b[H". Alt and a letter is a letter.
    _SPECIAL_KEY = re.compile(r"\x1b(?:\[\[?[0-?]*[ -/]*[@-Z\\-~]|O.)?")
    _BEGUN = re.compile(r"\x1b(?:\[\[?[0-?]*[ -/]*|O)?\Z")

    class Keys:
        """Keys of a POSIX terminal in cbreak mode: no echo, no line editing, Ctrl-C still works.

        Parameters
        ----------
        fd : int or None
            The terminal to read; None, or anything that is no terminal, yields no keys.
        """

        def __init__(self, fd: int | None) -> None:
            self._fd = fd if fd is not None and os.isatty(fd) else None
            self._saved: list[object] | None = None
            self._begun = ""

        def open(self) -> None:
            """Switch to single keys; may be called again after `close`."""
            if self._fd is None or self._saved is not None:
                return
            # A background job is stopped here by the kernel, before it has drawn anything.
            with contextlib.suppress(termios.error):
                self._saved = termios.tcgetattr(self._fd)
                tty.setcbreak(self._fd, termios.TCSANOW)
                # Ctrl-S becomes a key like any other: a screen that stands still would mislead.
                attributes = termios.tcgetattr(self._fd)
                attributes[0] &= ~termios.IXON
                # And so does Ctrl-\, which would kill the program and leave its screen behind.
                disabled = os.fpathconf(self._fd, "PC_VDISABLE")
                attributes[6][termios.VQUIT] = bytes([disabled])
                termios.tcsetattr(self._fd, termios.TCSANOW, attributes)

        def close(self) -> None:
            """Give the terminal its settings back; may be called twice."""
            if self._fd is None or self._saved is None:
                return
            saved, self._saved = self._saved, None
            # From a background job too, which would else be stopped in the middle of its end.
            previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            # At once, not after the output has drained: a stalled terminal never drains.
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, saved)  # type: ignore[arg-type]
            signal.signal(signal.SIGTTOU, previous)

        def wait(self, timeout_s: float, wake_fd: int | None) -> str:
            """Return the keys pressed, after at most `timeout_s` seconds; special keys are none.

            A byte on `wake_fd` ends the wait at once.
            """
            watched = [fd for fd in (self._fd, wake_fd) if fd is not None]
            ready, _, _ = select.select(watched, [], [], max(0.0, timeout_s))
            if wake_fd in ready:
                _drain(wake_fd)
            return self._read(self._fd) if self._fd is not None and self._fd in ready else ""

        def _read(self, fd: int) -> str:
            try:
                data = os.read(fd, 64)
            except OSError:
                data = b""
            if not data:  # the terminal is gone
                self._fd = None
            text = self._begun + data.decode("ascii", "ignore")
            begun = _BEGUN.search(text)  # the terminal may send a special key in two pieces
            self._begun = begun[0] if begun and data else ""
            return _SPECIAL_KEY.sub("", text.removesuffix(self._begun))

    def _drain(fd: int | None) -> None:
        with contextlib.suppress(BlockingIOError):
            while fd is not None and os.read(fd, 64):
                pass
