"""The table of figures: one cell per protocol, channel, window length, baseline and unit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.corpus import Corpus
from training.features import WINDOWS_S
from training.judged import (
    BOTH_CHANNELS,
    CLIP,
    MODES,
    WINDOW,
    Judged,
    channel_clips,
    judged_parts,
    together,
)
from training.metrics import Scores, confusion, ece, log_loss, named, scores
from training.protocols import Protocol
from training.ravdess import Channel


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Cell:
    """The figures of one cell.

    Attributes
    ----------
    protocol, channel, baseline, unit : str
    window_s : float
    scores : Scores
        Over all folds together.
    log_loss_before, ece_before : float
        Without temperature.
    uar_by_fold, accuracy_by_fold : tuple of float
    counts : ndarray, shape (8, 9)
        Confusion matrix.
    """

    protocol: str
    channel: str
    baseline: str
    unit: str
    window_s: float
    scores: Scores
    log_loss_before: float
    ece_before: float
    uar_by_fold: tuple[float, ...]
    accuracy_by_fold: tuple[float, ...]
    counts: NDArray[np.int64]

    @property
    def uar(self) -> float:
        """Mean over the folds."""
        return float(np.mean(self.uar_by_fold))

    @property
    def uar_sd(self) -> float:
        """Standard deviation over the folds, see `spread`."""
        return spread(self.uar_by_fold)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "protocol": self.protocol,
            "channel": self.channel,
            "baseline": self.baseline,
            "unit": self.unit,
            "window_s": self.window_s,
            "uar": self.uar,
            "uar_sd": self.uar_sd,
            "uar_by_fold": list(self.uar_by_fold),
            "accuracy": float(np.mean(self.accuracy_by_fold)),
            "accuracy_sd": spread(self.accuracy_by_fold),
            "pooled": self.scores.as_json(),
            "log_loss_before": self.log_loss_before,
            "ece_before": self.ece_before,
            "confusion": self.counts.tolist(),
        }


def spread(by_fold: Sequence[float]) -> float:
    """Sample standard deviation over the folds; 0 for one."""
    return float(np.std(by_fold, ddof=1)) if len(by_fold) > 1 else 0.0


def cells_of(
    protocol: Protocol,
    corpus: Corpus,
    *,
    seed: int,
    channels: Sequence[str] = (Channel.SPEECH, Channel.SONG, BOTH_CHANNELS),
    windows_s: Sequence[float] = WINDOWS_S,
) -> Iterator[Cell]:
    """All cells of one protocol."""
    for channel in channels:
        clips = channel_clips(corpus, channel)
        for window_s in windows_s:
            for baseline, mode in MODES.items():
                found = judged_parts(
                    protocol, corpus.table, clips, window_s=window_s, mode=mode, seed=seed
                )
                for unit in (WINDOW, CLIP):
                    answered = [one[unit] for one in found if one[unit].labels.size]
                    if not answered:
                        continue
                    yield cell(
                        answered,
                        protocol=protocol.name,
                        channel=str(channel),
                        baseline=baseline,
                        unit=unit,
                        window_s=window_s,
                    )


def cell(parts: Sequence[Judged], **names: Any) -> Cell:
    """Figures over folds."""
    every = together(parts)
    by_fold = [scores(part.probabilities, part.labels) for part in parts]
    return Cell(
        scores=scores(every.probabilities, every.labels),
        log_loss_before=log_loss(every.uncalibrated, every.labels),
        ece_before=ece(every.uncalibrated, every.labels),
        uar_by_fold=tuple(fold.uar for fold in by_fold),
        accuracy_by_fold=tuple(fold.accuracy for fold in by_fold),
        counts=confusion(named(every.probabilities), every.labels),
        **names,
    )
