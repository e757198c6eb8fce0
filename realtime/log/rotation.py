"""Long runs in several files: when the next one begins, and what it is called.

The run begins in `NAME.csv` and goes on in `NAME.0001.csv`, `NAME.0002.csv`, ...: numbered
ahead, so that a file once written never changes its name.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from models.errors import UsageError

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"kb": 1000, "mb": 1000**2, "gb": 1000**3}
SMALLEST_BYTES = 1000
SMALLEST_S = 1.0
_WRITTEN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) ?([a-z]{1,3})", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """When the next file begins; exactly one limit is set.

    Attributes
    ----------
    seconds : float or None
        Stream time that one file covers, counted from the start of the run.
    size_bytes : int or None
        Size that no file exceeds.
    """

    seconds: float | None = None
    size_bytes: int | None = None


def parse_rotation(text: str) -> Rotation:
    """Read what a person wrote after `--rotate`, such as `1h`, `30min` or `50MB`.

    Raises
    ------
    UsageError
        For anything else, and for less than one second or one kilobyte.
    """
    match = _WRITTEN.fullmatch(text.strip().lower())
    unit = match[2] if match else ""
    if match is None or unit not in SECONDS | BYTES:
        raise UsageError(
            f"--rotate {text!r} is not understood: write a time or a size, as 1h, 30min or 50MB."
        )
    amount = float(match[1])
    rotation = (
        Rotation(seconds=amount * SECONDS[unit])
        if unit in SECONDS
        else Rotation(size_bytes=round(amount * BYTES[unit]))
    )
    if rotation.seconds is not None and rotation.seconds < SMALLEST_S:
        raise UsageError(f"--rotate {text!r} is too short: choose at least 1s.")
    if rotation.size_bytes is not None and rotation.size_bytes < SMALLEST_BYTES:
        raise UsageError(f"--rotate {text!r} is too small: choose at least 1kB.")
    return rotation


def part_path(path: Path, part: int) -> Path:
    """Name the file of one part: `path` itself for part 0."""
    return path if part == 0 else path.with_name(f"{path.stem}.{part:04d}{path.suffix}")


def existing_parts(path: Path) -> list[int]:
    """Numbers of the parts that are there, in ascending order; raises `OSError`."""
    name = re.compile(re.escape(path.stem) + r"\.(\d{4,9})" + re.escape(path.suffix), re.ASCII)
    later = (name.fullmatch(entry.name) for entry in path.parent.iterdir())
    numbers = sorted(int(match[1]) for match in later if match and int(match[1]) > 0)
    is_first_there = path.exists() or path.is_symlink()
    return [0, *numbers] if is_first_there else numbers
