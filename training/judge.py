"""What a trained model says about the rows of a table, with each kind of baseline.

The baselines are learnt window by window with the live path's own `Preprocessing.learn`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.listener import Listener
from models.windows import FRAMES_PER_SECOND
from realtime.config import RealtimeSettings
from realtime.pooling import Pool
from realtime.prototypes import refined
from realtime.smoothing import Smoother
from training.features import HOP_S
from training.table import Table

Array = NDArray[np.float64]


class Judge(Listener):
    """A network with its preprocessing, as the live path runs it."""

    def answers(self, levelled: Array, baseline: SpeakerBaseline) -> Array:
        """`logits` without the network's leaning towards this speaker."""
        return self.preprocessing.without_leaning(self.logits(levelled, baseline), baseline)

    def learnt(self, levelled: Array, evidence: Array, rows: Iterable[int]) -> SpeakerBaseline:
        """A baseline that has taken in some rows, one after the other."""
        baseline = SpeakerBaseline()
        for row in rows:
            logits = self.logits(levelled[row], baseline)
            self.preprocessing.learn(baseline, levelled[row], logits, float(evidence[row]))
        return baseline


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Verdicts:
    """Logits of rows, and what the rows are.

    Attributes
    ----------
    logits : ndarray, shape (n, 8)
        Without the network's leaning.
    weight : ndarray, shape (n,)
        Of the baseline in use: independent windows.
    clip : ndarray, shape (n,)
        A number of its own for each clip in each draw.
    labels : ndarray, shape (n,)
        Position in `EMOTIONS`.
    active_frames : ndarray, shape (n,)
    is_live : ndarray, shape (n,)
        Whether the row has enough speech for a live window; the others count in whole clips only.
    speaker : ndarray, shape (n,)
    hidden : ndarray, shape (n, units), or None
        What the network's first layer makes of the rows, where a speaker's recordings are judged
        together.
    """

    logits: Array
    weight: Array
    clip: NDArray[np.int64]
    labels: NDArray[np.int64]
    active_frames: NDArray[np.int64]
    is_live: NDArray[np.bool_]
    speaker: NDArray[np.int64]
    hidden: NDArray[np.float32] | None = None


def joined(parts: Iterable[Verdicts]) -> Verdicts:
    """Verdicts of several speakers, draws or folds, one below the other."""
    every = list(parts)
    hidden = [part.hidden for part in every if part.hidden is not None]
    return Verdicts(
        logits=np.concatenate([part.logits for part in every]),
        weight=np.concatenate([part.weight for part in every]),
        clip=np.concatenate([part.clip for part in every]),
        labels=np.concatenate([part.labels for part in every]),
        active_frames=np.concatenate([part.active_frames for part in every]),
        is_live=np.concatenate([part.is_live for part in every]),
        speaker=np.concatenate([part.speaker for part in every]),
        hidden=np.concatenate(hidden) if hidden else None,
    )


def cold(judge: Judge, table: Table) -> Verdicts:
    """Every row judged without a baseline."""
    baseline = SpeakerBaseline()
    return _verdicts(table, judge.answers(table.levelled.astype(np.float64), baseline), baseline)


def after_clips(
    judge: Judge, table: Table, count: int, rng: np.random.Generator, *, draws: int
) -> Verdicts:
    """Rows judged with a baseline from `count` random clips of the speaker, not judged themselves.

    Parameters
    ----------
    judge : Judge
    table : Table
        Windows of one length.
    count : int
        Clips; 0 is cold.
    rng : Generator
    draws : int
        Choices of clips for each speaker, all of which are judged.
    """
    parts = []
    for part in _speakers(table):
        levelled, evidence = part.levelled.astype(np.float64), part.evidence
        clips = np.unique(part.clip)
        for draw in range(draws):
            heard = rng.permutation(clips)[: min(count, clips.size - 1)]
            rows = [np.flatnonzero((part.clip == clip) & part.is_live) for clip in heard]
            baseline = judge.learnt(levelled, evidence, chain.from_iterable(rows))
            rest = ~np.isin(part.clip, heard)
            answers = judge.answers(levelled[rest], baseline)
            found = _verdicts(part.rows(rest), answers, baseline)
            parts.append(replace(found, clip=found.clip + draw * table.emotion.size))
    return joined(parts)


