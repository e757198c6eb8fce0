"""One row of output: what was heard in one window."""

import enum
from dataclasses import dataclass

from models.labels import Emotion


class State(enum.StrEnum):
    """What a window turned out to be."""

    SPEECH = "speech"
    NO_SPEECH = "no_speech"
    UNSURE = "unsure"
    GAP = "gap"


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """The result of one hop; the columns of the CSV in their order.

    Attributes
    ----------
    window : int
        Counts from 0, gap rows included.
    start_s, end_s : float
        The window, in seconds of stream time.
    state : State
        `UNSURE` is speech whose confidence is below the calibrated threshold.
    emotion : Emotion or None
        Most probable after smoothing; only in state `SPEECH`.
    confidence : float or None
        Its smoothed, calibrated probability; in states `SPEECH` and `UNSURE`.
    probabilities : tuple of 8 float or None
        Smoothed, in the order of `EMOTIONS`, summing to 1; as `confidence`.
    raw_emotion : Emotion or None
        Most probable before smoothing.
    speech_ratio : float
        Active frames over all frames of the window.
    level_dbfs : float
        RMS of this hop's source samples, in decibels of full scale; -120 for silence.
    clipped_ratio : float
        Share of this hop's source samples at 0.999 of full scale or above.
    baseline_windows : float
        Weight of the speaker baseline, in independent windows of speech.
    dropped_samples : int
        Samples lost since the start of the stream, at the source's rate.
    latency_ms : float or None
        From the arrival of the last sample to this row; None where the source is not paced.
    time_utc : str
        ISO 8601.
    """

    window: int
    start_s: float
    end_s: float
    state: State
    emotion: Emotion | None = None
    confidence: float | None = None
    probabilities: tuple[float, ...] | None = None
    raw_emotion: Emotion | None = None
    speech_ratio: float = 0.0
    level_dbfs: float = -120.0
    clipped_ratio: float = 0.0
    baseline_windows: float = 0.0
    dropped_samples: int = 0
    latency_ms: float | None = None
    time_utc: str = ""
