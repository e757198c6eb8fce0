"""Frames of a segment with their gate decisions: ``block -> Canonical -> SpeechGate, frames``."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.audio import Canonical
from models.feature_table import FRAME_SIZE
from models.filter_banks import FRAME_SAMPLES, HOP_SAMPLES
from models.frames import FrameExtractor, frame_count
from models.gate import CHUNK, SpeechGate


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameBatch:
    """Consecutive frames of a segment.

    Attributes
    ----------
    features : ndarray, shape (k, 238), float32
        The 193 features, then the MFCC over a floor and the pitch: see `models.frames`. Zero
        where a frame is not speech: such a row counts for nothing, and to `models.pitch` it is
        one that has no pitch.
    speech : ndarray, shape (k,), bool
        Decision of the gate's chunk that holds the frame's centre.
    level_db : ndarray, shape (k,), float64
        Energy of the windowed frame; minus infinity where a frame is not speech.
    """

    features: NDArray[np.float32]
    speech: NDArray[np.bool_]
    level_db: NDArray[np.float64]


# More at once would leave the processor's cache, and each time be new memory from the system.
PIECE_FRAMES = 48

NO_FRAMES = FrameBatch(
    features=np.zeros((0, FRAME_SIZE), np.float32),
    speech=np.zeros(0, np.bool_),
    level_db=np.zeros(0),
)


class FrameStream:
    """Turns the mono blocks of a segment into frames with their gate decisions.

    Parameters
    ----------
    rate : int
        Samples per second of the source.
    extractor : FrameExtractor
    step_samples : int
        Canonical samples are gathered until they reach a multiple of this, because many frames
        at once cost little more than one; it changes no frame.

    Attributes
    ----------
    canonical_samples : int
        Of the segment so far.
    due_samples : int
        How many of them the next frames are waited for with.
    speech_frames : int
        Frames that the gate called speech so far.
    """

    def __init__(self, rate: int, extractor: FrameExtractor, *, step_samples: int = 1) -> None:
        self._canonical = Canonical(rate)
        self._gate = SpeechGate()
        self._extractor = extractor
        self._step = step_samples
        self.due_samples = step_samples
        self._gathered: list[NDArray[np.float32]] = []
        self._samples = np.zeros(0, np.float32)
        self._decisions = np.zeros(0, np.bool_)
        self._first_chunk = 0
        self._next_frame = 0
        self.canonical_samples = 0
        self.speech_frames = 0

    def push(self, mono: NDArray[np.float32], *, last: bool = False) -> FrameBatch:
        """Return the frames completed by this block.

        Parameters
        ----------
        mono : ndarray, shape (n,), float32
        last : bool
            True at the end of the segment, to flush the resampler.
        """
        fresh = self._canonical.push(mono, last=last)
        self.canonical_samples += fresh.size
        self._gathered.append(fresh)
        if self.canonical_samples < self.due_samples and not last:
            return NO_FRAMES
        self.due_samples = (self.canonical_samples // self._step + 1) * self._step
        fresh = np.concatenate(self._gathered)
        self._gathered.clear()
        self._decisions = np.concatenate([self._decisions, self._gate.push(fresh)])
        samples = np.concatenate([self._samples, fresh])
        batch = self._frames(samples)
        self._samples = samples[len(batch.speech) * HOP_SAMPLES :]
        self._forget_decisions()
        return batch

    def _frames(self, samples: NDArray[np.float32]) -> FrameBatch:
        count = frame_count(samples.size)
        index = self._next_frame + np.arange(count)
        chunk = (index * HOP_SAMPLES + FRAME_SAMPLES // 2) // CHUNK
        speech = self._decisions[chunk - self._first_chunk]
        self._next_frame += count
        self.speech_frames += int(np.count_nonzero(speech))
        batch = FrameBatch(
            features=np.zeros((count, FRAME_SIZE), np.float32),
            speech=speech,
            level_db=np.full(count, -np.inf),
        )
        for first in range(0, count, PIECE_FRAMES):
            self._compute(samples, batch, slice(first, min(first + PIECE_FRAMES, count)))
        return batch

    def _compute(self, samples: NDArray[np.float32], batch: FrameBatch, piece: slice) -> None:
        """Fill in those frames of a piece that are speech."""
        speech = batch.speech[piece]
        if not speech.any():
            return
        end = (piece.stop - 1) * HOP_SAMPLES + FRAME_SAMPLES
        numbers = np.flatnonzero(speech)
        features, level_db = self._extractor.compute(
            samples[piece.start * HOP_SAMPLES : end], numbers
        )
        batch.features[piece][numbers] = features
        batch.level_db[piece][numbers] = level_db

    def _forget_decisions(self) -> None:
        needed = (self._next_frame * HOP_SAMPLES + FRAME_SAMPLES // 2) // CHUNK
        drop = min(needed - self._first_chunk, self._decisions.size)
        self._decisions = self._decisions[drop:]
        self._first_chunk += drop
