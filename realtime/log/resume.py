"""Where a log that was cut short ends."""

from dataclasses import dataclass
from pathlib import Path

from models.errors import OutputError
from realtime.log.columns import COLUMNS, HEADER

TAIL_BYTES = 65536


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """The end of the complete lines of a log.

    Attributes
    ----------
    size_bytes : int
        Up to there all lines are complete; 0 if not even the header is.
    last_window : int or None
        Of the last row, if there is one.
    """

    size_bytes: int
    last_window: int | None


def find_end(path: Path) -> End:
    """Find the last complete row: a crash or a power failure may have left a torn one behind it.

    Raises
    ------
    OutputError
        If the file has other columns or no complete row near its end.
    OSError
        If it cannot be read.
    """
    header = HEADER.encode() + b"\n"
    with path.open("rb") as file:
        first = file.read(len(header))
        size = file.seek(0, 2)
        start = max(len(header), size - TAIL_BYTES)
        file.seek(start)
        tail = file.read(TAIL_BYTES)
    if len(first) < len(header) and header.startswith(first):
        return End(size_bytes=0, last_window=None)
    if first != header:
        raise OutputError(
            f"Nothing can be appended to {path}: its columns are not those of this program; "
            "choose another name."
        )
    while (end := tail.rfind(b"\n")) >= 0:
        begin = tail.rfind(b"\n", 0, end) + 1
        window = _window(tail[begin:end])
        if window is not None and (begin > 0 or start == len(header)):
            return End(size_bytes=start + end + 1, last_window=window)
        tail = tail[:begin]
    if start > len(header):
        raise OutputError(
            f"Nothing can be appended to {path}: its end is damaged; choose another name."
        )
    return End(size_bytes=len(header), last_window=None)


def _window(line: bytes) -> int | None:
    cells = line.decode("latin-1").split(",")
    is_whole = len(cells) == len(COLUMNS) and line.isascii() and all(map(str.isprintable, cells))
    is_row = is_whole and cells[0].isdecimal() and len(cells[0]) < 16
    return int(cells[0]) if is_row else None
