"""Sound files that are complete at every moment: their headers keep up with the sound."""

import contextlib
import os
import struct
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from realtime.log import private_file

_SAMPLE_BYTES = 2
_WAV_HEADER_BYTES = 44
_FLAC_PROBE_BYTES = 16384
_FLAC_BLOCK = 4096  # samples that libFLAC gathers before it writes any
_FLAC_TOTAL_AT = 21  # STREAMINFO: low half of the bits per sample, then 36 bits of length
_FLAC_TOTAL_BITS = 36


class SoundWriter(ABC):
    """A new mono file with 16 bits per sample.

    Attributes
    ----------
    samples : int
        Written so far.
    most_samples : int
        That the format can hold.
    is_usable : bool
        False after a fault from which only a new file helps.

    Raises
    ------
    OSError
        If the file cannot be made; then there is none.
    """

    most_samples: int

    def __init__(self, path: Path, rate: int) -> None:
        self.path = path
        self.rate = rate
        self.samples = 0
        self.is_usable = True
        self._descriptor = private_file.create(path, appending=False)
        status = os.fstat(self._descriptor)
        self._identity = (status.st_dev, status.st_ino)
        try:
            self._begin()
        except OSError:
            os.close(self._descriptor)
            path.unlink(missing_ok=True)
            raise

    @abstractmethod
    def _begin(self) -> None:
        """Write the header; raises `OSError`."""

    def is_in_place(self) -> bool:
        """Whether the name still leads to this file."""
        try:
            status = self.path.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    @abstractmethod
    def write(self, samples: NDArray[np.int16]) -> None:
        """Append samples, shape (n,), all or none; raises `OSError`."""

    @abstractmethod
    def write_silence(self, count: int) -> None:
        """Append `count` zeros; raises `OSError`, and then `samples` says how far it came."""

    @abstractmethod
    def close(self) -> None:
        """Close the file; may be called twice."""

    def _write_at(self, offset: int, content: bytes) -> None:
        end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        try:
            os.write(self._descriptor, content)
        finally:
            os.lseek(self._descriptor, end, os.SEEK_SET)


class WavFile(SoundWriter):
    """RIFF, at most 4 GB; silence takes no space on disks that know sparse files."""

    most_samples = (2**32 - 2**12) // _SAMPLE_BYTES

    def _begin(self) -> None:
        private_file.write_all(self._descriptor, self._header())

    def _header(self) -> bytes:
        size = self.samples * _SAMPLE_BYTES
        return struct.pack(
            "<4sL4s4sLHHLLHH4sL",
            *(b"RIFF", _WAV_HEADER_BYTES - 8 + size, b"WAVE"),
            *(b"fmt ", 16, 1, 1, self.rate, self.rate * _SAMPLE_BYTES, _SAMPLE_BYTES, 16),
            *(b"data", size),
        )

    def write(self, samples: NDArray[np.int16]) -> None:
        """Append samples; on a fault the file is as before."""
        content = samples.astype("<i2", copy=False).tobytes()
        try:
            private_file.write_all(self._descriptor, content)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._end(self.samples))
            self._to_end()
            raise
        self._grow(samples.size)

    def write_silence(self, count: int) -> None:
        """Append zeros as a hole, all or none."""
        os.ftruncate(self._descriptor, self._end(self.samples + count))
        self._grow(count)
        self._to_end()

    def _grow(self, count: int) -> None:
        self.samples += count
        self._write_at(0, self._header())

    @staticmethod
    def _end(samples: int) -> int:
        return _WAV_HEADER_BYTES + samples * _SAMPLE_BYTES

    def _to_end(self) -> None:
        os.lseek(self._descriptor, self._end(self.samples), os.SEEK_SET)

    def close(self) -> None:
        """Close the file; its header is right already."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class FlacFile(SoundWriter):
    """FLAC by libsndfile, with the length in its header kept right while it is written.

    libsndfile writes the length only on closing, and reads no file without it: after a crash
    the whole recording would be lost.
    """

    most_samples = 2**_FLAC_TOTAL_BITS - 1

    def _begin(self) -> None:
        self._require_space()
        try:
            self._encoder = soundfile.SoundFile(
                self._descriptor, "w", self.rate, 1, "PCM_16", format="FLAC", closefd=False
            )
        except soundfile.SoundFileError as error:
            raise OSError(str(error)) from error

    def _require_space(self) -> None:
        """Raise the `OSError` that libsndfile does not tell or tells too late."""
        end = os.lseek(self._descriptor, 0, os.SEEK_END)
        try:
            private_file.write_all(self._descriptor, bytes(_FLAC_PROBE_BYTES))
        finally:
            os.ftruncate(self._descriptor, end)
            os.lseek(self._descriptor, end, os.SEEK_SET)

    def write(self, samples: NDArray[np.int16]) -> None:
        """Append samples; after a fault the file can only be closed."""
        try:
            self._encoder.write(samples)
        except soundfile.SoundFileError as error:
            self._abandon()
            self._require_space()
            raise OSError(str(error)) from error
        self.samples += samples.size
        self._note_length(self._complete_samples())

    def write_silence(self, count: int) -> None:
        """Append zeros, a second at a time."""
        while count:
            size = min(count, self.rate)
            self.write(np.zeros(size, np.int16))
            count -= size

    def _complete_samples(self) -> int:
        return max(0, self.samples - 1) // _FLAC_BLOCK * _FLAC_BLOCK

    def _note_length(self, samples: int) -> None:
        high = 0xF0 | samples >> 32
        self._write_at(_FLAC_TOTAL_AT, struct.pack(">BL", high, samples & 0xFFFFFFFF))

    def _abandon(self) -> None:
        """Close after a fault: what was complete before it stays readable."""
        complete = self._complete_samples()
        self.is_usable = False
        with contextlib.suppress(soundfile.SoundFileError):
            self._encoder.close()
        self.samples = complete
        with contextlib.suppress(OSError):
            self._note_length(complete)

    def close(self) -> None:
        """Write what the encoder holds back, and close the file."""
        if self._descriptor < 0:
            return
        if self.is_usable:
            try:
                self._encoder.close()
            except soundfile.SoundFileError:
                self._abandon()
        os.close(self._descriptor)
        self._descriptor = -1


FORMATS: dict[str, type[SoundWriter]] = {".wav": WavFile, ".flac": FlacFile}
