"""What the first frame of an MP3 counts: it may hold no sound but the size of what follows."""

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# "Xing" where the bit rate varies, "Info" where it does not, at a place that depends on version
# and channels; then flags, the number of frames and the number of bytes.
XING = re.compile(rb"\xff([\xe0-\xff])...{9,34}?(?:Xing|Info)(....)(....)(....)", re.DOTALL)
HAS_FRAMES, HAS_BYTES = 1, 2
MOST_BYTES = 80
ID3_BYTES = 10
# Of layer III, with a version and a bit rate that there are.
FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]", re.DOTALL)
FRAME_BYTES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Mp3Count:
    """How long an MP3 says it is.

    Attributes
    ----------
    samples : int
        Per channel; 0 where they are not counted.
    following : int
        About as many more lie in frames behind the counted ones: in another recording.
    """

    samples: int = 0
    following: int = 0


def counted(path: Path) -> Mp3Count:
    """Read the count; one of nothing where there is none, or no file any more."""
    try:
        with path.open("rb") as file:
            begin = _after_tags(file)
            found = XING.match(file.read(MOST_BYTES))
            if found is None:
                return Mp3Count()
            flags, frames, length = struct.unpack(">III", b"".join(found.group(2, 3, 4)))
            is_mpeg_1 = found[1][0] & 0b0001_1000 == 0b0001_1000
            samples = frames * (1152 if is_mpeg_1 else 576) if flags & HAS_FRAMES else 0
            following = 0
            if flags & HAS_BYTES and length:
                following = samples * _bytes_of_frames(file, begin + length) // length
            return Mp3Count(samples=samples, following=following)
    except OSError:
        return Mp3Count()


def _bytes_of_frames(file: BinaryIO, place: int) -> int:
    """Bytes from that place on, if what lies there is a frame; none if it is only a tag."""
    file.seek(place)
    begin = _after_tags(file)
    return file.seek(0, os.SEEK_END) - begin if FRAME.match(file.read(FRAME_BYTES)) else 0


def _after_tags(file: BinaryIO) -> int:
    """Leave a file behind the ID3v2 tags that begin here, and return where that is."""
    place = file.tell()
    while (start := file.read(ID3_BYTES)).startswith(b"ID3") and len(start) == ID3_BYTES:
        place += ID3_BYTES + _id3_size(start)
        file.seek(place)
    return file.seek(place)


def _id3_size(header: bytes) -> int:
    """Bytes after the header of an ID3v2 tag: seven bits of each byte count."""
    size = 0
    for byte in header[6:]:
        size = size << 7 | byte & 0x7F
    return size
