"""`--record`: the sound itself, at the source's rate, in a file whose time is stream time."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import OutputError, UsageError
from realtime.log import private_file
from realtime.log.lane import Lane
from realtime.log.outage import Clock, Notify, Outage
from realtime.log.rotation import existing_parts, part_path
from realtime.log.sound_writer import FORMATS, SoundWriter
from realtime.sources.base import Block, Gap, SourceItem
from realtime.timeline import rescaled

NOTICE = "record"
QUEUED_PIECES = 512
CLOSE_S = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Samples, shape (n,), int16, after `silence_before` samples that nobody has, all at `rate`."""

    rate: int
    silence_before: int
    samples: NDArray[np.int16]


class RecordSink:
    """Writes pieces; while that fails, the lost time becomes silence.

    A full file, a FLAC encoder that failed or sound at another rate is followed by
    `NAME.0001.wav` and so on: the files in their order are the stream.

    Parameters
    ----------
    path : Path
        The extension, `.wav` or `.flac`, chooses the format.
    rate : int
        Samples per second of the first file.
    overwrite : bool
        Replace a file of that name.
    notify : callable
        `Board.notice`.
    clock : callable
        Seconds, monotonic.

    Raises
    ------
    UsageError
        For another extension.
    OutputError
        If the file exists already or cannot be written.
    """

    reader_gone = False

    def __init__(
        self,
        path: Path,
        rate: int,
        *,
        overwrite: bool = False,
        notify: Notify,
        clock: Clock = time.monotonic,
    ) -> None:
        self._format = format_of(path)
        self._path = path
        self._rate = rate
        self._notify = notify
        self._outage = Outage(clock)
        self._last_error: OSError | None = None
        self._number = 0
        self._owed = 0
        self._missing_s = 0.0
        try:
            if overwrite:
                private_file.remove(path)
            self._file: SoundWriter | None = self._format(path, rate)
        except OSError as error:
            raise private_file.cannot_create(path, error) from error

    def write(self, piece: Piece, /) -> None:
        """Write one piece, or owe it as silence; raises nothing."""
        self._owed = rescaled(self._owed, self._rate, piece.rate) + piece.silence_before
        self._rate = piece.rate
        if not self._outage.may_try():
            self._lose(piece.samples.size)
            return
        try:
            self._pay_silence()
            self._append(piece.samples)
        except OSError as error:
            self._lose(piece.samples.size)
            self._fail(error)
            return
        if self._outage.error is not None:
            self._outage.over()
            self._notify(NOTICE, f"{self._lost()}, which is recorded again.")

    def _append(self, samples: NDArray[np.int16]) -> None:
        file = self._file_for(samples.size)
        before = file.samples
        try:
            file.write(samples)
        except OSError:
            self._lose(before - file.samples)  # what the encoder had not written yet
            raise

    def _pay_silence(self) -> None:
        while self._owed:
            file = self._file_for(1)
            before = file.samples
            try:
                file.write_silence(min(self._owed, file.most_samples - file.samples))
            finally:
                self._owed -= file.samples - before

    def _file_for(self, count: int) -> SoundWriter:
        if self._file is not None and not self._file.is_in_place():
            self._missing_s += self._file.samples / self._file.rate
            self._last_error = FileNotFoundError("the file was removed while it was written")
            self._file.close()
            self._file = None
        elif self._file is not None and not self._has_room(self._file, count):
            self._end_file(self._file)
        if self._file is None:
            self._file = self._format(part_path(self._path, self._number), self._rate)
        return self._file

    def _has_room(self, file: SoundWriter, count: int) -> bool:
        is_fit = file.is_usable and file.rate == self._rate
        return is_fit and file.samples + count <= file.most_samples

    def _end_file(self, file: SoundWriter) -> None:
        file.close()
        self._file = None
        while part_path(self._path, self._number).exists():
            self._number += 1

    def _lose(self, count: int) -> None:
        self._owed += count
        self._missing_s += count / self._rate

    def _fail(self, error: OSError) -> None:
        self._last_error = error
        self._outage.failed(error)
        self._notify(
            NOTICE,
            f"{self._path.name} cannot be recorded ({private_file.reason(error)}): "
            f"{private_file.remedy(error)}, and it goes on by itself.",
        )

    def _lost(self) -> str:
        return f"{self._missing_s:.2f} s of sound are missing in {self._path}"

    @property
    def problem(self) -> str | None:
        """One sentence if sound is missing."""
        if not self._missing_s or self._last_error is None:
            return None
        return f"{self._lost()} ({private_file.reason(self._last_error)})."

    def close(self) -> None:
        """Complete and close the file."""
        if self._file is not None:
            self._file.close()


