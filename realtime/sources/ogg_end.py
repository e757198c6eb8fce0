"""How an Ogg file ends: libsndfile reads the whole pages of its first recording, and says no more.

It says nothing of another recording behind the first, nor of a page that is cut short.
"""

import os
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
            last = _last_page(file) if first else b""
    except OSError:
        return False
    return len(last) >= HEADER_BYTES and last[SERIAL] not in first


def is_cut(path: Path) -> bool:
    """Whether the file ends within its last page; not for a file that is gone, either."""
    try:
        with path.open("rb") as file:
            last = _last_page(file) if file.read(len(MAGIC)) == MAGIC else b""
    except OSError:
        return False
    if len(last) < HEADER_BYTES:
        return bool(last)
    body = HEADER_BYTES + last[HEADER_BYTES - 1]
    return len(last) < body + sum(last[HEADER_BYTES:body])


def _last_page(file: BinaryIO) -> bytes:
    """What the file holds from its last page on."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - LARGEST_PAGE_BYTES))
    end = file.read()
    last = end.rfind(MAGIC)
    return end[last:] if last >= 0 else b""


def _first_streams(file: BinaryIO) -> set[bytes]:
    """Serial numbers of the streams that begin with the file, sound and others; none in no Ogg."""
    found: set[bytes] = set()
    while (header := file.read(HEADER_BYTES)).startswith(MAGIC) and len(header) == HEADER_BYTES:
        if not header[FLAGS] & BEGINS_STREAM:
            break
        found.add(header[SERIAL])
        file.seek(sum(file.read(header[-1])), 1)
    return found
