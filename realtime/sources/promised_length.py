"""How long a sound file says it is, where that means something."""

import re
import struct
from pathlib import Path

import soundfile

# libsndfile repairs a header that promises more than the file holds, and says so in its log:
# "data : 320000 (should be 159978)". Streamed files promise 2 GB or more, which means nothing.
REPAIRED = re.compile(
    r"^\s*(?:data|SSND|Data Size|riff)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE
)
UNKNOWN_LENGTH = 0x7FFF_0000
# What libsndfile gives for a FLAC whose writer could not go back to fill in the length is
# 2**63 - 1; no real file comes near.
UNKNOWN_FRAMES = 2**62
# The first frame of an MP3 may hold no sound but the number of those that follow: "Xing" where
# the bit rate varies, "Info" where it does not, at a place that depends on version and channels.
XING = re.compile(rb"\xff([\xe0-\xff])...{9,34}?(?:Xing|Info)(....)(....)", re.DOTALL)
HAS_COUNT = 1
ID3_BYTES = 10
# Encoders disagree about the padding and about counting the first frame itself.
MP3_SLACK_S = 0.5


def promised_frames(path: Path, file: soundfile.SoundFile, done: int) -> float:
    """Frames that the header promises, if that is more than the `done` that were there."""
    if file.format == "MP3":
        # Without a count the length is an estimate from the first frame's bit rate.
        promised = min(file.frames, _counted(path))
        return promised if promised > done + MP3_SLACK_S * file.samplerate else done
    known = float(file.frames) if file.frames < UNKNOWN_FRAMES else 0.0
    return max(known, _repaired(file) * done)


def _repaired(file: soundfile.SoundFile) -> float:
    """Length that the header promised, as a multiple of what libsndfile found there."""
    for promised, found in REPAIRED.findall(file.extra_info):
        if int(found) < int(promised) < UNKNOWN_LENGTH and int(found):
            return int(promised) / int(found)
    return 1.0


def _counted(path: Path) -> int:
    """Samples per channel that an MP3 counts in its first frame; 0 without a count."""
    try:
        with path.open("rb") as file:
            start = file.read(ID3_BYTES)
            while start.startswith(b"ID3") and len(start) == ID3_BYTES:
                file.seek(_id3_size(start), 1)
                start = file.read(ID3_BYTES)
            found = XING.match(start + file.read(64))
    except OSError:
        return 0
    if found is None or not struct.unpack(">I", found[2])[0] & HAS_COUNT:
        return 0
    is_mpeg_1 = found[1][0] & 0b0001_1000 == 0b0001_1000
    count: int = struct.unpack(">I", found[3])[0]
    return count * (1152 if is_mpeg_1 else 576)


def _id3_size(header: bytes) -> int:
    """Bytes after the header of an ID3v2 tag: seven bits of each byte count."""
    size = 0
    for byte in header[6:]:
        size = size << 7 | byte & 0x7F
    return size
