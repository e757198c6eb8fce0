"""The per-window CSV: private, never overwritten by accident, readable after any accident."""

import contextlib
import math
import time
from collections import deque
from pathlib import Path

from models.errors import OutputError
from realtime.estimate import Estimate
from realtime.log import amounts, private_file
from realtime.log.columns import csv_line
from realtime.log.meta import (
    RunMeta,
    describe,
    joined,
    meta_path,
    read_meta,
    require_agreement,
    write_meta,
)
from realtime.log.outage import Clock, Notify, Outage
from realtime.log.part_file import PartFile
from realtime.log.resume import find_end
from realtime.log.rotation import Rotation, existing_parts, part_path

WAITING_ROWS = 4096  # a quarter of an hour live
NOTICE = "csv"
ROTATION_NOTICE = "csv rotation"


class CsvLog:
    """Writes one row per estimate, each with one system call, in one or several files.

    A fault while running (full disk, removed folder) stops nothing: up to `WAITING_ROWS` rows
    wait in memory and are written when the fault is over; what does not fit is counted.

    Parameters
    ----------
    path : Path
        The first file; `rotation.part_path` names the others.
    meta : RunMeta
        Goes beside each file.
    overwrite : bool
        Replace a log of that name, all its files included.
    append : bool
        Go on with a log of that name, if there is one and its bundle and settings agree.
    rotation : Rotation or None
        When the next file begins.
    notify : callable
        `Board.notice`.
    clock : callable
        Seconds, monotonic.

    Attributes
    ----------
    first_window : int
        To add to the windows of this run, so that each is unique in an appended log.
    missing : int
        Rows that are in no file and do not wait any more.
    reader_gone : bool
        Always False: a file has no reader that could leave.

    Raises
    ------
    OutputError
        If the log cannot be written from the start, exists already, or disagrees.
    """

    reader_gone = False

    def __init__(
        self,
        path: Path,
        meta: RunMeta,
        *,
        overwrite: bool = False,
        append: bool = False,
        rotation: Rotation | None = None,
        notify: Notify,
        clock: Clock = time.monotonic,
    ) -> None:
        self._path = path
        self._meta = meta
        self._limit_bytes = (rotation and rotation.size_bytes) or math.inf
        self._part_s = (rotation and rotation.seconds) or math.inf
        self._part_end_s = self._part_s
        self._notify = notify
        self._outage = Outage(clock)
        self._rotation_outage = Outage(clock)
        self._waiting: deque[tuple[int, float, bytes]] = deque()
        self._last_error: OSError | None = None
        self._is_closed = False
        self.missing = 0
        self.first_window = 0
        self._number = 0
        try:
            self._part: PartFile | None = self._open(overwrite=overwrite, append=append)
        except OSError as error:
            raise private_file.cannot_create(part_path(path, self._number), error) from error

    def _open(self, *, overwrite: bool, append: bool) -> PartFile:
        if self._path.is_dir():
            raise IsADirectoryError
        present = existing_parts(self._path)
        while append and present and _is_stillborn(part_path(self._path, present[-1])):
            private_file.remove(part_path(self._path, present.pop()))
        if append and present:
            return self._resume(present[-1])
        files = [part_path(self._path, number) for number in present]
        described = [meta_path(file) for file in {self._path, *files}]
        if overwrite:
            self._remove(files, described)
        for file in (*files, *described):
            if file.exists() or file.is_symlink():
                raise self._in_the_way(file, without_csv=not files)
        return PartFile.begin(self._path, describe(self._meta, part=0, first_window=0))

    def _in_the_way(self, file: Path, *, without_csv: bool) -> OutputError:
        if without_csv:
            return OutputError(
                f"{file} describes a CSV that is not there: bring that back, choose another name, "
                "or --overwrite to replace it."
            )
        if file.exists() and not file.is_file():
            return private_file.no_plain_file(file)
        if self._is_foreign(file):
            return _foreign(file)
        return OutputError(
            f"{file} exists already: choose another name, --overwrite to replace it, "
            "or --append to go on with it."
        )

    def _is_foreign(self, file: Path) -> bool:
        """Whether a file is named like a later part of this log without being one."""
        return file != self._path and not meta_path(file).is_file()

    def _remove(self, files: list[Path], described: list[Path]) -> None:
        for file in filter(self._is_foreign, files):
            raise _foreign(file)
        # The newest first: another run that is writing this log keeps that one, and loses nothing.
        for file in (*reversed(files), *described):
            private_file.remove(file)

    def _resume(self, number: int) -> PartFile:
        self._number = number
        path = part_path(self._path, number)
        if not path.is_file():
            raise private_file.no_plain_file(path)
        # Before it is looked at: what another run wrote between would be cut off.
        part = PartFile.reopen(path)
        try:
            end = find_end(path)
            content = read_meta(path)
            require_agreement(path, content, self._meta)
            last = end.last_window
            self.first_window = content["runs"][-1]["first_window"] if last is None else last + 1
            # Earlier runs have had their part of the time that one file covers.
            had = self.first_window - content["runs"][0]["first_window"]
            self._part_end_s -= had * content["settings"].get("hop_s", 0.0)
            part.cut(end.size_bytes)
            write_meta(path, joined(content, self._meta, first_window=self.first_window))
        except BaseException:
            part.close()
            raise
        return part

    def write(self, estimate: Estimate) -> None:
        """Append one row, or keep it until the fault is over; raises nothing."""
        line = csv_line(estimate).encode() + b"\n"
        self._waiting.append((estimate.window, estimate.end_s, line))
        if len(self._waiting) > WAITING_ROWS:
            self._waiting.popleft()
            self.missing += 1
        if self._outage.may_try():
            self._drain()
        elif self._outage.error is not None:
            self._say_failing(self._outage.error)

    def _drain(self) -> None:
        try:
            while self._waiting:
                window, end_s, line = self._waiting[0]
                self._part_for(window, end_s, len(line)).write(line)
                self._waiting.popleft()
        except OSError as error:
            self._last_error = error
            self._outage.failed(error)
            self._say_failing(error)
        else:
            if self._outage.error is not None:
                self._outage.over()
                self._say_recovered()

    def _part_for(self, window: int, end_s: float, line_bytes: int) -> PartFile:
        """Return the file that this row belongs in, begun if need be; raises `OSError`."""
        if self._part is not None and not self._part.is_in_place():
            self._leave(self._part)
        if self._part is None:
            self._part = self._begin(self._number, window)
        if self._is_full(self._part, end_s, line_bytes) and self._rotation_outage.may_try():
            self._part = self._next(self._part, window)
        while self._part.rows == 0 and end_s > self._part_end_s:
            self._part_end_s += self._part_s
        return self._part

    def _leave(self, part: PartFile) -> None:
        """Count what went with a file that was removed; one that was moved keeps its rows."""
        if part.is_removed() and part.rows:
            self.missing += part.rows
            self._last_error = FileNotFoundError("the file was removed while it was written")
            lost = amounts.missing(self.missing, "row")
            self._notify(NOTICE, f"{lost}, because {part.path.name} was removed; it begins anew.")
        part.close()
        self._part = None

    def _begin(self, number: int, window: int) -> PartFile:
        content = describe(self._meta, part=number, first_window=window)
        return PartFile.begin(part_path(self._path, number), content)

    def _is_full(self, part: PartFile, end_s: float, line_bytes: int) -> bool:
        is_over = part.size_bytes + line_bytes > self._limit_bytes or end_s > self._part_end_s
        return is_over and not part.is_empty

    def _next(self, part: PartFile, window: int) -> PartFile:
        """Begin the next file; while it cannot be made, go on in the present one."""
        try:
            following = self._begin(self._number + 1, window)
        except OSError as error:
            self._rotation_outage.failed(error)
            self._notify(
                ROTATION_NOTICE,
                f"{part_path(self._path, self._number + 1).name} cannot be begun "
                f"({private_file.reason(error)}): {private_file.remedy(error)}; until then the "
                f"rows go on in {part.path.name}.",
            )
            return part
        if self._rotation_outage.error is not None:
            self._rotation_outage.over()
            self._notify(ROTATION_NOTICE, None)
        self._number += 1
        part.close()
        return following

    def _say_failing(self, error: OSError) -> None:
        # Worded alike for every number: what only counts on is not told again.
        lost = f", missing: {self.missing}" if self.missing else ""
        self._notify(
            NOTICE,
            f"{self._path.name} cannot be written ({private_file.reason(error)}): "
            f"{private_file.remedy(error)}, and it goes on by itself "
            f"(rows held back: {len(self._waiting)}{lost}).",
        )

    def _say_recovered(self) -> None:
        lost = amounts.missing(self.missing, "row")
        text = f"{lost} in {self._path.name}, which is written again."
        self._notify(NOTICE, text if self.missing else None)

    @property
    def problem(self) -> str | None:
        """One sentence if rows are missing from the log."""
        missing = self.missing + len(self._waiting)
        if not missing:
            return None
        why = private_file.reason(self._last_error) if self._last_error else "unknown"
        lost = amounts.missing(missing, "row")
        return f"{lost} in {self._path} ({why}); the other rows are there."

    def close(self) -> None:
        """Try once more to write what waits, and close; may be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._waiting:
            self._drain()
        if self._part is not None:
            with contextlib.suppress(OSError):
                if self._part.is_removed():
                    self._leave(self._part)
        if self._part is not None:
            self._part.close()


def _foreign(file: Path) -> OutputError:
    return OutputError(f"{file} is no part of a log: move it, or choose another name.")


def _is_stillborn(path: Path) -> bool:
    """Whether a run was killed between making this file and describing it: it holds nothing."""
    is_bare = path.is_file() and not meta_path(path).exists()
    return is_bare and find_end(path).last_window is None
