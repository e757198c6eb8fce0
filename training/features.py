"""From a corpus to window vectors, by the very path that runs live, kept in a cache.

::

    clip, copy -> soundfile -> to_mono -> make_copy -> FrameStream -> Windower -> CorpusVectors

Each clip is one segment. A copy is an augmented version of the sound (:mod:`training.augment`);
copy 0 is the clip as it is.
"""

import hashlib
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.contract import fingerprint, signal_contract
from models.errors import AudioError, OutputError, UsageError
from models.filter_banks import HOP_SAMPLES, make_filter_banks
from models.frame_stream import FrameBatch, FrameStream
from models.frames import FrameExtractor
from models.safe_files import make_private_folder, private_draft
from models.window_vector import WINDOW_VECTOR_SIZE
from models.windows import FRAMES_PER_SECOND, Window, Windower
from realtime.config import own_folder
from training.augment import AS_IT_IS, Copy, make_copy
from training.sound import read_sound

WINDOWS_S = (1.0, 2.0, 3.0)
HOP_S = 0.25
WHOLE_CLIP_S = 0.0
# A recording as a whole is judged from 0.3 s of speech on, a live window from half a second.
LEAST_ACTIVE_FRAMES = 30
CACHE_VERSION = 3
SOUNDS_AT_ONCE = 50
# One array behind the other in each file, after the checksum of all: an archive takes three
# times as long.
STORED = ("vectors", "window_s", "end", "active_frames")
CHECKSUM_BYTES = 4
Array = NDArray[np.float32]
Progress = Callable[[], None]
Form = Callable[[Array], NDArray[np.floating]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SoundVectors:
    """The windows of one sound, those of all lengths one below the other.

    Attributes
    ----------
    vectors : ndarray, shape (n, 338), float32
        Window vectors as the live path makes them.
    window_s : ndarray, shape (n,), float32
        Length of each window; 0 stands for the whole sound.
    end : ndarray, shape (n,), int64
        Canonical sample at which the window ends.
    active_frames : ndarray, shape (n,), int32
        At least 30; a live window needs 50.
    """

    vectors: Array
    window_s: NDArray[np.float32]
    end: NDArray[np.int64]
    active_frames: NDArray[np.int32]


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


@cache
def frame_extractor() -> FrameExtractor:
    """The extractor with librosa's filter banks, made once per process."""
    return FrameExtractor(make_filter_banks())


def sound_vectors(samples: Array, rate: int, extractor: FrameExtractor) -> SoundVectors:
    """All windows of one sound, run as one segment.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32, mono
    rate : int
        Samples per second.
    extractor : FrameExtractor
    """
    stream = FrameStream(rate, extractor)
    batch = stream.push(samples, last=True)
    total = stream.canonical_samples
    windows = [
        (window_s, window)
        for window_s in WINDOWS_S
        for window in _windows(batch, total, round(window_s * SAMPLE_RATE))
    ]
    whole = max(HOP_SAMPLES, total - total % HOP_SAMPLES)
    windows += [(WHOLE_CLIP_S, window) for window in _windows(batch, total, whole, whole)]
    return _stacked(windows)


def _windows(
    batch: FrameBatch, total: int, window_samples: int, hop_samples: int = 0
) -> list[Window]:
    windower = Windower(
        window_samples,
        hop_samples or round(HOP_S * SAMPLE_RATE),
        least_active_frames=LEAST_ACTIVE_FRAMES,
    )
    return windower.push(batch, total)


def _stacked(windows: Iterable[tuple[float, Window]]) -> SoundVectors:
    spoken = [(length, window) for length, window in windows if window.vector is not None]
    vectors = [window.vector for _, window in spoken if window.vector is not None]
    return SoundVectors(
        vectors=np.array(vectors, np.float32).reshape(-1, WINDOW_VECTOR_SIZE),
        window_s=np.array([length for length, _ in spoken], np.float32),
        end=np.array([window.end for _, window in spoken], np.int64),
        active_frames=np.array([window.active_frames for _, window in spoken], np.int32),
    )


def default_cache() -> Path:
    """Folder for the cache where `--cache` names none.

    Raises
    ------
    UsageError
        If there is no home directory.
    """
    import platformdirs

    folder = own_folder(platformdirs.user_cache_dir)
    if folder is None:
        raise UsageError("There is no home directory for the cache: give --cache DIR, or set HOME.")
    return folder / "features"


@cache
def _signal() -> str:
    return fingerprint(signal_contract())


def cache_name(content: bytes, copy: Copy, place: int = 0) -> str:
    """File name in the cache: changes with the signal path, the sound, the copy and its place."""
    form = copy.described(place)
    text = f"{CACHE_VERSION} {_signal()} {form} {WINDOWS_S} {HOP_S} {LEAST_ACTIVE_FRAMES}"
    return f"{hashlib.sha256(text.encode() + content).hexdigest()[:32]}.npy"


def cached_vectors(
    path: Path, copies: Sequence[Copy], cache_dir: Path, place: int = 0
) -> list[SoundVectors]:
    """The windows of some copies of one recording, from the cache or made and put there.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    OutputError
        If the cache cannot be written.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AudioError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    targets = [cache_dir / cache_name(content, copy, place) for copy in copies]
    known = [_read_cache(target) for target in targets]
    if None not in known:
        return [one for one in known if one is not None]
    sound = read_sound(path)
    found = []
    for copy, target, one in zip(copies, targets, known, strict=True):
        found.append(one or sound_vectors(*make_copy(*sound, copy, place), frame_extractor()))
        if one is None:
            _write_cache(target, found[-1])
    return found


def _read_cache(path: Path) -> SoundVectors | None:
    """What is kept under that name; None if it is absent or damaged, and has to be made again."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if content[:CHECKSUM_BYTES] != _checksum(content):
        return None
    file = io.BytesIO(content)
    file.seek(CHECKSUM_BYTES)
    return SoundVectors(**{name: np.load(file, allow_pickle=False) for name in STORED})


def _checksum(content: bytes) -> bytes:
    """Of what follows the place of the checksum."""
    return zlib.crc32(memoryview(content)[CHECKSUM_BYTES:]).to_bytes(CHECKSUM_BYTES)


def _write_cache(path: Path, vectors: SoundVectors) -> None:
    file = io.BytesIO(bytes(CHECKSUM_BYTES))
    file.seek(CHECKSUM_BYTES)
    for name in STORED:
        np.save(file, getattr(vectors, name))
    content = file.getvalue()
    try:
        make_private_folder(path.parent)
        with private_draft(path) as draft:
            draft.write_bytes(_checksum(content) + content[CHECKSUM_BYTES:])
            draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"The feature cache {path.parent} cannot be written ({error.strerror or error}): "
            "name another folder with --cache."
        ) from error


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


def active_seconds(active_frames: NDArray[np.int32]) -> NDArray[np.float64]:
    """Seconds of speech in that many active frames."""
    return active_frames / FRAMES_PER_SECOND
