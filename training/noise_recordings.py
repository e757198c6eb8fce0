"""Recordings of noise in a folder: which of them train, and which judge."""

import hashlib
import re
from functools import cache
from pathlib import Path

from models.errors import AudioError
from realtime.sound_files import find_sound_files
from training.sound import read_sound

SHORTEST_NOISE_S = 0.5
TRAINING, JUDGING = "training", "judging"
ESC_TAKE = re.compile(r"(.*\d-\d+)-[A-Z](?:-\d+)?")


@cache
def noise_files(folder: Path, part: str = "") -> tuple[Path, ...]:
    """The recordings of a folder, or of one part of them: see `Copy.noise_part`.

    Raises
    ------
    AudioError
        If there is none.
    """
    files = find_sound_files([folder]).files
    training = files[::2]
    heard = {_recording(file) for file in training}
    judging = tuple(file for file in files[1::2] if _recording(file) not in heard)
    return {TRAINING: training, JUDGING: judging or files}.get(part, files)


def check_noise(folder: Path) -> None:
    """Refuse a folder of noise that some sound could not be heard in.

    Raises
    ------
    AudioError
        If it holds no recording, or one that cannot be read, is silent or lasts next to nothing.
    """
    for file in noise_files(folder):
        noise, rate = read_sound(file)
        if noise.size < SHORTEST_NOISE_S * rate or not noise.any():
            raise AudioError(
                f"{file} is no noise that anything could be heard in: half a second of sound was "
                "needed; take it out of the folder."
            )


def _recording(file: Path) -> str:
    """What a file was cut from: ESC names takes of one recording `1-47250-A-41`, `1-47250-B-41`.

    The last number is the class, which may be left out.
    """
    take = ESC_TAKE.fullmatch(file.stem)
    return take[1] if take else file.stem


@cache
def noise_fingerprint(files: tuple[Path, ...]) -> str:
    """SHA-256 of the contents of recordings, in their order; empty for none.

    Raises
    ------
    AudioError
        If one cannot be read.
    """
    digest = hashlib.sha256()
    for file in files:
        try:
            digest.update(file.read_bytes())
        except OSError as error:
            raise AudioError(
                f"{file} cannot be read ({error.strerror}): check the path."
            ) from error
    return digest.hexdigest() if files else ""
