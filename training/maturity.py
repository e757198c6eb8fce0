"""Accuracy against how much of the speaker is known, for each length of window."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np

from training.corpus import Corpus
from training.features import WINDOWS_S
from training.judge import Judge, Verdicts, after_clips, folder
from training.judged import CLIP, channel_clips, fold_uar, judged_parts
from training.protocols import Protocol
from training.ravdess import Channel
from training.table import Table

CLIPS_KNOWN = (0, 1, 2, 4, 8, 16, 32)
ALL_CLIPS = -1
DRAWS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class MaturityPoint:
    """UAR of clips of speech when that many other clips of the speaker are known.

    Attributes
    ----------
    window_s : float
    clips : int
        -1: all of the speaker's clips, the judged one among them, each by itself.
    uar : float
        Mean over the folds.
    """

    window_s: float
    clips: int
    uar: float

    def as_json(self) -> dict[str, float]:
        """Plain data."""
        return asdict(self)


def _known(judge: Judge, table: Table, rng: np.random.Generator, *, clips: int) -> Verdicts:
    if clips == ALL_CLIPS:
        # What prototypes bring beside is no knowledge of the voice.
        return replace(folder(judge, table), hidden=None)
    return after_clips(judge, table, clips, rng, draws=DRAWS if clips else 1)


def maturity_curve(protocol: Protocol, corpus: Corpus, *, seed: int) -> Iterator[MaturityPoint]:
    """Points for each length of window and number of clips."""
    speech = channel_clips(corpus, Channel.SPEECH)
    for window_s in WINDOWS_S:
        for clips in (*CLIPS_KNOWN, ALL_CLIPS):
            mode = partial(_known, clips=clips)
            parts = judged_parts(
                protocol, corpus.table, speech, window_s=window_s, mode=mode, seed=seed
            )
            uar = fold_uar([part[CLIP] for part in parts])
            yield MaturityPoint(window_s=window_s, clips=clips, uar=uar)
