"""A sound file opened for reading straight on, or one sentence that says why it cannot be."""

import os
import stat
from pathlib import Path

import soundfile

from models.audio import check_rate
from models.errors import AudioError

READABLE = "WAV, FLAC, OGG, MP3, AIFF and others that libsndfile knows"


class Decoder(soundfile.SoundFile):  # type: ignore[misc]
    """A file whose samples do not depend on how many are read at a time.

    soundfile seeks after each read where it can. Seeking takes from an MP3 decoder what the next
    frame builds on: the sound at each seam is spoilt, and libmpg123 complains on standard error.
    """

    def seekable(self) -> bool:
        """Say no; `seek` works all the same."""
        return False


def open_decoder(path: Path) -> Decoder:
    """Open a sound file.

    Raises
    ------
    AudioError
        If there is no such file, or it may not be read, is no sound file, holds no sound, or
        has a rate outside 8 to 192 kHz.
    """
    _check_readable(path)
    try:
        # As bytes, or a name that is not UTF-8 could not be opened.
        file = Decoder(os.fsencode(path) if os.name == "posix" else path)
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        raise AudioError(
            f"{path} is not a sound file that can be read ({READABLE}): convert it, for example "
            "with `ffmpeg -i FILE out.wav`."
        ) from error
    try:
        check_rate(file.samplerate)
        if not file.frames:
            raise AudioError(
                "No sound is in it, as its header says: record it again, or convert it, for "
                "example with `ffmpeg -i FILE out.wav`."
            )
    except AudioError as error:
        file.close()
        raise AudioError(f"{path}: {error}") from None
    return file


def _check_readable(path: Path) -> None:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise _cannot_open(path, error) from None
    if stat.S_ISDIR(found.st_mode):
        raise AudioError(f"{path} is a folder: name one sound file, or use `classify` for folders.")
    if not stat.S_ISREG(found.st_mode):
        raise AudioError(f"{path} is not a regular file: save the sound to a file first.")
    if not found.st_size:
        raise AudioError(f"{path} is empty (0 bytes): record or download it again.")
    try:
        # libsndfile says no more than "System error".
        path.open("rb").close()
    except OSError as error:
        raise _cannot_open(path, error) from None


def _cannot_open(path: Path, error: OSError | ValueError) -> AudioError:
    reason = getattr(error, "strerror", None) or str(error)
    remedy = "check the path"
    if isinstance(error, PermissionError):
        remedy = "allow reading it, or choose another"
    return AudioError(f"{path} cannot be opened ({reason}): {remedy}.")
