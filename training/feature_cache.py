"""What was computed of a recording and its copies, kept in a private folder."""

import hashlib
import io
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from models.contract import fingerprint, signal_contract
from models.errors import AudioError, OutputError, UsageError
from models.safe_files import make_private_folder, private_draft
from realtime.config import own_folder
from training.augment import Copy, make_copy
from training.features import (
    HOP_S,
    LEAST_ACTIVE_FRAMES,
    WINDOWS_S,
    SoundVectors,
    frame_extractor,
    sound_vectors,
)
from training.sound import read_sound

CACHE_VERSION = 3
# One array behind the other in each file, after the checksum of all: an archive takes three
# times as long.
STORED = ("vectors", "window_s", "end", "active_frames")
CHECKSUM_BYTES = 4


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
