"""All clips of one speaker, each in one copy: where their rows lie, by clip for quick choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.moments import Moments, clip_moments
from training.table import Table

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Voice:
    """One speaker's clips.

    Attributes
    ----------
    clips : ndarray, shape (clips,)
        Their numbers in the table, ascending.
    moments : Moments
        What each adds to a baseline.
    levelled : ndarray, shape (rows of the table, 193)
    rows : ndarray of int
        Rows of the table, those of one clip and copy together, the whole clip first.
    starts, counts : ndarray, shape (clips,)
        Where in `rows` each clip begins, and how many it has.
    """

    clips: NDArray[np.int64]
    moments: Moments
    levelled: NDArray[np.float32]
    rows: NDArray[np.intp]
    starts: NDArray[np.intp]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, table: Table, rows: NDArray[np.intp]) -> Self:
        """Clips in one and the same copy, whose rows of the table these are."""
        rows = rows[np.lexsort((table.window_s[rows], table.clip[rows]))]
        clips, starts, counts = np.unique(table.clip[rows], return_index=True, return_counts=True)
        return cls(
            clips=clips.astype(np.int64),
            moments=clip_moments(table.rows(rows), clips.astype(np.intp)),
            levelled=table.levelled,
            rows=rows,
            starts=starts,
            counts=counts,
        )

    @classmethod
    def mixed(cls, voices: Sequence["Voice"], rng: np.random.Generator) -> Self:
        """Each clip in a copy of its own, drawn from one speaker's voices in several copies.

        A clip that one of the copies lacks, as it is too soft for its noise, is left out.
        """
        clips = reduce(np.intersect1d, (voice.clips for voice in voices))
        places = [np.searchsorted(voice.clips, clips) for voice in voices]
        drawn = rng.integers(len(voices), size=clips.size)
        before = np.cumsum([0, *(voice.rows.size for voice in voices)])

        def own(values: Sequence[NDArray[Any]]) -> NDArray[Any]:
            found = np.empty((clips.size, *values[0].shape[1:]), values[0].dtype)
            for i, (value, place) in enumerate(zip(values, places, strict=True)):
                found[drawn == i] = value[place[drawn == i]]
            return found

        moments = [voice.moments for voice in voices]
        return cls(
            clips=clips,
            moments=Moments(
                weight=own([one.weight for one in moments]),
                first=own([one.first for one in moments]),
                second=own([one.second for one in moments]),
            ),
            levelled=voices[0].levelled,
            rows=np.concatenate([voice.rows for voice in voices]),
            starts=own([voice.starts + skip for voice, skip in zip(voices, before, strict=False)]),
            counts=own([voice.counts for voice in voices]),
        )

    def choose(
        self, chosen: NDArray[np.intp], window_share: float, rng: np.random.Generator
    ) -> Array:
        """A row of each clip at these positions: the whole clip, or any of its rows."""
        place = (rng.random(chosen.size) * self.counts[chosen]).astype(np.intp)
        place[rng.random(chosen.size) >= window_share] = 0
        return self._vectors(self.starts[chosen] + place)

    def whole(self, chosen: NDArray[np.intp]) -> Array:
        """The whole clips at these positions."""
        return self._vectors(self.starts[chosen])

    def _vectors(self, places: NDArray[np.intp]) -> Array:
        vectors: Array = self.levelled[self.rows[places]].astype(np.float64)
        return vectors
