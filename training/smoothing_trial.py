"""What smoothing costs and brings: flips and accuracy against the delay at a change of emotion.

Clips of one actor are joined, without their silence, into stretches of one emotion after the
other, and judged window by window with an adaptive baseline, as live.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.baseline import SpeakerBaseline
from models.calibration import WindowCalibration
from models.labels import EMOTIONS
from models.network import softmax
from models.windows import LEAST_ACTIVE_FRAMES
from realtime.smoothing import Smoother
from training.corpus import Corpus
from training.features import HOP_S, SoundVectors, active_seconds, frame_extractor, sound_vectors
from training.judge import Judge
from training.judged import LIVE_WINDOW_S
from training.protocols import Protocol
from training.ravdess import Channel, Clip
from training.sound import read_sound
from training.table import window_evidence

TIME_CONSTANTS_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
CLIPS_PER_STRETCH = 4
MARGIN_S = 0.15
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class SmoothingPoint:
    """One time constant.

    Attributes
    ----------
    smoothing_s : float
        0 for none.
    accuracy : float
        Share of the windows that name the emotion of the stretch they end in.
    flips_per_minute : float
        Changes of the emotion named within stretches.
    delay_s : float
        Median time from a stretch's beginning to the first window that names its emotion.
    reached : float
        Share of the stretches whose emotion is ever named.
    """

    smoothing_s: float
    accuracy: float
    flips_per_minute: float
    delay_s: float
    reached: float

    def as_json(self) -> dict[str, float]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Run:
    """Probabilities, shape (n, 8), of one actor's windows, and where each ends."""

    probabilities: Array
    end_s: Array
    stretch: NDArray[np.int64]
    labels: NDArray[np.int64]
    starts_s: Array


def smoothing_trial(protocol: Protocol, corpus: Corpus, *, seed: int) -> Iterator[SmoothingPoint]:
    """Judge the joined clips of every actor by the model that never heard them."""
    rng = np.random.default_rng(seed)
    runs = []
    for part in protocol.parts:
        calibration = part.calibration.for_window(LIVE_WINDOW_S)
        clips = sorted((corpus.clips[i] for i in part.unheard), key=lambda clip: clip.actor)
        for _, own in groupby(clips, key=lambda clip: clip.actor):
            speech = [clip for clip in own if clip.channel is Channel.SPEECH]
            if speech:
                runs.append(_judged(part.judge, calibration, speech, rng))
    for smoothing_s in TIME_CONSTANTS_S:
        yield _point(smoothing_s, runs)


def _judged(
    judge: Judge, calibration: WindowCalibration, clips: Sequence[Clip], rng: np.random.Generator
) -> _Run:
    order = [
        i
        for i in rng.permutation(len(EMOTIONS)).tolist()
        if any(clip.emotion is EMOTIONS[i] for clip in clips)
    ]
    sounds = [_stretch([clip for clip in clips if clip.emotion is EMOTIONS[i]], rng) for i in order]
    starts_s = np.cumsum([0] + [sound.size for sound in sounds])[:-1] / SAMPLE_RATE
    found = sound_vectors(np.concatenate(sounds), SAMPLE_RATE, frame_extractor())
    live = (found.window_s == np.float32(LIVE_WINDOW_S)) & (
        found.active_frames >= LEAST_ACTIVE_FRAMES
    )
    end_s = found.end[live] / SAMPLE_RATE
    stretch = np.searchsorted(starts_s, end_s, side="right") - 1
    return _Run(
        probabilities=_adaptive(judge, calibration, found, live),
        end_s=end_s,
        stretch=stretch,
        labels=np.array(order)[stretch],
        starts_s=starts_s,
    )


def _stretch(clips: Sequence[Clip], rng: np.random.Generator) -> NDArray[np.float32]:
    """Some clips of one emotion, joined."""
    chosen = rng.permutation(len(clips))[:CLIPS_PER_STRETCH]
    return np.concatenate([_spoken(*read_sound(clips[i].path)) for i in chosen])


def _spoken(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """A clip at 16 kHz without the silence around it, by its level."""
    import soxr

    samples = soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ")
    loud = np.flatnonzero(np.abs(samples) > 0.03 * np.abs(samples).max())
    margin = round(MARGIN_S * SAMPLE_RATE)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin] if loud.size else samples[:0]


def _adaptive(
    judge: Judge, calibration: WindowCalibration, found: SoundVectors, live: NDArray[np.bool_]
) -> Array:
    preprocessing = judge.preprocessing
    baseline = SpeakerBaseline()
    rows = []
    evidence = window_evidence(active_seconds(found.active_frames[live]), LIVE_WINDOW_S)
    for vector, weight in zip(preprocessing.levelled(found.vectors[live]), evidence, strict=True):
        temperature = calibration.temperature(baseline.weight, preprocessing.prior_weight)
        logits = judge.logits(vector, baseline)
        rows.append(softmax(preprocessing.without_leaning(logits, baseline), temperature))
        preprocessing.learn(baseline, vector, logits, float(weight))
    return np.array(rows)


def _point(smoothing_s: float, runs: Sequence[_Run]) -> SmoothingPoint:
    right, flips, minutes = [], 0, 0.0
    delays: list[float] = []
    stretches = 0
    for run in runs:
        smoother = Smoother(smoothing_s, HOP_S, reset_after_s=1.0)
        named = np.array([smoother.push(row).argmax() for row in run.probabilities])
        right.append(named == run.labels)
        same = np.diff(run.stretch) == 0
        flips += int(np.count_nonzero(np.diff(named)[same]))
        minutes += named.size * HOP_S / 60
        stretches += run.starts_s.size
        delays += _delays(run, named)
    return SmoothingPoint(
        smoothing_s=smoothing_s,
        accuracy=float(np.concatenate(right).mean()),
        flips_per_minute=flips / max(minutes, 1e-9),
        delay_s=float(np.median(delays)) if delays else float("nan"),
        reached=len(delays) / max(1, stretches),
    )


def _delays(run: _Run, named: NDArray[np.int64]) -> list[float]:
    delays = []
    for number, start_s in enumerate(run.starts_s.tolist()):
        hits = run.end_s[(run.stretch == number) & (named == run.labels)]
        if hits.size:
            delays.append(float(hits[0] - start_s))
    return delays
