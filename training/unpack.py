"""Unpack a zip archive so that nothing it says can reach outside its folder or fill the disk.

All names and sizes are judged before the first byte is written, and names by what is allowed:
plain relative paths that mean the same on Linux, macOS and Windows.
"""

import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.errors import DataError, OutputError
from training.fetch import Progress

_CHUNK_BYTES = 1 << 18
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PART = re.compile(r"(?!\.+$)[\w.-]([\w .-]*[\w-])?", re.ASCII)
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.ASCII | re.IGNORECASE)
# No entry can have this name: the tilde is not among the allowed letters.
_UNFINISHED = "~unpacking"
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What an archive may hold at most.

    Attributes
    ----------
    files : int
        Entries, folders included.
    total_bytes : int
        Of all files together, unpacked.
    ratio : int
        Unpacked bytes for each byte of the archive.
    """

    files: int = 10_000
    total_bytes: int = 4 << 30
    ratio: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    info: zipfile.ZipInfo
    parts: tuple[str, ...]


def unpack(
    archive: Path,
    folder: Path,
    *,
    leave_out: str = "",
    limits: Limits | None = None,
    progress: Progress = lambda _done, _total: None,
) -> int:
    """Unpack an archive into a folder; files already there with the same content are left alone.

    Parameters
    ----------
    archive : Path
    folder : Path
        Made if need be.
    leave_out : str
        A first folder that paths in the archive may or may not have, not repeated in `folder`.
    limits : Limits, optional
    progress : callable
        Told the numbers of unpacked bytes that are in place, and of all of them.

    Returns
    -------
    int
        Number of files written.

    Raises
    ------
    DataError
        If the archive is damaged; or, before anything is written, if it is encrypted, exceeds the
        limits, or holds a link or a path that could leave the folder or differs between systems.
    OutputError
        If the disk has no room or does not take it, or a link lies in the way.
    """
    with _reading(archive), zipfile.ZipFile(archive) as opened:
        files = _judged(opened, archive, leave_out, limits or Limits())
        return _write_missing(opened, files, folder, progress)


def refuse_full_disk(folder: Path, needed_bytes: int) -> None:
    """Raise unless the disk of a folder, existing or not, has that much room.

    Raises
    ------
    OutputError
        If it has not.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free_bytes = shutil.disk_usage(existing).free
    if needed_bytes > free_bytes:
        raise OutputError(
            f"The disk of {folder} has {free_bytes / 1e6:.0f} MB of room where "
            f"{needed_bytes / 1e6:.0f} MB are needed: make room there or name another folder."
        )


def _judged(opened: zipfile.ZipFile, archive: Path, leave_out: str, limits: Limits) -> list[_Entry]:
    infos = opened.infolist()
    total_bytes = sum(info.file_size for info in infos)
    most_bytes = min(limits.total_bytes, limits.ratio * archive.stat().st_size)
    if len(infos) > limits.files or total_bytes > most_bytes:
        raise DataError(
            f"{archive.name} says it holds {len(infos)} files of {total_bytes} bytes together, "
            f"where {limits.files} files of {most_bytes} bytes are the most: "
            "it is not the corpus; delete it."
        )
    entries = [_entry(info, archive, leave_out) for info in infos]
    files = [entry for entry in entries if not entry.info.is_dir()]
    _refuse_clashes(files, archive)
    return files


def _entry(info: zipfile.ZipInfo, archive: Path, leave_out: str) -> _Entry:
    name = info.orig_filename
    parts = tuple(name.removesuffix("/").split("/"))
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refusal(archive, name, "is a link or a device")
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise _refusal(archive, name, "is encrypted or packed in an unusual way")
    if not all(_PART.fullmatch(part) and not _WINDOWS_DEVICE.fullmatch(part) for part in parts):
        raise _refusal(archive, name, "is no plain path inside the folder")
    inner = parts[1:] if parts[0] == leave_out else parts
    if not inner and not info.is_dir():
        raise _refusal(archive, name, "is a file where a folder was expected")
    return _Entry(info=info, parts=inner)


def _refuse_clashes(files: list[_Entry], archive: Path) -> None:
    """Refuse paths that would overwrite each other, also where case makes no difference."""
    paths = Counter(tuple(part.lower() for part in entry.parts) for entry in files)
    folders = {path[:depth] for path in paths for depth in range(1, len(path))}
    for path, count in paths.items():
        if count > 1 or path in folders:
            raise _refusal(archive, "/".join(path), "has the name of another entry")


def _refusal(archive: Path, name: str, found: str) -> DataError:
    return DataError(
        f"{archive.name} holds {name[:80]!r}, which {found}: nothing was unpacked; "
        "delete the archive and fetch it from its publisher."
    )


def _write_missing(
    opened: zipfile.ZipFile,
    files: list[_Entry],
    folder: Path,
    progress: Progress,
) -> int:
    for entry in files:
        _refuse_links(folder, entry)
    wanted = [entry for entry in files if not _is_there(folder, entry)]
    total, missing = _bytes_of(files), _bytes_of(wanted)
    refuse_full_disk(folder, missing)
    for entry in wanted:
        progress(total - missing, total)
        _write(opened, entry.info, folder.joinpath(*entry.parts), folder / _UNFINISHED)
        missing -= entry.info.file_size
    progress(total, total)
    return len(wanted)


def _bytes_of(files: list[_Entry]) -> int:
    return sum(entry.info.file_size for entry in files)


def _refuse_links(folder: Path, entry: _Entry) -> None:
    path = folder
    for part in entry.parts:
        path /= part
        if path.is_symlink():
            raise OutputError(f"{path} is a link, which might lead elsewhere: remove it.")


def _is_there(folder: Path, entry: _Entry) -> bool:
    path = folder.joinpath(*entry.parts)
    with _writing(path):
        if not path.is_file() or path.stat().st_size != entry.info.file_size:
            return False
        crc = 0
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                crc = zlib.crc32(chunk, crc)
        return crc == entry.info.CRC


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, unfinished: Path) -> None:
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        try:
            with unfinished.open("xb") as file:
                file.writelines(_chunks(opened, info))
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)


def _chunks(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with _reading(Path(opened.filename or "")), opened.open(info) as source:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise DataError(
            f"{archive.name} cannot be read ({error}): delete it and run the command again."
        ) from error


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written ({error.strerror}): make room there or name another "
            "folder, and run the command again."
        ) from error
