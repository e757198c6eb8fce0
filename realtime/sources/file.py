"""A recording as a stream: at the pace of time, N times as fast, or as fast as it is taken."""

import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.audio import check_rate, to_mono
from models.errors import AudioError
from realtime.sources.base import Block, SourceItem

# As with the microphone: waking more often would cost more than the work.
BLOCK_S = 0.05
LONGEST_BLOCK_S = 0.5
# Many frames at once cost less each; beyond two seconds nothing more is gained.
UNPACED_BLOCK_S = 2.0
LATE_S = 1.0
# A header may promise a thousand channels: a block of all of them stays below 8 MB.
MOST_VALUES = 2**21
# Floats on the scale of 16-bit or 24-bit integers still play, if clipped; beyond is garbage.
LOUDEST = 1e8

READABLE = "WAV, FLAC, OGG, MP3, AIFF and others that libsndfile knows"
# libsndfile repairs a header that promises more than the file holds, and says so in its log:
# "data : 320000 (should be 159978)". Streamed files promise 2 GB or more, which means nothing.
REPAIRED = re.compile(
    r"^\s*(?:data|SSND|Data Size|riff)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE
)
UNKNOWN_LENGTH = 0x7FFF_0000


class FileSource:
    """Plays a file that libsndfile can read, its channels averaged.

    Parameters
    ----------
    path : Path
    speed : float or None
        Times real time; None for as fast as the blocks are taken. Only at 1 is the source
        paced, and its blocks carry the time at which they are due.
    loop : bool
        Begin again at the end, as a new segment, until stopped.
    now : callable
        The clock, seconds.
    wait : callable
        Waits for an event up to so many seconds; True if it was set.

    Raises
    ------
    AudioError
        If there is no such file, or it is no sound file, holds no sound, or has a rate
        outside 8 to 192 kHz.
    """

    def __init__(
        self,
        path: Path,
        *,
        speed: float | None = 1.0,
        loop: bool = False,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[Event, float], bool] = Event.wait,
    ) -> None:
        self._path = path
        self._file = _opened(path)
        self.name = path.name
        self.rate: int = self._file.samplerate
        self.paced = speed == 1.0
        self._speed = speed
        self._loop = loop
        self._now = now
        self._wait = wait

    def items(self, stop: Event) -> Iterator[SourceItem]:
        """Yield the file's blocks.

        A paced reader that falls behind finds its blocks waiting, and catches up; after more
        than a second, as when the program was suspended, the rest is played later instead.

        Raises
        ------
        AudioError
            If the file ends before its time, cannot be read on, or holds samples that are no
            numbers; all blocks before that place have been yielded.
        """
        played = 0
        begun_s = self._now()
        for samples, starts_round in self._rounds():
            played += samples.size
            due_s = None
            if self._speed is not None:
                due_s = begun_s + played / (self.rate * self._speed)
                if self._wait(stop, max(0.0, due_s - self._now())):
                    return
                if self._now() - due_s > LATE_S:
                    begun_s += self._now() - due_s
                    due_s = self._now()
            elif stop.is_set():
                return
            yield Block(
                samples=samples,
                rate=self.rate,
                arrived_s=due_s if self.paced else None,
                starts_segment=starts_round and played > samples.size,
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rounds(self) -> Iterator[tuple[NDArray[np.float32], bool]]:
        """Blocks of one round, or of rounds without end; True with the first of each."""
        while True:
            starts_round = True
            for samples in self._one_round():
                yield samples, starts_round
                starts_round = False
            if not self._loop:
                return
            self._file.seek(0)

    def _one_round(self) -> Iterator[NDArray[np.float32]]:
        frames = self._block_frames()
        done = 0
        while (block := self._read(frames, done)).shape[0]:
            sound = _sound_frames(block)
            if sound:
                yield to_mono(block[:sound])
            done += sound
            if sound < block.shape[0]:
                raise AudioError(
                    f"{self._path} holds samples that are NaN, infinite or absurdly large, the "
                    f"first at {done / self.rate:.3f} s: write it again as 16-bit PCM."
                )
        self._check_complete(done)

    def _block_frames(self) -> int:
        seconds = UNPACED_BLOCK_S
        if self._speed is not None:
            seconds = min(BLOCK_S * self._speed, LONGEST_BLOCK_S)
        channels: int = self._file.channels
        return max(1, min(round(self.rate * seconds), MOST_VALUES // channels))

    def _read(self, frames: int, done: int) -> NDArray[np.float32]:
        try:
            block: NDArray[np.float32] = self._file.read(frames, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            raise AudioError(
                f"{self._path} cannot be read beyond {done / self.rate:.1f} s ({error}): the file "
                "is damaged or was taken away; what came before was analysed."
            ) from error
        return block

    def _check_complete(self, done: int) -> None:
        # Of an MP3 the length is estimated from its first frames, and an Ogg file has none.
        if self._file.format == "MP3":
            return
        promised = max(float(self._file.frames), _promised(self._file) * done)
        if done < promised:
            raise AudioError(
                f"{self._path} ends after {done / self.rate:.1f} s though its header promises "
                f"{promised / self.rate:.1f} s: the file is truncated; what is there was analysed."
            )


def _opened(path: Path) -> soundfile.SoundFile:
    """Open a sound file, or say what is wrong with it."""
    _check_regular(path)
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        raise AudioError(
            f"{path} is not a sound file that can be read ({READABLE}): convert it, for example "
            "with `ffmpeg -i FILE out.wav`."
        ) from error
    try:
        check_rate(file.samplerate)
        if not file.frames:
            raise AudioError("No sound is in it: record it again.")
    except AudioError as error:
        file.close()
        raise AudioError(f"{path}: {error}") from None
    return file


def _sound_frames(block: NDArray[np.float32]) -> int:
    """Frames before the first that holds a sample which is no sound."""
    # False for NaN too; cheaper than a test of every sample.
    if block.max() < LOUDEST and block.min() > -LOUDEST:
        return len(block)
    return int(np.flatnonzero(~(np.abs(block).max(axis=1) < LOUDEST))[0])


def _check_regular(path: Path) -> None:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioError(f"{path} cannot be opened ({reason}): check the path.") from None
    if stat.S_ISDIR(found.st_mode):
        raise AudioError(f"{path} is a folder: name one sound file, or use `classify` for folders.")
    if not stat.S_ISREG(found.st_mode):
        raise AudioError(f"{path} is not a regular file: save the sound to a file first.")
    if not found.st_size:
        raise AudioError(f"{path} is empty (0 bytes): record or download it again.")


def _promised(file: soundfile.SoundFile) -> float:
    """Length that the header promised, as a multiple of what libsndfile found there."""
    for promised, found in REPAIRED.findall(file.extra_info):
        if int(found) < int(promised) < UNKNOWN_LENGTH and int(found):
            return int(promised) / int(found)
    return 1.0
