"""Whether an Ogg file goes on with another recording; libsndfile reads the first and stops."""

from pathlib import Path
from typing import BinaryIO

# RFC 3533: magic, version, flags, position (8), serial number (4), page number (4), checksum (4),
# count of segments, then the length of each.
MAGIC = b"OggS"
HEADER_BYTES = 27
FLAGS, SERIAL = 5, slice(14, 18)
BEGINS_STREAM = 2
LARGEST_PAGE_BYTES = HEADER_BYTES + 255 + 255 * 255


def is_chained(path: Path) -> bool:
    """Whether the last page belongs to none of the streams that begin with the file.

    A file that was removed or closed to us while it was read is not looked into.
    """
    try:
        with path.open("rb") as file:
            first = _first_streams(file)
            if not first:
                return False
            file.seek(max(0, file.seek(0, 2) - LARGEST_PAGE_BYTES))
            end = file.read()
    except OSError:
        return False
    last = end.rfind(MAGIC, 0, len(end) - HEADER_BYTES + len(MAGIC))
    return last >= 0 and end[last:][SERIAL] not in first


def _first_streams(file: BinaryIO) -> set[bytes]:
    """Serial numbers of the streams that begin with the file, sound and others; none in no Ogg."""
    found: set[bytes] = set()
    while (header := file.read(HEADER_BYTES)).startswith(MAGIC) and len(header) == HEADER_BYTES:
        if not header[FLAGS] & BEGINS_STREAM:
            break
        found.add(header[SERIAL])
        file.seek(sum(file.read(header[-1])), 1)
    return found
