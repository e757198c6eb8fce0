"""Files that only their owner may read, and that never replace another by accident."""

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from models.errors import OutputError, UsageError

try:
    import fcntl
except ImportError:  # Windows: an open file cannot be removed there, so no lock is needed
    fcntl = None  # type: ignore[assignment,unused-ignore]

PRIVATE = 0o600
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would turn each newline into two characters
_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "raise the limit on file sizes, or use --rotate",
    errno.ENOENT: "make its folder again",
    errno.EEXIST: "move away the other file that took its place",
    errno.EROFS: "make the disk writable",
    errno.EACCES: "allow writing there",
    errno.EPERM: "allow writing there",
}


def reason(error: OSError) -> str:
    """Return what the operating system said, as a few words."""
    return error.strerror or str(error)


def remedy(error: OSError) -> str:
    """Say what a person can do about it while the run goes on."""
    return _REMEDIES.get(error.errno or 0, "check the disk")


def create(path: Path, *, appending: bool = True) -> int:
    """Make and open a new file, readable and writable by its owner only.

    Parameters
    ----------
    path : Path
    appending : bool
        Whether each write goes to the end, wherever that is by then.

    Raises
    ------
    OSError
        `FileExistsError` if anything has that name already.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY
    descriptor = os.open(path, flags | os.O_APPEND if appending else flags, PRIVATE)
    lock(descriptor)
    return descriptor


def reopen(path: Path) -> int:
    """Open an existing file for appending; raises `OSError`."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | _BINARY)
    try:
        lock(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, content: bytes | memoryview) -> None:
    """Write every byte; raises `OSError`, after part of them may have been written."""
    while content:
        content = content[os.write(descriptor, content) :]


def lock(descriptor: int) -> None:
    """Keep other runs off this file until it is closed; raises `BlockingIOError`."""
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass  # some network disks know no locks


def remove(path: Path) -> None:
    """Remove a plain file that a person asked to replace.

    Raises
    ------
    OutputError
        If it is a folder, a device or being written by another run.
    OSError
        If it cannot be removed.
    """
    if path.is_symlink() or not path.exists():
        path.unlink(missing_ok=True)
        return
    if not path.is_file():
        raise no_plain_file(path)
    try:
        os.close(reopen(path))
    except BlockingIOError as error:
        raise in_use(path) from error
    path.unlink()


def spare(inputs: Iterable[Path], output: Path | None) -> None:
    """Refuse an output that is one of the inputs, under whatever name.

    Raises
    ------
    UsageError
    """
    if output is None:
        return
    try:
        status = output.stat()
    except OSError:  # it is not there yet
        return
    for path in inputs:
        with contextlib.suppress(OSError):
            if os.path.samestat(status, path.stat()):
                raise UsageError(f"{output} is what shall be read ({path}): name another file.")


def no_plain_file(path: Path) -> OutputError:
    """Make the error for a device, a pipe or a folder in the place of a file."""
    return OutputError(f"{path} is not a plain file: choose another name.")


def in_use(path: Path) -> OutputError:
    """Make the error for a file that another run is writing."""
    return OutputError(f"{path} is being written by another run: choose another name.")


def cannot_create(path: Path, error: OSError) -> OutputError:
    """Make the error for a file that cannot be made, with what to do about it."""
    if isinstance(error, BlockingIOError):
        return in_use(path)
    if isinstance(error, FileExistsError) and path.exists() and not path.is_file():
        return no_plain_file(path)
    if isinstance(error, FileExistsError):
        return OutputError(
            f"{path} exists already: choose another name, or --overwrite to replace it."
        )
    if isinstance(error, IsADirectoryError):
        return OutputError(f"{path} is a folder: name a file in it.")
    if isinstance(error, FileNotFoundError):
        return OutputError(
            f"{path} cannot be written, because the folder {path.parent} does not exist: "
            "make it first, or choose another name."
        )
    return OutputError(
        f"{path} cannot be written ({reason(error)}): {remedy(error)}, or choose another name."
    )
