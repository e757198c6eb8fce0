"""The rows that a network may learn from or be judged on: vectors with their clip's facts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.labels import EMOTIONS
from models.windows import FRAMES_PER_SECOND, LEAST_ACTIVE_FRAMES
from training.corpus_vectors import CorpusVectors
from training.features import HOP_S, WHOLE_CLIP_S, active_seconds
from training.ravdess import Channel, Clip


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Table:
    """Rows of a corpus, n of them, of m clips.

    Attributes
    ----------
    levelled : ndarray, shape (n, 193), float32
        Vectors in the form that the baseline learns from (`models.level_free`).
    clip, copy : ndarray, shape (n,), int32
        Position of the row's clip and copy.
    window_s : ndarray, shape (n,), float32
        0 for whole clips.
    active_s : ndarray, shape (n,), float64
        Seconds of speech in the window.
    emotion, speaker : ndarray, shape (m,), int64
        Of each clip: position in `EMOTIONS`, and any number that tells speakers apart.
    is_song : ndarray, shape (m,), bool
        Of each clip.
    """

    levelled: NDArray[np.float32]
    clip: NDArray[np.int32]
    copy: NDArray[np.int32]
    window_s: NDArray[np.float32]
    active_s: NDArray[np.float64]
    emotion: NDArray[np.int64]
    speaker: NDArray[np.int64]
    is_song: NDArray[np.bool_]

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Table":
        """Some of the rows; clips keep their positions."""
        return Table(
            levelled=self.levelled[chosen],
            clip=self.clip[chosen],
            copy=self.copy[chosen],
            window_s=self.window_s[chosen],
            active_s=self.active_s[chosen],
            emotion=self.emotion,
            speaker=self.speaker,
            is_song=self.is_song,
        )

    def of_clips(self, clips: NDArray[np.intp]) -> "Table":
        """The rows of some clips."""
        return self.rows(np.isin(self.clip, clips))

    @property
    def is_whole(self) -> NDArray[np.bool_]:
        """Which rows stand for whole clips, shape (n,)."""
        whole: NDArray[np.bool_] = self.window_s == WHOLE_CLIP_S
        return whole

    @property
    def is_live(self) -> NDArray[np.bool_]:
        """Which rows hold enough speech for a live window, shape (n,)."""
        enough: NDArray[np.bool_] = self.active_s * FRAMES_PER_SECOND > LEAST_ACTIVE_FRAMES - 0.5
        live: NDArray[np.bool_] = enough & ~self.is_whole
        return live

    @property
    def labels(self) -> NDArray[np.int64]:
        """Emotion of each row, shape (n,)."""
        return self.emotion[self.clip]

    @property
    def evidence(self) -> NDArray[np.float64]:
        """What each live window adds to a baseline's weight, shape (n,); 0 for whole clips."""
        length = np.where(self.is_whole, np.inf, self.window_s)
        return window_evidence(self.active_s, length)


def window_evidence(
    active_s: NDArray[np.float64], window_s: NDArray[np.float32] | float
) -> NDArray[np.float64]:
    """What windows of some length add to a baseline's weight, as `realtime.judge.Judge.evidence`.

    Parameters
    ----------
    active_s : ndarray, shape (n,)
        Seconds of speech in each window.
    window_s : float or ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
    """
    weight: NDArray[np.float64] = active_s * HOP_S / window_s**2
    return weight


def make_table(
    vectors: CorpusVectors,
    emotion: NDArray[np.int64],
    speaker: NDArray[np.int64],
    is_song: NDArray[np.bool_] | None = None,
) -> Table:
    """Put vectors beside what is known of their clips.

    Parameters
    ----------
    vectors : CorpusVectors
        Made with `models.level_free.level_free` for a form.
    emotion, speaker, is_song : ndarray, shape (sounds,)
        All is speech where `is_song` is left out.
    """
    return Table(
        levelled=vectors.vectors,
        clip=vectors.clip,
        copy=vectors.copy,
        window_s=vectors.window_s,
        active_s=active_seconds(vectors.active_frames),
        emotion=emotion,
        speaker=speaker,
        is_song=np.zeros(len(emotion), np.bool_) if is_song is None else is_song,
    )


def ravdess_table(vectors: CorpusVectors, clips: Sequence[Clip]) -> Table:
    """The table of RAVDESS clips, with actors as speakers."""
    return make_table(
        vectors,
        np.array([EMOTIONS.index(clip.emotion) for clip in clips], np.int64),
        np.array([clip.actor for clip in clips], np.int64),
        np.array([clip.channel is Channel.SONG for clip in clips], np.bool_),
    )
