"""What the models of a protocol say of clips that they never heard, by kind of baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration, WindowCalibration
from models.labels import EMOTIONS
from models.network import softmax
from training.corpus import Corpus
from training.judge import Judge, Verdicts, after_clips, cold, folder, pooled, smoothed
from training.metrics import confusion, named, uar
from training.protocols import Protocol
from training.table import Table

ENROLMENT_CLIPS = 8
DRAWS = 10
WINDOW, CLIP = "window", "clip"
COLD, ADAPTIVE, FOLDER = "cold", "after 8 clips", "folder"
BOTH_CHANNELS = "speech + song"
LIVE_WINDOW_S = 3.0
Array = NDArray[np.float64]
Mode = Callable[[Judge, Table, np.random.Generator], Verdicts]

MODES: dict[str, Mode] = {
    COLD: lambda judge, table, _: cold(judge, table),
    ADAPTIVE: lambda judge, table, rng: after_clips(
        judge, table, ENROLMENT_CLIPS, rng, draws=DRAWS
    ),
    FOLDER: lambda judge, table, _: folder(judge, table),
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Judged:
    """Calibrated probabilities of rows and what they should be.

    Attributes
    ----------
    probabilities, uncalibrated : ndarray, shape (n, 8)
    shown : ndarray, shape (n, 8)
        Smoothed over the windows of a clip, as on the screen; of whole clips, the probabilities.
    labels : ndarray, shape (n,)
    """

    probabilities: Array
    uncalibrated: Array
    shown: Array
    labels: NDArray[np.int64]


def windows_of(table: Table, window_s: float) -> Table:
    """The clean windows of one length."""
    return table.rows((table.copy == 0) & (table.window_s == np.float32(window_s)))


def channel_clips(corpus: Corpus, channel: str) -> NDArray[np.intp]:
    """Positions of the clips of `speech`, `song` or both."""
    wanted = [channel in (clip.channel, BOTH_CHANNELS) for clip in corpus.clips]
    return np.flatnonzero(wanted)


def judged_units(
    verdicts: Verdicts,
    calibration: WindowCalibration,
    prior_weight: float,
    unanswered: NDArray[np.int64],
) -> dict[str, Judged]:
    """Live windows, and clips pooled over their windows.

    Parameters
    ----------
    verdicts : Verdicts
    calibration : WindowCalibration
    prior_weight : float
        Of the model's preprocessing.
    unanswered : ndarray
        Labels of clips without a window: judged even over all emotions, which is wrong.
    """
    temperature = [
        calibration.temperature(weight, prior_weight) for weight in verdicts.weight.tolist()
    ]
    after = softmax(verdicts.logits / np.array(temperature)[:, None])
    before = softmax(verdicts.logits)
    live = verdicts.is_live
    clip_after, labels = pooled(verdicts, after)
    clip_before, _ = pooled(verdicts, before)
    silent = _even(unanswered)
    return {
        WINDOW: Judged(
            probabilities=after[live],
            uncalibrated=before[live],
            shown=smoothed(after[live], verdicts.clip[live]),
            labels=verdicts.labels[live],
        ),
        CLIP: Judged(
            probabilities=np.concatenate([clip_after, silent.probabilities]),
            uncalibrated=np.concatenate([clip_before, silent.uncalibrated]),
            shown=np.concatenate([clip_after, silent.shown]),
            labels=np.concatenate([labels, unanswered]),
        ),
    }


def unanswered_labels(table: Table, clips: NDArray[np.intp]) -> NDArray[np.int64]:
    """Labels of those clips that have no row in a table."""
    return table.emotion[np.setdiff1d(clips, table.clip)]


def judged_part(
    judge: Judge,
    calibration: Calibration,
    table: Table,
    clips: NDArray[np.intp],
    *,
    window_s: float,
    mode: Mode,
    rng: np.random.Generator,
) -> dict[str, Judged]:
    """Judge the clips of one part, by windows of one length and one kind of baseline."""
    windows = windows_of(table.of_clips(clips), window_s)
    if not windows.clip.size:
        return {WINDOW: _even(table.emotion[:0]), CLIP: _even(table.emotion[clips])}
    verdicts = mode(judge, windows, rng)
    # Clips are judged in several draws, each of which leaves some out.
    times = max(1, round(len(verdicts.clip) / len(windows.clip)))
    return judged_units(
        verdicts,
        calibration.for_window(window_s),
        judge.preprocessing.prior_weight,
        np.tile(unanswered_labels(windows, clips), times),
    )


def _even(labels: NDArray[np.int64]) -> Judged:
    """What is said of clips without a window: each emotion is as probable."""
    even = np.full((labels.size, len(EMOTIONS)), 1 / len(EMOTIONS))
    return Judged(probabilities=even, uncalibrated=even, shown=even, labels=labels)


def draws_of(seed: int, part: int) -> np.random.Generator:
    """What is drawn in one part of a protocol: the same in all its cells, other than in others."""
    return np.random.default_rng([seed, part])


def judged_parts(
    protocol: Protocol,
    table: Table,
    clips: NDArray[np.intp],
    *,
    window_s: float,
    mode: Mode,
    seed: int,
) -> list[dict[str, Judged]]:
    """Judge each part of a protocol on those of the clips that its model never heard."""
    return [
        judged_part(
            part.judge,
            part.calibration,
            table,
            np.intersect1d(part.unheard, clips),
            window_s=window_s,
            mode=mode,
            rng=draws_of(seed, number),
        )
        for number, part in enumerate(protocol.parts)
        if np.isin(part.unheard, clips).any()
    ]


def together(parts: Sequence[Judged]) -> Judged:
    """Rows of all folds."""
    return Judged(
        probabilities=np.concatenate([part.probabilities for part in parts]),
        uncalibrated=np.concatenate([part.uncalibrated for part in parts]),
        shown=np.concatenate([part.shown for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )


def fold_uar(parts: Sequence[Judged]) -> float:
    """Mean UAR over folds."""
    return float(
        np.mean([uar(confusion(named(part.probabilities), part.labels)) for part in parts])
    )
