"""Messages on standard error: safe for a terminal; one that cannot be written stops nothing.

A disk that fills behind `2> FILE`, or under the log of a run with a dashboard, would otherwise end
a run that could wait for room again.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

STDERR = 2
PROGRAM = "ser-live"


def clean(text: str) -> str:
    """Replace control characters, which a device or file name could smuggle to the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def tell(sentence: str, *, program: str = PROGRAM) -> None:
    """Say a sentence on standard error, on one line that steers no terminal."""
    print(f"{program}: {clean(sentence)}", file=sys.stderr)


class _Unfailing(io.RawIOBase):
    """A raw stream that takes what another cannot."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._raw.isatty()

    def fileno(self) -> int:
        return self._raw.fileno()

    def write(self, content: Any, /) -> int:
        try:
            return self._raw.write(content) or len(content)
        except OSError:
            return len(content)

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):
            self._raw.close()


def open_messages(descriptor: int, *, closefd: bool) -> TextIO:
    """Open a descriptor for messages, in the encoding of standard error."""
    raw = _Unfailing(os.fdopen(descriptor, "wb", buffering=0, closefd=closefd))
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=sys.stderr.encoding,
        errors="backslashreplace",
        line_buffering=True,
    )


@contextlib.contextmanager
def unfailing_messages() -> Iterator[None]:
    """Let `sys.stderr` never fail for as long as the block lasts."""
    if not writes_to_descriptor():
        yield
        return
    with open_messages(STDERR, closefd=False) as messages, contextlib.redirect_stderr(messages):
        yield


def writes_to_descriptor() -> bool:
    """Whether `sys.stderr` ends in descriptor 2; a caller may have put another in its place."""
    try:
        return sys.stderr.fileno() == STDERR
    except (AttributeError, OSError, ValueError, io.UnsupportedOperation):
        return False
