"""A recording as a stream: at the pace of time, N times as fast, or as fast as it is taken."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.audio import to_mono
from models.errors import AudioError
from realtime.sources.base import Block, SourceItem
from realtime.sources.cancelling import Cancelling
from realtime.sources.decoder import open_decoder
from realtime.sources.ogg_end import is_cut
from realtime.sources.promised_length import goes_on, promised_frames

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
CANCELLING = (
    "The channels of {name} cancel each other: keep one of them, for example with "
    "`ffmpeg -i FILE -af 'pan=mono|c0=c0' out.wav`."
)

UNREADABLE = (soundfile.SoundFileError, OSError)


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
        self._file = open_decoder(path)
        self.name = path.name
        self.rate: int = self._file.samplerate
        self.paced = speed == 1.0
        self._speed = speed
        self._loop = loop
        self._now = now
        self._wait = wait
        self._short_read: int = max(1, min(round(self.rate * BLOCK_S), self._most_frames()))
        self._frames = self._longest_read()
        self._cancelling = Cancelling(self.rate)

    def items(self, stop: Event) -> Iterator[SourceItem]:
        """Yield the file's blocks, and word of channels that cancel each other.

        A paced reader that falls behind finds its blocks waiting, and catches up; after more
        than a second, as when the program was suspended, the rest is played later instead.

        Raises
        ------
        AudioError
            If the file ends before its time, cannot be read on, gives no sound at all in a round,
            or holds samples that are no numbers; all blocks before that place have been yielded.
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
            yield from self._cancelling.news(CANCELLING.format(name=self.name))

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
            try:
                self._file.seek(0)
            except soundfile.SoundFileError:  # as in GSM, which libsndfile reads straight on only
                self._return_to(0)

    def _one_round(self) -> Iterator[NDArray[np.float32]]:
        done = 0
        while (block := self._read(done)).shape[0]:
            sound = _sound_frames(block)
            if sound:
                mono = to_mono(block[:sound])
                self._cancelling.push(block[:sound], mono)
                yield mono
            done += sound
            if sound < block.shape[0]:
                raise AudioError(
                    f"{self._path} holds samples that are NaN, infinite or absurdly large, the "
                    f"first at {done / self.rate:.3f} s: write it again as 16-bit PCM."
                )
        if not done:
            # Another round would come no further: a loop would spin, deaf to the wish to end.
            raise AudioError(
                f"{self._path} gives no sound from its start: the file is damaged or was changed; "
                "record or download it again."
            )
        promised = promised_frames(self._path, self._file, done)
        if done < promised:
            raise AudioError(
                f"{self._path} ends after {done / self.rate:.1f} s though its header promises "
                f"{promised / self.rate:.1f} s: the file is truncated or damaged; what came before "
                "was analysed."
            )
        if is_cut(self._path):
            raise AudioError(
                f"{self._path} breaks off after {done / self.rate:.1f} s: the file is truncated "
                "or damaged; what came before was analysed."
            )
        if goes_on(self._path, self._file):
            raise AudioError(
                f"{self._path} goes on after {done / self.rate:.1f} s with another recording, "
                "which cannot be read: convert it, for example with `ffmpeg -i FILE out.wav`; what "
                "came before was analysed."
            )

    def _longest_read(self) -> int:
        """Frames of a block: as many short reads as come at once at this speed."""
        seconds = UNPACED_BLOCK_S
        if self._speed is not None:
            seconds = min(BLOCK_S * self._speed, LONGEST_BLOCK_S)
        most = self._most_frames() // self._short_read
        return self._short_read * max(1, min(round(seconds / BLOCK_S), most))

    def _most_frames(self) -> int:
        channels: int = self._file.channels
        return MOST_VALUES // channels

    def _read(self, done: int) -> NDArray[np.float32]:
        """Read a block; near a fault a short one, so that the sound before it is not lost."""
        try:
            return self._decoded(self._frames)
        except UNREADABLE as error:
            if self._frames == self._short_read:
                raise self._damage(done, error) from error
        self._frames = self._short_read
        try:
            self._return_to(done)
        except (AudioError, *UNREADABLE) as error:
            raise self._damage(done, error) from error
        return self._read(done)

    def _return_to(self, done: int) -> None:
        """Read up to there again, because a decoder that has failed may not seek rightly."""
        self._file.close()
        self._file = open_decoder(self._path)
        longest = self._longest_read()
        while done and (read := len(self._decoded(min(done, longest)))):
            done -= read

    def _decoded(self, frames: int) -> NDArray[np.float32]:
        block: NDArray[np.float32] = self._file.read(frames, dtype="float32", always_2d=True)
        return block

    def _damage(self, done: int, error: Exception) -> AudioError:
        return AudioError(
            f"{self._path} cannot be read beyond {done / self.rate:.1f} s ({error}): the file "
            "is damaged or was taken away; what came before was analysed."
        )


def _sound_frames(block: NDArray[np.float32]) -> int:
    """Frames before the first that holds a sample which is no sound."""
    # False for NaN too; cheaper than a test of every sample.
    if block.max() < LOUDEST and block.min() > -LOUDEST:
        return len(block)
    return int(np.flatnonzero(~(np.abs(block).max(axis=1) < LOUDEST))[0])
