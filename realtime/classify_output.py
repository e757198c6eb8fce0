"""Where `classify` writes: CSV or JSON lines, one row per file as soon as it is known."""

import contextlib
import csv
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from models.errors import OutputError
from models.labels import EMOTIONS, Emotion

COLUMNS = ("file", "duration_s", "speech_s", "windows", "emotion", "confidence")
HEADER = (*COLUMNS, *EMOTIONS, "error")
PRIVATE = 0o600


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
    """A context manager that writes rows to an open stream and flushes each."""

    def __init__(self, stream: IO[str], name: str, *, json_lines: bool) -> None:
        self._stream = stream
        self._name = name
        self._json_lines = json_lines
        self._writer = csv.writer(stream, lineterminator="\n")

    def write(self, result: FileResult) -> None:
        """Write one row.

        Raises
        ------
        OutputError
            If the disk is full or the file has gone; rows already written stay.
        """
        row = result.as_dict()
        self._guarded(row if self._json_lines else row.values())

    def _guarded(self, row: Any) -> None:
        try:
            if self._json_lines:
                self._stream.write(json.dumps(row) + "\n")
            else:
                self._writer.writerow(row)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(
                f"{self._name} cannot be written any further ({error.strerror}): "
                "make room and run again with --overwrite."
            ) from error

    def __enter__(self) -> Self:
        """Write the header."""
        if not self._json_lines:
            try:
                self._guarded(HEADER)
            except OutputError:
                self._close()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; standard output stays open."""
        self._close()

    def _close(self) -> None:
        if self._stream is not sys.stdout:
            # What a full disk did not take was reported when it was written.
            with contextlib.suppress(OSError):
                self._stream.close()


def open_output(path: Path | None, *, json: bool, overwrite: bool) -> Output:
    """Open a CSV file, or standard output.

    Parameters
    ----------
    path : Path or None
        None for standard output.
    json : bool
        JSON lines instead of CSV.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    OutputError
        If the file exists or cannot be made.
    """
    if path is None:
        return Output(sys.stdout, "Standard output", json_lines=json)
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if overwrite else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, PRIVATE)
    except FileExistsError as error:
        raise OutputError(f"{path} exists: name another file, or add --overwrite.") from error
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}): name another file."
        ) from error
    stream = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
    return Output(stream, str(path), json_lines=json)
