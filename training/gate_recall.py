"""How many windows of real speech the gate takes for silence."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE, Canonical
from models.filter_banks import HOP_SAMPLES
from models.frame_stream import FrameStream
from models.frames import frame_count
from models.windows import ACTIVE_RANGE_DB, FRAMES_PER_SECOND, LEAST_ACTIVE_FRAMES
from training.features import HOP_S, frame_extractor
from training.judged import LIVE_WINDOW_S
from training.ravdess import Clip
from training.sound import read_sound

LEAST_SOUND_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRecall:
    """Windows with at least a second of sound, and how many of them got no vector.

    The recordings are made in a silent studio: what lies within 30 dB of a clip's loudest frame
    is speech.
    """

    windows: int
    gated: int

    def as_json(self) -> dict[str, int]:
        """Plain data."""
        return asdict(self)


def gate_recall(clips: Sequence[Clip], *, jobs: int) -> GateRecall:
    """Count over clips of speech."""
    import joblib

    run = joblib.Parallel(n_jobs=jobs)
    found = run(joblib.delayed(_counted)(clip.path) for clip in clips)
    return GateRecall(windows=sum(all_ for all_, _ in found), gated=sum(lost for _, lost in found))


def _counted(path: Path) -> tuple[int, int]:
    samples, rate = read_sound(path)
    canonical = Canonical(rate).push(samples, last=True)
    extractor = frame_extractor()
    batch = FrameStream(rate, extractor).push(samples, last=True)
    level_db = extractor.level_db(extractor.windowed(canonical))
    sounding = level_db >= level_db.max() - ACTIVE_RANGE_DB
    passed = batch.speech & sounding
    ends = np.arange(1, canonical.size // _samples(HOP_S) + 1) * _samples(HOP_S)
    spoken = _counts(sounding, ends) >= LEAST_SOUND_S * FRAMES_PER_SECOND
    kept = _counts(passed, ends) >= LEAST_ACTIVE_FRAMES
    return int(spoken.sum()), int((spoken & ~kept).sum())


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _counts(frames: NDArray[np.bool_], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Frames that are true in each window that ends at a sample of `ends`."""
    before = np.concatenate([[0], np.cumsum(frames)])
    first = np.maximum(0, -(-(ends - _samples(LIVE_WINDOW_S)) // HOP_SAMPLES))
    stop = np.array([frame_count(int(end)) for end in ends])
    counts: NDArray[np.int64] = before[stop] - before[np.minimum(first, stop)]
    return counts