class Recorder:
    """Records a source in its own thread.

    Parameters
    ----------
    path, rate, overwrite, notify
        See `RecordSink`.
    hop_s : float
        Stream time that a row takes: a gap lasts as many of them here as in the rows.
    """

    def __init__(
        self, path: Path, rate: int, *, hop_s: float, overwrite: bool = False, notify: Notify
    ) -> None:
        self._rate = rate
        self._hop_s = hop_s
        self._owed = 0
        self._in_gap = 0
        self._lane = Lane(
            str(path),
            RecordSink(path, rate, overwrite=overwrite, notify=notify),
            unit="piece",
            limit=QUEUED_PIECES,
            notify=notify,
            stop=threading.Event(),
        )

    def put(self, item: SourceItem) -> None:
        """Take what a source yields, never waiting; lost samples and gaps become silence."""
        if isinstance(item, Gap):
            length = round(item.hops(self._hop_s) * self._hop_s * self._rate)
            if item.over:
                self._owed += length
            self._in_gap = 0 if item.over else length
        elif isinstance(item, Block):
            silence = rescaled(self._owed, self._rate, item.rate) + item.lost_samples
            self._rate = item.rate
            samples = to_int16(item.samples)
            piece = Piece(rate=item.rate, silence_before=silence, samples=samples)
            is_taken = self._lane.put(piece)
            self._owed = 0 if is_taken else silence + samples.size

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Write what waits, for at most `timeout_s` seconds; may be called twice."""
        if silence := self._owed + self._in_gap:  # the stream ended in a gap
            nothing = np.zeros(0, np.int16)
            self._lane.put(Piece(rate=self._rate, silence_before=silence, samples=nothing))
            self._owed = self._in_gap = 0
        self._lane.close(time.monotonic() + timeout_s)

    @property
    def problem(self) -> str | None:
        """What is missing; if not None, the run ends with exit code 1."""
        return self._lane.problem


def format_of(path: Path) -> type[SoundWriter]:
    """The format that a name's extension chooses.

    Raises
    ------
    UsageError
        For another extension than those of `FORMATS`.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--record {path}: the name must end in {' or '.join(FORMATS)}.")
    return FORMATS[path.suffix.lower()]


def require_recordable(path: Path, csv: Path | None, *, overwrite: bool) -> None:
    """Refuse a recording that cannot begin, while no other file has been begun or replaced.

    Raises
    ------
    UsageError
        For another extension, or if the CSV shall go to the same file.
    OutputError
        If the file exists already and shall not be replaced, if there is no such folder, or if it
        holds a file that the recording might go on in: nothing tells whose that is.
    """
    format_of(path)
    if csv is not None and path.resolve() == csv.resolve():
        raise UsageError(f"--record and --csv both name {path}: choose another name for one.")
    if path.is_dir():
        raise private_file.cannot_create(path, IsADirectoryError())
    if not path.parent.is_dir():
        raise private_file.cannot_create(path, FileNotFoundError())
    if (path.exists() or path.is_symlink()) and not overwrite:
        raise private_file.cannot_create(path, FileExistsError())
    try:
        later = [part_path(path, number) for number in existing_parts(path) if number]
    except OSError as error:
        raise private_file.cannot_create(path, error) from error
    if later:
        raise OutputError(
            f"{later[0]} is there already, and would be taken for a part of the recording: "
            "move it, or choose another name."
        )


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round to 16 bits, shape (n,); samples that came from 16 bits return to the same ones."""
    scaled = np.clip(np.nan_to_num(samples), -1, 1) * np.float32(32768.0)
    rounded: NDArray[np.int16] = np.minimum(np.rint(scaled), 32767).astype(np.int16)
    return rounded
