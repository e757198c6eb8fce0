"""A bare terminal: what a program writes to it is read as bytes, or not read at all."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Sequence
from typing import Self

from tests.waiting import wait_until

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class Terminal:
    """A program in a terminal of its own, of 80x24, which is read, or left unread.

    Parameters
    ----------
    command : sequence of str
    variables : str
        Of the environment.
    """

    def __init__(self, command: Sequence[str], **variables: str) -> None:
        self.master, self.slave = pty.openpty()
        self.resize(80, 24)
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        variables = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **variables}
        self.program = subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=subprocess.PIPE,
            env=os.environ | variables,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.program.poll() is None:
            self.program.terminate()
        self.program.communicate()
        for fd in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(fd)

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self) -> bytes:
        """All that it has shown so far."""
        while select.select([self.master], [], [], 0)[0]:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:  # closed
                break
        return self.output

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def wait_for(self, shown: bytes) -> None:
        """Wait until it has shown that."""
        wait_until(lambda: shown in self.read(), lambda: f"{shown!r} in {self.output[-2000:]!r}")

    def end(self) -> tuple[int, str]:
        """Read until the program has ended; return its code and standard error."""
        wait_until(lambda: (self.read(), self.program.poll() is not None)[1], "the end")
        self.read()
        stderr = self.program.stderr
        return self.program.returncode, stderr.read().decode() if stderr else ""

    def assert_restored(self) -> None:
        """Check that the terminal is as it was before."""
        assert self.output.count(ENTER) == self.output.count(LEAVE) == 1
        assert self.output.rindex(b"\x1b[?25h") > self.output.rindex(b"\x1b[?25l")
        assert self.output.rindex(b"\x1b[?7h") > self.output.rindex(b"\x1b[?7l")
        assert self.output.endswith(LEAVE)
        assert termios.tcgetattr(self.slave) == self.before
