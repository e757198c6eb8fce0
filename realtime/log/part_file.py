"""One file of a log: whole lines only, each in the kernel's hands before the next."""

import contextlib
import os
from pathlib import Path
from typing import Any

from realtime.log import private_file
from realtime.log.columns import HEADER
from realtime.log.meta import write_meta

_HEADER_LINE = HEADER.encode() + b"\n"


class PartFile:
    """An open CSV of which every line is complete, whatever happens to disk or program.

    Attributes
    ----------
    path : Path
    size_bytes : int
        Of the complete lines.
    rows : int
        Written by this run.
    """

    def __init__(self, path: Path, descriptor: int, size_bytes: int) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self.rows = 0
        self._descriptor = descriptor
        self._name = os.fspath(path)
        self._is_torn = False
        status = os.fstat(descriptor)
        self._identity = (status.st_dev, status.st_ino)

    @classmethod
    def begin(cls, path: Path, content: dict[str, Any]) -> "PartFile":
        """Make a new file with header and description, or nothing; raises `OSError`."""
        part = cls(path, private_file.create(path), 0)
        try:
            part._append(_HEADER_LINE)
            write_meta(path, content)
        except OSError:
            part.close()
            path.unlink(missing_ok=True)
            raise
        return part

    @classmethod
    def reopen(cls, path: Path) -> "PartFile":
        """Open an existing file, and keep other runs off it; `cut` has to follow.

        Raises
        ------
        OSError
            `BlockingIOError` if another run is writing it.
        """
        return cls(path, private_file.reopen(path), 0)

    def cut(self, size_bytes: int) -> None:
        """Go on behind the last complete line, which ends there; raises `OSError`."""
        os.ftruncate(self._descriptor, size_bytes)
        self.size_bytes = size_bytes
        if size_bytes == 0:
            self._append(_HEADER_LINE)

    @property
    def is_empty(self) -> bool:
        """Whether it holds no row yet, of this run or an earlier one."""
        return self.size_bytes <= len(_HEADER_LINE)

    def is_in_place(self) -> bool:
        """Whether the name still leads to this file."""
        try:
            status = os.stat(self._name)  # noqa: PTH116 - once per row, and Path.stat costs more
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def is_removed(self) -> bool:
        """Whether no name leads to this file, so that its rows are gone with it."""
        return os.fstat(self._descriptor).st_nlink == 0

    def write(self, line: bytes) -> None:
        """Append one row, whole or not at all; raises `OSError`."""
        self._append(line)
        self.rows += 1

    def _append(self, line: bytes) -> None:
        if self._is_torn:
            self._mend()
        try:
            private_file.write_all(self._descriptor, line)
        except OSError:
            self._is_torn = True
            with contextlib.suppress(OSError):
                self._mend()
            raise
        self.size_bytes += len(line)

    def _mend(self) -> None:
        os.ftruncate(self._descriptor, self.size_bytes)
        self._is_torn = False

    def close(self) -> None:
        """Close the file; may be called twice."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):  # every row has been written by then
                os.close(self._descriptor)
            self._descriptor = -1
