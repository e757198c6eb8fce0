"""Finding recordings in files and folders."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.errors import AudioError

SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".au", ".caf", ".w64"}
    | {".rf64", ".snd"}
)
# What telephones, messengers and video recorders write, and libsndfile does not read.
FOREIGN_SUFFIXES = frozenset(
    {".m4a", ".m4b", ".mp4", ".aac", ".webm", ".weba", ".wma", ".amr", ".3gp", ".3gpp", ".3g2"}
    | {".mka", ".mkv", ".mov", ".ac3", ".ape", ".wv", ".spx"}
)
RECORDINGS = SUFFIXES | FOREIGN_SUFFIXES
# What macOS knows of x.wav, and leaves in ._x.wav beside it on disks that are not its own.
APPLE_DOUBLE = "._"
CONVERT = "convert them first, for example with `ffmpeg -i FILE out.wav`"


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundFiles:
    """What a search found.

    Attributes
    ----------
    files : tuple of Path
        Each once, folder by folder in order.
    foreign : tuple of Path
        Recordings below folders that cannot be read; those named by themselves are in `files`.
    closed : tuple of OSError
        Of the folders that could not be looked into.
    """

    files: tuple[Path, ...]
    foreign: tuple[Path, ...]
    closed: tuple[OSError, ...]

    def left_out(self) -> list[str]:
        """A sentence each on recordings that are skipped and folders that are closed, if any."""
        sentences = []
        if count := len(self.foreign):
            what = "1 recording was" if count == 1 else f"{count} recordings were"
            kinds = _kinds(self.foreign)
            sentences.append(f"{what} skipped, since {kinds} cannot be read: {CONVERT}.")
        if self.closed:
            sentences.append(self._told_closed())
        return sentences

    def why_none(self, named: Iterable[Path]) -> str:
        """Say why these places hold no file that can be read."""
        if self.closed:
            return self._told_closed()
        searched = ", ".join(str(path) for path in named)
        if self.foreign:
            return f"There is no sound file in {searched} but {_kinds(self.foreign)}: {CONVERT}."
        return (
            f"There is no sound file in {searched}: name one, or a folder that holds some "
            f"({', '.join(sorted(SUFFIXES))})."
        )

    def _told_closed(self) -> str:
        first = self.closed[0]
        more = f" and {len(self.closed) - 1} more" if self.closed[1:] else ""
        return (
            f"The folder {first.filename}{more} could not be looked into ({first.strerror}): "
            "allow reading there, or name the files."
        )


def find_sound_files(paths: Iterable[Path]) -> SoundFiles:
    """Files as named, and all sound files below folders, which are walked through once.

    Parameters
    ----------
    paths : iterable of Path
        A file is taken whatever its name; in a folder the suffix decides, and what macOS keeps
        beside a file is none. However often and under however many spellings a file is named,
        the first counts.

    Raises
    ------
    AudioError
        If a path does not exist, or no sound file was found at all.
    """
    named = list(paths)
    files: dict[Path, Path] = {}
    foreign: dict[Path, Path] = {}
    closed: list[OSError] = []
    for path in named:
        for file in _below(path, closed) if _is_folder(path) else [path]:
            if file is path or file.suffix.lower() in SUFFIXES:
                files.setdefault(_place(file), file)
            elif not file.name.startswith("."):
                foreign.setdefault(_place(file), file)
    found = SoundFiles(
        files=tuple(files.values()),
        foreign=tuple(file for place, file in foreign.items() if place not in files),
        closed=tuple(closed),
    )
    if not found.files:
        raise AudioError(found.why_none(named))
    return found


def _is_folder(path: Path) -> bool:
    """Tell folders from files; what may not be looked at counts as a file, whose row says why."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except PermissionError:
        return False
    except (OSError, ValueError):
        raise AudioError(f"There is no file or folder {path}: check the name.") from None


def _kinds(files: Iterable[Path]) -> str:
    return ", ".join(sorted({file.suffix.lower() for file in files}))


def _place(file: Path) -> Path:
    """Where a file lies, however its folder is spelled; a link to a file has its own place."""
    return file.parent.resolve() / file.name


def _links_last(path: Path) -> tuple[bool, str]:
    return path.is_symlink(), path.name


def _is_new(place: Path, seen: set[Path]) -> bool:
    is_new = place not in seen
    seen.add(place)
    return is_new


def _below(folder: Path, closed: list[OSError]) -> list[Path]:
    """Recordings below a folder, readable or foreign; the errors of closed folders are added.

    Linked folders are followed, each but once, after those that lie there themselves.
    """
    files: list[Path] = []
    seen = {folder.resolve()}
    for directory, subdirectories, names in os.walk(
        folder, onerror=closed.append, followlinks=True
    ):
        inner = sorted((Path(directory, name) for name in subdirectories), key=_links_last)
        subdirectories[:] = [path.name for path in inner if _is_new(path.resolve(), seen)]
        files += [
            Path(directory, name)
            for name in sorted(names)
            if Path(name).suffix.lower() in RECORDINGS and not name.startswith(APPLE_DOUBLE)
        ]
    return files
