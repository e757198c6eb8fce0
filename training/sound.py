"""Reads a recording into memory, for training: clips are short."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.audio import to_mono
from models.errors import AudioError

Array = NDArray[np.float32]


def read_sound(path: Path) -> tuple[Array, int]:
    """Read a recording as mono samples and their rate.

    Raises
    ------
    AudioError
        If the file is missing, empty or no sound.
    """
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(
            f"{path} cannot be read as sound ({error}): "
            "give a WAV, FLAC, OGG or MP3 file that plays."
        ) from error
    if not len(samples):
        raise AudioError(f"{path} holds no samples: give a file that plays.")
    if not np.isfinite(samples).all():
        raise AudioError(f"{path} holds samples that are not finite: export the sound again.")
    return to_mono(samples), int(rate)
