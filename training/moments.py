"""What each clip adds to a speaker's baseline, so that thousands of baselines cost little."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from training.table import Table

Array = NDArray[np.float64]
EVIDENCE_WINDOW_S = 3.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Moments:
    """Weighted sums over the windows of clips.

    Attributes
    ----------
    weight : ndarray, shape (clips,)
        Independent windows in the clip.
    first, second : ndarray, shape (clips, 193)
        Weighted sums of the vectors and of their squares.
    """

    weight: Array
    first: Array
    second: Array

    def baseline(self, members: NDArray[np.bool_]) -> SpeakerBaseline:
        """The baseline that has heard the clips where `members`, shape (clips,), is true."""
        weight = float(self.weight[members].sum())
        if weight <= 0:
            return SpeakerBaseline()
        mean = self.first[members].sum(axis=0) / weight
        variance = self.second[members].sum(axis=0) / weight - mean**2
        return SpeakerBaseline(weight=weight, mean=mean, variance=np.maximum(variance, 0))

    def complete(self) -> SpeakerBaseline:
        """The baseline that has heard all clips."""
        return self.baseline(np.ones(self.weight.size, np.bool_))


def clip_moments(table: Table, clips: NDArray[np.intp]) -> Moments:
    """Moments of some clips, from the windows of 3 s of one copy in `table`.

    Those with less speech than a live window needs count too, by what they have.
    """
    windows = table.rows(table.window_s == np.float32(EVIDENCE_WINDOW_S))
    place = np.full(table.emotion.size, -1)
    place[clips] = np.arange(clips.size)
    chosen = place[windows.clip]
    kept = chosen >= 0
    chosen, evidence = chosen[kept], windows.evidence[kept]
    vectors = windows.levelled[kept].astype(np.float64)
    weight = np.bincount(chosen, evidence, clips.size).astype(np.float64)
    first = np.zeros((clips.size, vectors.shape[1]))
    second = np.zeros_like(first)
    np.add.at(first, chosen, evidence[:, None] * vectors)
    np.add.at(second, chosen, evidence[:, None] * vectors**2)
    return Moments(weight=weight, first=first, second=second)
