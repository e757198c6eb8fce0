"""What lossy codecs leave of a sound: encoded and decoded again by libsndfile."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from models.errors import AudioError

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Codec:
    """How a codec is asked of libsndfile.

    Attributes
    ----------
    rate : int
        Samples per second that it is given.
    container, coding : str
        libsndfile's names.
    compression : float or None
        0 to 1, where the codec has a choice.
    """

    rate: int
    container: str
    coding: str
    compression: float | None = None


# GSM 06.10 takes 13 kbit/s; the other two as much as a sound needs: of RAVDESS, with its pauses,
# 17 and 14 on average.
CODECS = {
    "gsm": Codec(rate=8_000, container="WAV", coding="GSM610"),
    "mp3": Codec(rate=16_000, container="MP3", coding="MPEG_LAYER_III", compression=0.9),
    "opus": Codec(rate=16_000, container="OGG", coding="OPUS", compression=0.96),
}


def coded(samples: Array, rate: int, name: str) -> tuple[Array, int]:
    """Encode and decode a sound.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32
    rate : int
        Samples per second.
    name : str
        One of `CODECS`.

    Returns
    -------
    samples : ndarray, shape (m,), float32
    rate : int
        The codec's.

    Raises
    ------
    AudioError
        If this libsndfile has no such codec.
    """
    codec = CODECS[name]
    if rate != codec.rate:
        samples = soxr.resample(samples, rate, codec.rate, quality="HQ")
    file = io.BytesIO()
    try:
        soundfile.write(
            file,
            samples,
            codec.rate,
            format=codec.container,
            subtype=codec.coding,
            compression_level=codec.compression,
        )
        file.seek(0)
        decoded: tuple[Array, int] = soundfile.read(file, dtype="float32")
    except (ValueError, soundfile.LibsndfileError) as error:
        raise AudioError(
            f"The {name} codec cannot be used ({error}): install a newer soundfile package."
        ) from error
    return decoded
