"""A RAVDESS folder as a table of rows, with progress on stderr."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.bundle import Bundle
from models.errors import DataError
from models.labels import EMOTIONS, Emotion
from models.level_free import level_free
from realtime.messages import tell
from realtime.progress import Progress
from training.augment import Copy
from training.corpus_vectors import CorpusVectors, Form, corpus_vectors
from training.export import Origin
from training.feature_cache import default_cache
from training.noise_recordings import JUDGING, TRAINING, check_noise, noise_files, noise_fingerprint
from training.ravdess import Clip, find_clips
from training.ravdess_index import fingerprint
from training.table import Table, ravdess_table


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """Clips and their rows, in the same order, and the folder of noise that was mixed in."""

    clips: tuple[Clip, ...]
    table: Table
    noise_dir: str = ""

    @property
    def actors(self) -> tuple[int, ...]:
        """Numbers of the speakers, ascending."""
        return tuple(sorted({clip.actor for clip in self.clips}))

    @property
    def emotions(self) -> tuple[Emotion, ...]:
        """Those that the clips have, in the order of `EMOTIONS`."""
        found = {clip.emotion for clip in self.clips}
        return tuple(emotion for emotion in EMOTIONS if emotion in found)

    @property
    def without_speech(self) -> tuple[Clip, ...]:
        """Clips that nothing can be learnt from: the gate hears too little speech in them."""
        heard = set(self.table.clip[self.table.copy == 0].tolist())
        return tuple(clip for i, clip in enumerate(self.clips) if i not in heard)

    @property
    def origin(self) -> Origin:
        """What a model trained on all of it was trained on."""
        noise = noise_files(Path(self.noise_dir), TRAINING) if self.noise_dir else ()
        return Origin(
            clips=len(self.clips),
            actors=self.actors,
            index_sha256=fingerprint(self.clips),
            channels=tuple(sorted({str(clip.channel) for clip in self.clips}, reverse=True)),
            emotions=tuple(map(str, self.emotions)),
            noise_recordings=len(noise),
            noise_sha256=noise_fingerprint(noise),
        )


def training_noise(bundle: Bundle, noise_dir: Path | None) -> Path | None:
    """The folder of the noise that a bundle was trained in, if it was.

    Raises
    ------
    DataError
        If `noise_dir` does not hold the same recordings, or none beside them to judge by; or if
        the bundle does not tell.
    """
    try:
        origin: dict[str, Any] = bundle.card["origin"]
        recordings, known = origin["noise_recordings"], origin["noise_sha256"]
    except (KeyError, TypeError) as error:
        raise DataError(
            f"The {bundle.kind} model does not tell what it was trained on: fit it again."
        ) from error
    if not recordings:
        return None
    noise = () if noise_dir is None else noise_files(noise_dir, TRAINING)
    if noise_fingerprint(noise) != known:
        raise DataError(
            f"The {bundle.kind} model was trained in noise of {recordings} "
            "recordings: name the folder that holds them with --noise."
        )
    judging = () if noise_dir is None else noise_files(noise_dir, JUDGING)
    if set(judging) & set(noise):
        raise DataError(
            f"{noise_dir} holds no recording but those that the {bundle.kind} model was trained "
            "in: put another beside them to judge by, whose name comes later."
        )
    return noise_dir


def vectors_with_progress(
    paths: Sequence[Path],
    copies: Sequence[Copy],
    *,
    cache_dir: Path | None,
    places: Sequence[int] = (),
    jobs: int,
    form: Form | None = level_free,
) -> CorpusVectors:
    """`corpus_vectors` with a bar, in the form that a table holds; raises what that raises."""
    with Progress(len(paths), sys.stderr) as bar:
        return corpus_vectors(
            paths,
            copies,
            cache_dir=cache_dir or default_cache(),
            places=places,
            jobs=jobs,
            progress=bar.advance,
            form=form,
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
    noise_dir = next((copy.noise_dir for copy in copies if copy.noise_dir), "")
    if noise_dir:
        check_noise(Path(noise_dir))  # before the long work
    clips = tuple(find_clips(data_dir))
    paths = [clip.path for clip in clips]
    places = [clip.actor for clip in clips]
    vectors = vectors_with_progress(paths, copies, cache_dir=cache_dir, places=places, jobs=jobs)
    corpus = Corpus(clips=clips, table=ravdess_table(vectors, clips), noise_dir=noise_dir)
    if silent := corpus.without_speech:
        more = f" and {len(silent) - 1} more" if silent[1:] else ""
        tell(f"No speech is heard in {silent[0].path}{more}: nothing is learnt from such clips.")
    return corpus
