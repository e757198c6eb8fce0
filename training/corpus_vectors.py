"""From a corpus to the window vectors of all its clips and their copies, computed in parallel.

::

    clip, copy -> read_sound -> make_copy -> sound_vectors -> CorpusVectors

A copy is an augmented version of the sound (:mod:`training.augment`); copy 0 is the clip as it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.augment import AS_IT_IS, Copy
from training.feature_cache import cached_vectors
from training.features import SoundVectors

SOUNDS_AT_ONCE = 50
Array = NDArray[np.float32]
Progress = Callable[[], None]
Form = Callable[[Array], NDArray[np.floating]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CorpusVectors:
    """The windows of many sounds, and which sound and copy each row comes from.

    Attributes
    ----------
    vectors : ndarray, shape (n, 338) or what a form makes of it, float32
    window_s, active_frames
        As in `SoundVectors`.
    clip : ndarray, shape (n,), int32
        Position of the row's sound in the list that was given.
    copy : ndarray, shape (n,), int32
        Position of the row's copy in the list of copies.
    """

    vectors: Array
    window_s: NDArray[np.float32]
    active_frames: NDArray[np.int32]
    clip: NDArray[np.int32]
    copy: NDArray[np.int32]

    def rows(self, chosen: NDArray[np.bool_]) -> "CorpusVectors":
        """The rows where `chosen`, shape (n,), is true."""
        return CorpusVectors(
            vectors=self.vectors[chosen],
            window_s=self.window_s[chosen],
            active_frames=self.active_frames[chosen],
            clip=self.clip[chosen],
            copy=self.copy[chosen],
        )


def corpus_vectors(
    paths: Sequence[Path],
    copies: Sequence[Copy] = (AS_IT_IS,),
    *,
    cache_dir: Path,
    places: Sequence[int] = (),
    jobs: int = -1,
    progress: Progress | None = None,
    form: Form | None = None,
) -> CorpusVectors:
    """Windows of every copy of every recording, computed in parallel.

    Parameters
    ----------
    paths : sequence of Path
    copies : sequence of Copy
    cache_dir : Path
        Made if it is missing.
    places : sequence of int
        Where each recording was said, for steady noise; without, all at one place.
    jobs : int
        Processes; -1 takes every core.
    progress : callable, optional
        Called after each sound.
    form : callable, optional
        Makes the vectors of one sound smaller, before those of all come together.

    Raises
    ------
    AudioError
        If a recording cannot be read.
    OutputError
        If the cache cannot be written.
    """
    parts: list[SoundVectors] = []
    known = places or [0] * len(paths)
    tasks = [
        (path, copies, cache_dir, place, form) for path, place in zip(paths, known, strict=True)
    ]
    latest = SOUNDS_AT_ONCE * len(copies)
    for number, sound in enumerate(_in_parallel(tasks, jobs), start=1):
        parts += sound
        if number % SOUNDS_AT_ONCE == 0:
            parts[-latest:] = _in_one_piece(parts[-latest:])
        if progress is not None:
            progress()
    return _joined(parts, len(copies))


def _in_parallel(tasks: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[list[SoundVectors]]:
    if jobs == 1 or len(tasks) < 2:
        yield from (_formed(*task) for task in tasks)
        return
    import joblib

    run = joblib.Parallel(n_jobs=jobs, return_as="generator", batch_size="auto")
    yield from run(joblib.delayed(_formed)(*task) for task in tasks)


def _formed(
    path: Path, copies: Sequence[Copy], cache_dir: Path, place: int, form: Form | None
) -> list[SoundVectors]:
    found = cached_vectors(path, copies, cache_dir, place)
    if form is None:
        return found
    return [replace(one, vectors=form(one.vectors).astype(np.float32)) for one in found]


def _in_one_piece(parts: Sequence[SoundVectors]) -> list[SoundVectors]:
    """The same, as views of one array: what many small ones leave free stays with the process."""
    ends = np.cumsum([len(part.vectors) for part in parts])
    pieces = np.split(np.concatenate([part.vectors for part in parts]), ends[:-1])
    return [replace(part, vectors=piece) for part, piece in zip(parts, pieces, strict=True)]


def _joined(parts: Sequence[SoundVectors], copies: int) -> CorpusVectors:
    lengths = [len(part.vectors) for part in parts]
    index = np.repeat(np.arange(len(parts)), lengths)
    return CorpusVectors(
        vectors=np.concatenate([part.vectors for part in parts]),
        window_s=np.concatenate([part.window_s for part in parts]),
        active_frames=np.concatenate([part.active_frames for part in parts]),
        clip=(index // copies).astype(np.int32),
        copy=(index % copies).astype(np.int32),
    )