def folder(judge: Judge, table: Table) -> Verdicts:
    """Rows judged with a baseline from all of the speaker's rows, labels unseen.

    As `classify --baseline folder` does it: nothing is drawn in, for there is no order, and clips
    are judged again by the prototypes of the speaker's emotions.
    """
    parts = []
    for part in _speakers(table):
        levelled = part.levelled.astype(np.float64)
        baseline = SpeakerBaseline()
        for vector, evidence in zip(levelled, part.evidence.tolist(), strict=True):
            baseline.update(vector, evidence)
        logits, hidden = judge.heard(levelled, baseline)
        if weight := float(part.evidence.sum()):
            baseline.leaning.update(np.average(logits, axis=0, weights=part.evidence), weight)
        answers = judge.preprocessing.without_leaning(logits, baseline)
        parts.append(_verdicts(part, answers, baseline, hidden))
    return joined(parts)


def _speakers(table: Table) -> Iterable[Table]:
    speaker = table.speaker[table.clip]
    return (table.rows(speaker == one) for one in np.unique(speaker).tolist())


def _verdicts(
    table: Table,
    answers: Array,
    baseline: SpeakerBaseline,
    hidden: NDArray[np.float32] | None = None,
) -> Verdicts:
    return Verdicts(
        logits=answers,
        weight=np.full(len(answers), baseline.weight),
        clip=table.clip.astype(np.int64),
        labels=table.labels,
        active_frames=np.rint(table.active_s * FRAMES_PER_SECOND).astype(np.int64),
        is_live=table.is_live,
        speaker=table.speaker[table.clip].astype(np.int64),
        hidden=hidden,
    )


def pooled(verdicts: Verdicts, probabilities: Array) -> tuple[Array, NDArray[np.int64]]:
    """One row per clip, from its windows and, in a folder, its neighbours, as `classify` does.

    Parameters
    ----------
    verdicts : Verdicts
        The rows of a clip follow each other, and the clips of a speaker.
    probabilities : ndarray, shape (n, 8)

    Returns
    -------
    probabilities : ndarray, shape (clips, 8)
    labels : ndarray, shape (clips,)
    """
    starts = np.flatnonzero(np.diff(verdicts.clip, prepend=-1))
    pools = []
    for rows in np.split(np.arange(len(verdicts.clip)), starts[1:]):
        pools.append(Pool())
        hidden = None if verdicts.hidden is None else verdicts.hidden[rows]
        pools[-1].add(probabilities[rows], verdicts.active_frames[rows], hidden)
    found = np.array([pool.result() for pool in pools])
    if verdicts.hidden is not None:
        hidden = np.array([pool.mean_hidden() for pool in pools])
        speaker = verdicts.speaker[starts]
        for one in np.unique(speaker):
            found[speaker == one] = refined(found[speaker == one], hidden[speaker == one])
    return found, verdicts.labels[starts]


def smoothed(probabilities: Array, clip: NDArray[np.int64]) -> Array:
    """What the screen shows of live windows, shape (n, 8), each clip by itself and in its order."""
    live = RealtimeSettings()
    shown = np.empty_like(probabilities)
    for begin, row in enumerate(probabilities):
        if begin == 0 or clip[begin] != clip[begin - 1]:
            smoother = Smoother(live.smoothing_s, HOP_S, live.reset_after_silence_s)
        shown[begin] = smoother.push(row)
    return shown


def pool(probabilities: Array, active_frames: NDArray[np.int64]) -> Array:
    """One row, shape (8,), from the windows of a recording, shape (n, 8), n at least 1."""
    windows = Pool()
    windows.add(probabilities, active_frames)
    found = windows.result()
    if found is None:
        raise ValueError("there is no window to pool")
    return found
