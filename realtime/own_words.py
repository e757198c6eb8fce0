"""Keeps the program's own messages apart from what native libraries print."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from realtime.dashboard.native_noise import native_noise_to

_STDERR = 2


@contextlib.contextmanager
def only_own_words(log: Path | None) -> Iterator[None]:
    """Send what libraries print to a file, while `sys.stderr` still reaches the person.

    Parameters
    ----------
    log : Path or None
        As in `native_noise_to`.
    """
    with contextlib.ExitStack() as stack:
        if _writes_to_descriptor():
            words = stack.enter_context(
                os.fdopen(os.dup(_STDERR), "w", buffering=1, errors="backslashreplace")
            )
            stack.enter_context(contextlib.redirect_stderr(words))
        stack.enter_context(native_noise_to(log))
        yield


def _writes_to_descriptor() -> bool:
    """Whether `sys.stderr` ends in descriptor 2; a caller may have put another in its place."""
    try:
        return sys.stderr.fileno() == _STDERR
    except (AttributeError, OSError, ValueError, io.UnsupportedOperation):
        return False
