"""The committed index of RAVDESS, and what a folder lacks or has changed against it.

``ravdess_index.csv`` names all 2452 audio-only clips. For actors 01 to 20 it also gives the length
and the SHA-256 of the samples after conversion to 16 kHz, mono, 16 bit (soxr VHQ), the form in
which the corpus was measured when the index was made.
"""

import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import soundfile

from models.errors import DataError
from training.ravdess import Clip, audio_files, official_names, parse

INDEX_RATE = 16_000
ORIGINAL_RATE = 48_000
DURATION_TOLERANCE_S = 0.010
_COLUMNS = ("name", "samples", "sha256")
_CODING = "PCM_16"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What the index knows of one clip.

    Attributes
    ----------
    name : str
        The seven fields.
    samples : int or None
        Length at 16 kHz; None for actors 21 to 24.
    sha256 : str or None
        Of the 16-bit little-endian samples at 16 kHz; None for actors 21 to 24.
    """

    name: str
    samples: int | None
    sha256: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What validation found; each field is sorted.

    Attributes
    ----------
    present : tuple of str
        Names of the index found as they should be.
    missing : tuple of str
        Names of the index that have no file.
    changed : tuple of str
        Names whose file has another content, length or format than the index.
    unreadable : tuple of str
        Names whose file could not be decoded.
    unexpected : tuple of Path
        Sound files whose name is not in the index, or that lie in another actor's folder.
    """

    present: tuple[str, ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    unreadable: tuple[str, ...]
    unexpected: tuple[Path, ...]

    @property
    def summary(self) -> str:
        """One sentence with the counts, naming actors that are missing altogether."""
        counts = [
            f"{len(self.present)} of {len(index())} clips present and as indexed",
            f"{len(self.missing)} missing{self._absent_actors()}",
            _count("changed", self.changed),
            _count("unreadable", self.unreadable),
            _count("unexpected", [path.name for path in self.unexpected]),
        ]
        return ", ".join(counts) + "."

    def _absent_actors(self) -> str:
        here = {name[-2:] for name in (*self.present, *self.changed, *self.unreadable)}
        absent = sorted({name[-2:] for name in self.missing} - here)
        return f" (all of actors {', '.join(absent)})" if absent else ""


@cache
def index() -> dict[str, Entry]:
    """Read the committed index: name to entry, sorted by name."""
    text = resources.files("training").joinpath("ravdess_index.csv").read_text(encoding="ascii")
    rows = csv.DictReader(text.splitlines())
    return {
        row["name"]: Entry(
            name=row["name"],
            samples=int(row["samples"]) if row["samples"] else None,
            sha256=row["sha256"] or None,
        )
        for row in rows
    }


def fingerprint(clips: Iterable[Clip]) -> str:
    """SHA-256 over the index lines of these clips, in any order: says what a model was trained on.

    Parameters
    ----------
    clips : iterable of Clip
    """
    lines = sorted(f"{clip.name},{_indexed_sha256(clip) or ''}" for clip in clips)
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()


def content_keys(clips: Sequence[Clip]) -> list[str]:
    """Name the content of each clip: equal keys mean the same sound.

    Two clips of actor 07 are one recording under two names, and a corpus of one's own may hold
    the same file several times; a split must not part them.

    Parameters
    ----------
    clips : sequence of Clip
        A clip without a file is told by its name.
    """
    sizes = [_size_bytes(clip.path) for clip in clips]
    count = Counter(sizes)
    keys: dict[str, str] = {}
    found = []
    for clip, size in zip(clips, sizes, strict=True):
        key = _indexed_sha256(clip) or clip.name
        content = _file_sha256(clip.path) if size is not None and count[size] > 1 else clip.name
        found.append(keys.setdefault(content, key))
    return found


def _indexed_sha256(clip: Clip) -> str | None:
    """None also for a clip that RAVDESS does not have, such as strong neutral."""
    entry = index().get(clip.name)
    return entry.sha256 if entry else None


def _size_bytes(path: Path) -> int | None:
    return path.stat().st_size if path.exists() else None


@cache
def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def validate(data_dir: Path) -> Report:
    """Compare a folder, whole or partial, with the index.

    Files at 16 kHz of actors 01 to 20 are compared sample by sample, through their SHA-256.
    The originals (48 kHz) carry no checksum of their own: the publisher gives one for each archive
    only, which the download has checked. Of them format and length (within 10 ms) are compared, so
    a changed sound of the right length is not noticed. Of actors 21 to 24 the format only.

    Parameters
    ----------
    data_dir : Path

    Returns
    -------
    Report

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    files: dict[str, Path] = {}
    unexpected: list[Path] = []
    for path in audio_files(data_dir):
        if _is_indexed(path):
            files.setdefault(path.stem, path)
        else:
            unexpected.append(path)
    states: dict[str, list[str]] = {"present": [], "changed": [], "unreadable": []}
    for name, path in sorted(files.items()):
        states[_state(path, index()[name])].append(name)
    return Report(
        present=tuple(states["present"]),
        missing=tuple(name for name in index() if name not in files),
        changed=tuple(states["changed"]),
        unreadable=tuple(states["unreadable"]),
        unexpected=tuple(unexpected),
    )


def write_index(data_dir: Path, target: Path) -> None:
    """Make the index again from a corpus of 16 kHz files: ``python -m training.ravdess_index DIR``.

    Names without a file get no facts.

    Parameters
    ----------
    data_dir : Path
        The corpus at 16 kHz, mono, 16 bit.
    target : Path
        The CSV file to write.
    """
    files = {path.stem: path for path in audio_files(data_dir)}
    with target.open("w", newline="\n", encoding="ascii") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for name in official_names():
            writer.writerow((name, *_facts(files[name])) if name in files else (name, "", ""))


def _is_indexed(path: Path) -> bool:
    try:
        clip = parse(path)
    except DataError:
        return False
    return clip.name in index() and int(path.parent.name[-2:]) == clip.actor


def _state(path: Path, entry: Entry) -> str:
    try:
        info = soundfile.info(path)
        if info.subtype != _CODING or info.samplerate not in (INDEX_RATE, ORIGINAL_RATE):
            return "changed"
        # The header alone may promise more than the file holds: decode it to its end.
        samples, sha256 = _facts(path)
    except (OSError, soundfile.SoundFileError):
        return "unreadable"
    if samples == 0:
        return "unreadable"
    if entry.samples is None:
        return "present"
    if info.samplerate == INDEX_RATE:
        return "present" if sha256 == entry.sha256 else "changed"
    away_s = abs(samples / info.samplerate - entry.samples / INDEX_RATE)
    return "present" if away_s <= DURATION_TOLERANCE_S else "changed"


def _facts(path: Path) -> tuple[int, str]:
    samples, _ = soundfile.read(path, dtype="int16", always_2d=True)
    # Six originals are stereo with equal channels: the first is the clip.
    return len(samples), hashlib.sha256(samples[:, 0].astype("<i2").tobytes()).hexdigest()


def _count(kind: str, names: Sequence[str]) -> str:
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} {kind}" + (f" ({shown})" if names else "")


if __name__ == "__main__":
    write_index(Path(sys.argv[1]), Path(__file__).with_suffix(".csv"))
