"""Keeps what native libraries print (ALSA, PortAudio, mpg123) off the screen."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from models.safe_files import make_private_folder

_STDERR = 2
_LARGEST_BYTES = 1 << 20
_LOOK_S = 30.0


@contextlib.contextmanager
def native_noise_to(log: Path | None) -> Iterator[None]:
    """Send file descriptor 2 to a file for as long as the block lasts.

    Python's own `sys.stderr` goes there too: inside the block, speak through notices.

    Parameters
    ----------
    log : Path or None
        Appended to, private to its owner, begun anew whenever it has grown beyond 1 MiB. A file
        that cannot be opened, like None, means that the noise is thrown away.
    """
    _flush()
    try:
        saved = os.dup(_STDERR)
    except OSError:  # started without standard error
        yield
        return
    target = _opened(log)
    is_over = threading.Event()
    keeper = threading.Thread(target=_keep_small, args=(target, is_over), daemon=True)
    try:
        os.dup2(target, _STDERR)
        keeper.start()
        yield
    finally:
        _flush()
        os.dup2(saved, _STDERR)
        os.close(saved)
        is_over.set()
        keeper.join()
        os.close(target)


def _opened(log: Path | None) -> int:
    if log is not None:
        with contextlib.suppress(OSError):
            make_private_folder(log.parent)
            fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            _begin_anew_if_large(fd)
            return fd
    return os.open(os.devnull, os.O_WRONLY)


def _keep_small(fd: int, is_over: threading.Event) -> None:
    """Bound what a library that complains all day may write."""
    while not is_over.wait(_LOOK_S):
        with contextlib.suppress(OSError):
            _begin_anew_if_large(fd)


def _begin_anew_if_large(fd: int) -> None:
    if os.fstat(fd).st_size > _LARGEST_BYTES:
        os.ftruncate(fd, 0)


def _flush() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
