"""A RAVDESS folder as a table of rows, with progress on stderr."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime.progress import Progress
from training.augment import Copy
from training.export import Origin
from training.features import CorpusVectors, corpus_vectors, default_cache
from training.ravdess import Clip, find_clips
from training.ravdess_index import fingerprint
from training.table import Table, ravdess_table


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """Clips and their rows, in the same order."""

    clips: tuple[Clip, ...]
    table: Table

    @property
    def origin(self) -> Origin:
        """What a model trained on all of it was trained on."""
        return Origin(
            clips=len(self.clips),
            actors=tuple(sorted({clip.actor for clip in self.clips})),
            index_sha256=fingerprint(self.clips),
        )


def vectors_with_progress(
    paths: Sequence[Path], copies: Sequence[Copy], *, cache_dir: Path | None, jobs: int
) -> CorpusVectors:
    """`corpus_vectors` with a bar; raises what that raises."""
    with Progress(len(paths) * len(copies), sys.stderr) as bar:
        return corpus_vectors(
            paths,
            copies,
            cache_dir=cache_dir or default_cache(),
            jobs=jobs,
            progress=bar.advance,
        )


def load_corpus(
    data_dir: Path, copies: Sequence[Copy], *, cache_dir: Path | None = None, jobs: int = -1
) -> Corpus:
    """Find the clips of a folder and compute their rows, or read them from the cache.

    Raises
    ------
    DataError
        If the folder holds no RAVDESS clips, or foreign files.
    AudioError, OutputError
        If a clip cannot be read or the cache not written.
    """
    clips = tuple(find_clips(data_dir))
    paths = [clip.path for clip in clips]
    vectors = vectors_with_progress(paths, copies, cache_dir=cache_dir, jobs=jobs)
    return Corpus(clips=clips, table=ravdess_table(vectors, clips))
