"""Where `classify` writes: CSV or JSON lines, one row per file as soon as it is known."""

import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from models.errors import OutputError
from models.labels import EMOTIONS, Emotion
from realtime.log import private_file

COLUMNS = ("file", "duration_s", "speech_s", "windows", "emotion", "confidence")
HEADER = (*COLUMNS, *EMOTIONS, "error")
STDOUT = 1
# A spreadsheet takes for a formula what begins so.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileResult:
    """One row of the `classify` output; see the README for its columns.

    Attributes
    ----------
    file : Path
    duration_s, speech_s : float or None
        Length, and what the gate called speech, in seconds; None if nothing could be read.
    windows : int or None
        Windows that were judged.
    emotion : Emotion or None
        Most probable; None with too little speech.
    probabilities : tuple of 8 float or None
        Pooled over the windows.
    error : str
        Why the file could not be read, or not to its end; empty if it could.
    """

    file: Path
    duration_s: float | None = None
    speech_s: float | None = None
    windows: int | None = None
    emotion: Emotion | None = None
    probabilities: tuple[float, ...] | None = None
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Rounded values by column name; None where there is no value."""
        chances = self.probabilities or (None,) * len(EMOTIONS)
        values = (
            str(self.file),
            _rounded(self.duration_s, 3),
            _rounded(self.speech_s, 2),
            self.windows,
            self.emotion,
            None if self.probabilities is None else _rounded(max(self.probabilities), 4),
            *(_rounded(chance, 4) for chance in chances),
            self.error,
        )
        return dict(zip(HEADER, values, strict=True))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


class Output:
    """A context manager that writes rows to a CSV file, to standard output, or to both.

    Parameters
    ----------
    path : Path or None
        Of the CSV; None for CSV on standard output, unless that gets JSON lines.
    as_json : bool
        Write JSON lines to standard output.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    OutputError
        If the file exists or cannot be made, or if standard output is closed.
    """

    def __init__(self, path: Path | None, *, as_json: bool, overwrite: bool) -> None:
        if (as_json or path is None) and sys.stdout is None:
            raise OutputError("Standard output is closed: open it, or name a file with --csv.")
        self._to_stdout = as_json or path is None
        self._as_json = as_json
        self._file = None if path is None else _CsvFile(path, overwrite=overwrite)

    def write(self, result: FileResult) -> None:
        """Write one row.

        Raises
        ------
        OutputError
            If the disk is full or the file has gone; rows already written stay.
        """
        row = result.as_dict()
        if self._file is not None:
            self._file.write(_csv_line(row.values()))
        if self._to_stdout:
            _say(json.dumps(row).encode() + b"\n" if self._as_json else _csv_line(row.values()))

    def __enter__(self) -> Self:
        """Write the header."""
        if self._to_stdout and not self._as_json:
            _say(_csv_line(HEADER))
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; standard output stays open."""
        if self._file is not None:
            self._file.close()


class _CsvFile:
    """A new file that holds whole lines only, whatever happens to the disk."""

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self._path = path
        self._size_bytes = 0
        try:
            if overwrite:
                private_file.remove(path)
            self._descriptor = private_file.create(path)
        except OSError as error:
            raise private_file.cannot_create(path, error) from error
        try:
            self.write(_csv_line(HEADER))
        except OutputError:
            self.close()
            raise

    def write(self, line: bytes) -> None:
        """Append one line, or nothing and raise `OutputError`."""
        try:
            private_file.write_all(self._descriptor, line)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size_bytes)
            raise OutputError(
                f"{self._path} cannot be written any further ({private_file.reason(error)}): "
                f"{private_file.remedy(error)} and run again with --overwrite."
            ) from error
        self._size_bytes += len(line)

    def close(self) -> None:
        """Close the file."""
        # What a full disk did not take was reported when it was written.
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def _csv_line(values: Iterable[Any]) -> bytes:
    """One line; a name that is no UTF-8 is written as it is on the disk."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(_no_formula, values))
    return line.getvalue().encode(errors="surrogateescape")


def _no_formula(value: Any) -> Any:
    """A cell that no spreadsheet computes: `./` before a file's name still names that file."""
    is_formula = isinstance(value, str) and value.startswith(FORMULA_SIGNS)
    return f"./{value}" if is_formula else value


def _say(line: bytes) -> None:
    """Write to standard output, past Python's buffers; a reader that has left is told apart."""
    try:
        private_file.write_all(STDOUT, line)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"Standard output cannot be written ({private_file.reason(error)}): send it elsewhere, "
            "or name a file with --csv."
        ) from error
