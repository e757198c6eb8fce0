"""Finding recordings in files and folders."""

import os
from collections.abc import Iterable
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
CONVERT = "convert them first, for example with `ffmpeg -i FILE out.wav`"


def find_sound_files(paths: Iterable[Path]) -> list[Path]:
    """Files as named, and all sound files below folders, each once, folder by folder in order.

    Parameters
    ----------
    paths : iterable of Path
        A file is taken whatever its name; in a folder the suffix decides. However often and
        under however many spellings a file is named, the first counts.

    Raises
    ------
    AudioError
        If a path does not exist, or no sound file was found at all.
    """
    named = list(paths)
    found: dict[Path, Path] = {}
    for path in named:
        if not path.exists():
            raise AudioError(f"There is no file or folder {path}: check the name.")
        for file in _below(path, SUFFIXES) if path.is_dir() else [path]:
            found.setdefault(_place(file), file)
    if not found:
        raise AudioError(_nothing_found(named))
    return list(found.values())


def skipped_recordings(paths: Iterable[Path], files: Iterable[Path]) -> str | None:
    """Say in a sentence how many recordings below folders cannot be read; None without any.

    Parameters
    ----------
    paths : iterable of Path
        Of which those that are folders are searched.
    files : iterable of Path
        Named by themselves, so not skipped.
    """
    skipped = {_place(file): file for file in _foreign(paths)}
    if skipped:
        for file in files:
            skipped.pop(_place(file), None)
    if not skipped:
        return None
    what = "1 recording was" if len(skipped) == 1 else f"{len(skipped)} recordings were"
    return f"{what} skipped, since {_kinds(skipped.values())} cannot be read: {CONVERT}."


def closed_folders(paths: Iterable[Path]) -> str | None:
    """Say in a sentence which folders could not be looked into; None without any."""
    closed: list[OSError] = []
    for path in paths:
        for _ in os.walk(path, onerror=closed.append):
            pass
    closed = [error for error in closed if Path(error.filename).is_dir()]
    if not closed:
        return None
    more = f" and {len(closed) - 1} more" if closed[1:] else ""
    return (
        f"The folder {closed[0].filename}{more} could not be looked into ({closed[0].strerror}): "
        "allow reading there, or name the files."
    )


def _nothing_found(named: list[Path]) -> str:
    if closed := closed_folders(named):
        return closed
    searched = ", ".join(str(path) for path in named)
    if foreign := _foreign(named):
        return f"There is no sound file in {searched} but {_kinds(foreign)}: {CONVERT}."
    return (
        f"There is no sound file in {searched}: name one, or a folder that holds some "
        f"({', '.join(sorted(SUFFIXES))})."
    )


def _foreign(paths: Iterable[Path]) -> list[Path]:
    """Recordings below folders that cannot be read, hidden files left out."""
    folders = [path for path in paths if path.is_dir()]
    files = [file for folder in folders for file in _below(folder, FOREIGN_SUFFIXES)]
    return [file for file in files if not file.name.startswith(".")]


def _kinds(files: Iterable[Path]) -> str:
    return ", ".join(sorted({file.suffix.lower() for file in files}))


def _place(file: Path) -> Path:
    """Where a file lies, however its folder is spelled; a link to a file has its own place."""
    return file.parent.resolve() / file.name


def _below(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    files: list[Path] = []
    for directory, subdirectories, names in os.walk(folder):
        subdirectories.sort()
        files += [
            Path(directory, name) for name in sorted(names) if Path(name).suffix.lower() in suffixes
        ]
    return files
