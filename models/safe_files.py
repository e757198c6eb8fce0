"""Small files: those a stranger may have made are read as bounded data, ours are written whole."""

import contextlib
import io
import json
import math
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import SerError

LARGEST_FILE_BYTES = 32 * 2**20
LARGEST_ARRAYS_BYTES = 64 * 2**20
MOST_ARRAYS = 128
MOST_JSON_DEPTH = 32

Refusal = Callable[[str], SerError]


def may_be(path: Path, kind: Callable[[Path], bool]) -> bool:
    """Whether it is of that kind, or lies where nobody may look: then reading it tells so.

    Parameters
    ----------
    path : Path
    kind : callable
        `Path.is_file`, `Path.is_dir` or `Path.exists`.
    """
    try:
        return kind(path)
    except PermissionError:
        return True
    except OSError:  # as for a name that is too long
        return False


def make_private_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for its owner only.

    Raises
    ------
    OSError
        If one cannot be made.
    """
    # One by one: with `parents`, the mode would be that of the last alone.
    for place in (*reversed(folder.parents), folder):
        if not place.is_dir():
            place.mkdir(mode=0o700, exist_ok=True)


@contextlib.contextmanager
def private_draft(path: Path) -> Iterator[Path]:
    """Give an empty file beside `path`, to be written and put in its place by the block.

    Only its owner may read it, its name is no other file's, and it is gone after the block.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def read_bytes(path: Path, refuse: Refusal, *, largest: int = LARGEST_FILE_BYTES) -> bytes:
    """Read a plain file of bounded size.

    Parameters
    ----------
    path : Path
    refuse : callable
        Makes the error to raise from half a sentence that says what was found.
    largest : int
        Bytes.

    Raises
    ------
    SerError
        What `refuse` makes: for a missing or unreadable file, a link, anything but a plain
        file, or one that is too large.
    """
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise refuse(f"{path.name} is not a plain file")
        if status.st_size > largest:
            raise refuse(f"{path.name} has {status.st_size} bytes, at most {largest} are read")
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise refuse(f"{path.name} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise refuse(f"{path.name!r} is not a usable file name") from error
    if len(content) > largest:
        raise refuse(f"{path.name} has more than {largest} bytes")
    return content


def parse_json(content: bytes, name: str, refuse: Refusal) -> dict[str, Any]:
    """Parse a JSON object of bounded depth, without NaN or infinity.

    Raises
    ------
    SerError
        What `refuse` makes.
    """

    def no_constant(text: str) -> None:
        raise ValueError(f"{text} is not JSON")

    def finite(text: str) -> float:
        if math.isinf(number := float(text)):
            raise ValueError(f"{text} is too large")
        return number

    try:
        value = json.loads(content, parse_constant=no_constant, parse_float=finite)
    except (ValueError, RecursionError) as error:
        raise refuse(f"{name} is not valid JSON") from error
    if not isinstance(value, dict):
        raise refuse(f"{name} does not hold a JSON object")
    if _depth(value) > MOST_JSON_DEPTH:
        raise refuse(f"{name} is nested more than {MOST_JSON_DEPTH} deep")
    return value


def _depth(value: Any) -> int:
    deepest = 0
    pending = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        deepest = max(deepest, depth)
        if isinstance(item, dict):
            pending.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            pending.extend((child, depth + 1) for child in item)
    return deepest


def parse_arrays(content: bytes, name: str, refuse: Refusal) -> dict[str, NDArray[np.floating]]:
    """Read the float arrays of an npz file; sizes are checked before anything is unpacked.

    Raises
    ------
    SerError
        What `refuse` makes: for a damaged archive, too many or too large arrays, objects
        (which could execute code), other types than floats, or numbers that are not finite.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
        if len(entries) > MOST_ARRAYS:
            raise refuse(f"{name} holds {len(entries)} arrays")
        if sum(entry.file_size for entry in entries) > LARGEST_ARRAYS_BYTES:
            raise refuse(f"{name} unpacks to more than {LARGEST_ARRAYS_BYTES} bytes")
        if any(entry.flag_bits & 0x1 for entry in entries):
            raise refuse(f"{name} is encrypted")
        with np.load(io.BytesIO(content), allow_pickle=False) as archive_arrays:
            arrays = {key: archive_arrays[key] for key in archive_arrays.files}
    except SerError:
        raise
    except Exception as error:
        # zipfile and numpy raise many kinds of error for damaged input; all mean the same here.
        raise refuse(f"{name} is damaged") from error
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            raise refuse(f"{name} holds {key!r}, which is not an array of floats")
        if not np.isfinite(array).all():
            raise refuse(f"{name} holds numbers in {key!r} that are not finite")
    return arrays
