"""How long a sound file says it is, where that means something, and whether that is all of it."""

import re
from pathlib import Path

import soundfile

from realtime.sources.mp3_count import counted
from realtime.sources.ogg_end import is_chained

# libsndfile repairs a header that promises more than the file holds, and says so in its log:
# "data : 320000 (should be 159978)". Streamed files promise 2 GB or more, which means nothing.
REPAIRED = re.compile(
    r"^\s*(?:data|SSND|Data Size|riff)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE
)
UNKNOWN_LENGTH = 0x7FFF_0000
# What libsndfile gives for a FLAC whose writer could not go back to fill in the length is
# 2**63 - 1; no real file comes near.
UNKNOWN_FRAMES = 2**62
# Encoders disagree about the padding and about counting the first frame itself.
MP3_SLACK_S = 0.5
# Of an MP3, and of a WAV that holds one.
MP3_SUBTYPES = {"MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"}


def promised_frames(path: Path, file: soundfile.SoundFile, done: int) -> float:
    """Frames that the header promises, if that is more than the `done` that were there."""
    if file.format == "MP3":
        # Without a count the length is an estimate from the first frame's bit rate.
        promised = float(min(file.frames, counted(path).samples))
    else:
        known = float(file.frames) if file.frames < UNKNOWN_FRAMES else 0.0
        promised = max(known, _repaired(file) * done)
    slack = MP3_SLACK_S * file.samplerate if file.subtype in MP3_SUBTYPES else 0.0
    return promised if promised > done + slack else done


def goes_on(path: Path, file: soundfile.SoundFile) -> bool:
    """Whether another recording lies behind the one that the header speaks of.

    libsndfile reads one only, and says nothing of the other.
    """
    if file.format == "MP3":
        return bool(counted(path).following > MP3_SLACK_S * file.samplerate)
    return is_chained(path)


def _repaired(file: soundfile.SoundFile) -> float:
    """Length that the header promised, as a multiple of what libsndfile found there."""
    for promised, found in REPAIRED.findall(file.extra_info):
        if int(found) < int(promised) < UNKNOWN_LENGTH and int(found):
            return int(promised) / int(found)
    return 1.0
