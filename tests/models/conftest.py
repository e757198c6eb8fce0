"""Speech for the tests of the contract."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray


@pytest.fixture(scope="session")
def speech_48k(demonstration: Path) -> NDArray[np.float32]:
    """The demonstration clip at its own rate, 30 s."""
    samples, rate = soundfile.read(demonstration, dtype="float32")
    assert rate == 48000
    mono: NDArray[np.float32] = samples
    return mono


@pytest.fixture(scope="session")
def speech_16k(speech_48k: NDArray[np.float32]) -> NDArray[np.float32]:
    """Its first seven seconds at 16 kHz."""
    resampled: NDArray[np.float32] = soxr.resample(speech_48k[: 7 * 48000], 48000, 16000, "HQ")
    return resampled
