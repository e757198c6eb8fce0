"""Reads a recording into memory, for training: clips are short."""

import contextlib
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from realtime.sources.base import Block
from realtime.sources.file import FileSource

Array = NDArray[np.float32]


def read_sound(path: Path) -> tuple[Array, int]:
    """Read a recording as mono samples and their rate, by the reader that runs live.

    Raises
    ------
    AudioError
        If the file cannot be read to its end, holds no sound, or has a rate that cannot be used.
    """
    with contextlib.closing(FileSource(path, speed=None)) as source:
        blocks = [item.samples for item in source.items(Event()) if isinstance(item, Block)]
        return np.concatenate(blocks), source.rate
