"""Finding recordings in files and folders."""

import os
from collections.abc import Iterable
from pathlib import Path

from models.errors import AudioError

SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".au", ".caf", ".w64"}
    | {".rf64", ".snd"}
)


def find_sound_files(paths: Iterable[Path]) -> list[Path]:
    """Files as named, and all sound files below folders, each once, folder by folder in order.

    Parameters
    ----------
    paths : iterable of Path
        A file is taken whatever its name; in a folder the suffix decides.

    Raises
    ------
    AudioError
        If a path does not exist, or no sound file was found at all.
    """
    named = list(paths)
    found: dict[Path, None] = {}
    for path in named:
        if not path.exists():
            raise AudioError(f"There is no file or folder {path}: check the name.")
        found.update(dict.fromkeys(_below(path) if path.is_dir() else [path]))
    if not found:
        searched = ", ".join(str(path) for path in named)
        raise AudioError(
            f"There is no sound file in {searched}: name one, or a folder that holds some "
            f"({', '.join(sorted(SUFFIXES))})."
        )
    return list(found)


def _below(folder: Path) -> list[Path]:
    files: list[Path] = []
    for directory, subdirectories, names in os.walk(folder):
        subdirectories.sort()
        files += [
            Path(directory, name) for name in sorted(names) if Path(name).suffix.lower() in SUFFIXES
        ]
    return files
