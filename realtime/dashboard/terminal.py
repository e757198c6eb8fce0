"""The terminal as a surface: enter, write without ever waiting for it, leave as it was."""

import contextlib
import os
import select
import sys
import time

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"  # other screen, no cursor, no wrapping, empty
_LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
_ABORT = "\x18"  # ends an escape sequence that was cut short
_PATIENCE_S = 0.3


if sys.platform == "win32":
    import ctypes

    def _prepare(_fd: int) -> int | None:
        """Make the Windows console understand escape codes."""
        kernel = ctypes.windll.kernel32
        processed, wrapped, virtual_terminal = 1, 2, 4
        kernel.SetConsoleMode(kernel.GetStdHandle(-11), processed | wrapped | virtual_terminal)
        return None

    def _write_some(_fd: int, data: bytes) -> int:
        """Write through Python's console stream, which knows UTF-8; it waits where it must."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return len(data)

    def _ready(_fd: int, timeout_s: float = 0.0) -> bool:
        return timeout_s >= 0

else:

    def _prepare(fd: int) -> int | None:
        """Open the terminal once more for writing without blocking.

        The non-blocking flag belongs to the open file, which `fd` shares with the shell and with
        standard input: setting it there would change both.
        """
        with contextlib.suppress(OSError):
            return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        return None

    _write_some = os.write

    def _ready(fd: int, timeout_s: float = 0.0) -> bool:
        return bool(select.select([], [fd], [], timeout_s)[1])


class Terminal:
    """The alternate screen of one terminal.

    Writing does not block: what the terminal does not take now is kept, and until that is gone
    `busy` tells the caller to draw nothing new. (It may block on Windows, and where the terminal
    belongs to another user, so that it cannot be opened a second time.)

    Parameters
    ----------
    fd : int
        Descriptor of the terminal.
    encoding : str
        How text is written to it.
    """

    def __init__(self, fd: int, encoding: str) -> None:
        self._fd = fd
        self._encoding = encoding
        self._own: int | None = None
        self._pending = b""
        self._entered = False

    def size(self) -> tuple[int, int]:
        """Columns and rows at this moment."""
        try:
            columns, rows = os.get_terminal_size(self._fd)
        except OSError:
            return 80, 24
        return columns or 80, rows or 24

    @property
    def busy(self) -> bool:
        """True while the terminal has not taken all that was written."""
        self._flush()
        return bool(self._pending)

    def enter(self) -> None:
        """Switch to the other screen and hide the cursor."""
        self._entered = True
        self._own = _prepare(self._fd)
        self._pending = b""
        self.write(_ENTER)

    def write(self, text: str) -> None:
        """Hand text over, as far as the terminal takes it now."""
        self._pending += text.encode(self._encoding, "replace")
        self._flush()

    def leave(self) -> None:
        """Return to the first screen and show the cursor; may be called twice.

        A terminal that takes nothing is given up after a third of a second.
        """
        if not self._entered:
            return
        self._entered = False
        cut_short, self._pending = self._pending, b""
        self.write((_ABORT if cut_short else "") + _LEAVE)
        until = time.monotonic() + _PATIENCE_S
        while self._pending and time.monotonic() < until:
            _ready(self._target, 0.05)
            self._flush()
        self._pending = b""
        if self._own is not None:
            os.close(self._own)
            self._own = None

    @property
    def _target(self) -> int:
        return self._fd if self._own is None else self._own

    def _flush(self) -> None:
        try:
            while self._pending and _ready(self._target):
                taken = _write_some(self._target, self._pending)
                self._pending = self._pending[taken:]
        except BlockingIOError:
            return
        except OSError:  # the terminal is gone; nobody sees what is lost
            self._pending = b""
