"""What is kept of a recording on the disk while it is judged."""

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.bundle import Bundle
from realtime.recording import analyse

RATE = 48_000


@contextlib.contextmanager
def no_file_beyond_a_kilobyte() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def sound(tmp_path: Path, speech: NDArray[np.float32]) -> Path:
    path = tmp_path / "sound.wav"
    soundfile.write(path, speech[: 4 * RATE], RATE)
    return path


def test_a_recording_is_kept_until_it_is_discarded(
    sound: Path, synthetic_bundle: Bundle, tmp_path: Path
) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    found = analyse(sound, synthetic_bundle.banks, window_s=3.0, hop_s=0.25, folder=folder)
    assert list(folder.iterdir()) == [found.spool]
    assert sum(len(active_frames) for _, active_frames in found.windows()) == found.rows > 0
    found.discard()
    found.discard()
    assert list(folder.iterdir()) == []


def test_a_recording_that_finds_no_room_leaves_nothing(
    sound: Path, synthetic_bundle: Bundle, tmp_path: Path
) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    # Within the block only: what pytest itself writes may be a longer file.
    with no_file_beyond_a_kilobyte(), pytest.raises(OSError, match="File too large"):
        analyse(sound, synthetic_bundle.banks, window_s=3.0, hop_s=0.25, folder=folder)
    assert list(folder.iterdir()) == []
