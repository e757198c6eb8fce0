"""A one-line progress bar on standard error, silent unless that is a terminal."""

import os
import time
from typing import Self, TextIO

WIDTH = 30
REDRAW_S = 0.1
EIGHTHS = " ▏▎▍▌▋▊▉"
BLOCKS = "█·" + EIGHTHS[1:]
USUAL_COLUMNS = 80


def bar(share: float, width: int = WIDTH) -> str:
    """Block characters for a share of 0 to 1, readable without colour."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width, "·")


def draw(share: float, text: str, stream: TextIO) -> None:
    """Write a bar and a text over the line that a terminal shows, as far as its line goes.

    What went over to another line would stay there, one more each time.
    """
    try:
        columns = os.get_terminal_size(stream.fileno()).columns or USUAL_COLUMNS
    except OSError:
        columns = USUAL_COLUMNS
    width = min(WIDTH, columns - len(text) - 3)
    line = f"{bar(share, width)} {text} " if width > 0 else text
    stream.write("\r" + _shown(line, stream.encoding)[: columns - 1])
    stream.flush()


def _shown(line: str, encoding: str) -> str:
    """Do without blocks where there are none; Python would spell each in six characters."""
    try:
        line.encode(encoding)
    except UnicodeError:
        return "".join("#" if c == BLOCKS[0] else "." if c in BLOCKS else c for c in line)
    return line


class Progress:
    """A context manager that counts steps.

    Parameters
    ----------
    total : int
        Steps in all.
    stream : text stream
        Usually standard error.
    """

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._done = 0
        self._shown_s = 0.0
        self._visible = stream.isatty()

    def advance(self) -> None:
        """Count one step."""
        self._done += 1
        now_s = time.monotonic()
        if self._visible and (now_s - self._shown_s >= REDRAW_S or self._done == self._total):
            self._shown_s = now_s
            draw(self._done / max(1, self._total), f"{self._done}/{self._total}", self._stream)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the line."""
        if self._visible and self._done:
            self._stream.write("\n")
