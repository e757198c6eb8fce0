"""A real terminal emulator whose screen can be read."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

import pytest

from tests.waiting import wait_until


class Tmux:
    """A tmux server of its own with one window of 80x24; calling it runs a command of tmux.

    Parameters
    ----------
    command : str
        What runs in the window, as in a shell.
    folder : Path
        Working directory.
    """

    def __init__(self, command: str, folder: Path) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("tmux is not installed")
        self._socket = f"ser-live-{os.getpid()}-{id(self)}"
        self("new-session", "-d", "-x", "80", "-y", "24", "-c", str(folder), command)

    def __call__(self, *arguments: str) -> str:
        call = ["tmux", "-L", self._socket, "-f", os.devnull, *arguments]
        return subprocess.run(call, capture_output=True, check=True, text=True).stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self("kill-server")

    def shown(self) -> str:
        """The text on the screen."""
        return self("capture-pane", "-p")

    def wait_for(self, text: str, *, there: bool = True) -> None:
        """Wait until the screen shows a text, or no longer shows it."""
        what = "" if there else "the end of "
        wait_until(
            lambda: (text in self.shown()) == there, lambda: f"{what}{text!r} in\n{self.shown()}"
        )

    def state(self) -> str:
        """Tell whether the other screen is on, the cursor visible and lines wrapped."""
        return self("display-message", "-p", "#{alternate_on}#{cursor_flag}#{wrap_flag}").strip()

    def child(self) -> int:
        """Number of the process that the window's shell runs."""
        shell = self("list-panes", "-F", "#{pane_pid}").strip()
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])
