"""Keeps the program's own messages apart from what native libraries print."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from realtime.messages import STDERR, open_messages, writes_to_descriptor
from realtime.native_noise import native_noise_to


@contextlib.contextmanager
def only_own_words(log: Path | None) -> Iterator[None]:
    """Send what libraries print to a file, while `sys.stderr` still reaches the person.

    Parameters
    ----------
    log : Path or None
        As in `native_noise_to`.
    """
    with contextlib.ExitStack() as stack:
        if writes_to_descriptor():
            words = stack.enter_context(open_messages(os.dup(STDERR), closefd=True))
            stack.enter_context(contextlib.redirect_stderr(words))
        stack.enter_context(native_noise_to(log))
        yield
