"""A one-line progress bar on standard error, silent unless that is a terminal."""

import time
from typing import IO, Self

WIDTH = 30
REDRAW_S = 0.1
EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int = WIDTH) -> str:
    """Block characters for a share of 0 to 1, readable without colour."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width, "·")


class Progress:
    """A context manager that counts steps.

    Parameters
    ----------
    total : int
        Steps in all.
    stream : text stream
        Usually standard error.
    """

    def __init__(self, total: int, stream: IO[str]) -> None:
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
            share = self._done / max(1, self._total)
            self._stream.write(f"\r{bar(share)} {self._done}/{self._total} ")
            self._stream.flush()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the line."""
        if self._visible and self._done:
            self._stream.write("\n")
