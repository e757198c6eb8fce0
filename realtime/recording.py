"""The windows of one whole recording, computed once and kept in a private temporary file.

Vectors go to disk as they come, so memory does not depend on the recording's length, and a
speaker baseline can be made from all of them before any is judged.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.errors import AudioError
from models.filter_banks import FilterBanks
from models.frames import FrameExtractor
from models.segment import SegmentStream
from models.window_vector import WINDOW_VECTOR_SIZE
from models.windows import FRAMES_PER_SECOND, Window
from realtime.held_signals import held_signals
from realtime.sources.base import Block, Notice
from realtime.sources.file import FileSource

ENOUGH_ACTIVE_FRAMES = 30
ROW_FLOATS = WINDOW_VECTOR_SIZE + 1
ROWS_AT_ONCE = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What one file holds.

    Attributes
    ----------
    duration_s : float
        Length of the file, or of what could be read of it.
    speech_s : float
        What the gate called speech.
    rows : int
        Windows with enough speech: those that end with a hop, or, where there is none, the one
        that ends with the file.
    spool : Path
        Their vectors and active frames; remove it with `discard`.
    error : str
        Why the file could not be read to its end, or no speech may be heard in it; else empty.
    """

    duration_s: float
    speech_s: float
    rows: int
    spool: Path
    error: str = ""

    def windows(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Vectors, shape (n, 338), and active frames, shape (n,), a thousand at a time."""
        with self.spool.open("rb") as file:
            while content := file.read(ROWS_AT_ONCE * ROW_FLOATS * 4):
                rows = np.frombuffer(content, np.float32).reshape(-1, ROW_FLOATS)
                yield rows[:, :-1], rows[:, -1].astype(np.int64)

    def discard(self) -> None:
        """Remove the temporary file."""
        self.spool.unlink(missing_ok=True)


@contextlib.contextmanager
def spool_folder() -> Iterator[Path]:
    """Give a private temporary folder for `analyse`, which is gone after the block."""
    with held_signals():
        folder = tempfile.TemporaryDirectory(prefix="ser-live-")
    try:
        yield Path(folder.name)
    finally:
        with held_signals():
            folder.cleanup()


def analyse(
    path: Path, banks: FilterBanks, *, window_s: float, hop_s: float, folder: Path
) -> Recording:
    """Compute the windows of a file, by the path that runs live.

    Parameters
    ----------
    path : Path
        Any sound file.
    banks : FilterBanks
    window_s, hop_s : float
        Seconds.
    folder : Path
        Where the temporary file is made.

    Raises
    ------
    AudioError
        If nothing of the file can be used.
    OSError
        If the temporary file cannot be written.
    """
    source = FileSource(path, speed=None, loop=False)
    analysis = _Analysis(source, FrameExtractor(banks), window_s, hop_s)
    descriptor, name = tempfile.mkstemp(dir=folder)
    spool = Path(name)
    try:
        with contextlib.closing(source), os.fdopen(descriptor, "wb") as file:
            for vector, active_frames in analysis.windows():
                file.write(vector.tobytes())
                file.write(np.float32(active_frames).tobytes())
    except BaseException:
        spool.unlink(missing_ok=True)
        raise
    return Recording(
        duration_s=analysis.samples / source.rate,
        speech_s=analysis.speech_frames / FRAMES_PER_SECOND,
        rows=analysis.rows,
        spool=spool,
        error=analysis.error,
    )


class _Analysis:
    """Runs one source through a segment and counts."""

    def __init__(
        self, source: FileSource, extractor: FrameExtractor, window_s: float, hop_s: float
    ) -> None:
        self._source = source
        self._segment = SegmentStream(
            source.rate,
            extractor,
            window_samples=round(window_s * SAMPLE_RATE),
            hop_samples=round(hop_s * SAMPLE_RATE),
            least_active_frames=ENOUGH_ACTIVE_FRAMES,
        )
        self.samples = 0
        self.rows = 0
        self.error = ""

    @property
    def speech_frames(self) -> int:
        """Frames that the gate called speech."""
        return self._segment.speech_frames

    def windows(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Vector and active frames of each window with enough speech.

        A file that is damaged from some place on ends there. One without any window whose
        channels cancel each other gets that as its error.
        """
        told = ""
        try:
            for item in self._source.items(Event()):
                if isinstance(item, Block):
                    self.samples += item.samples.size
                    yield from self._counted(self._segment.push(item.samples))
                elif isinstance(item, Notice) and item.text is not None:
                    told = item.text
        except AudioError as error:
            if not self.samples:
                raise
            self.error = str(error)
        yield from self._counted(self._segment.push(np.zeros(0, np.float32), last=True))
        if not self.rows:
            yield from self._counted([self._segment.rest()])
        if not self.rows:
            self.error = self.error or told

    def _counted(self, windows: list[Window]) -> Iterator[tuple[NDArray[np.float32], int]]:
        for window in windows:
            if window.vector is not None:
                self.rows += 1
                yield window.vector, window.active_frames
