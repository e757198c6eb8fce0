"""A bundle with random weights, some speech, a microphone: for tests of all but accuracy."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.bundle import Bundle, load_bundle
from tests.synthetic_bundle import write_bundle
from tests.virtual_microphone import VirtualMicrophone, missing_programs, own_microphone


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a synthetic bundle."""
    return write_bundle(tmp_path_factory.mktemp("models") / "synthetic")


@pytest.fixture(scope="session")
def synthetic_bundle(synthetic_folder: Path) -> Bundle:
    """That bundle, loaded."""
    return load_bundle(synthetic_folder)


@pytest.fixture(scope="session")
def speech(demonstration: Path) -> NDArray[np.float32]:
    """The demonstration clip, 30 s at 48 kHz."""
    samples: NDArray[np.float32] = soundfile.read(demonstration, dtype="float32")[0]
    return samples


@pytest.fixture
def microphone() -> Iterator[VirtualMicrophone]:
    """A microphone without hardware; tests that need it skip where there can be none."""
    if reason := missing_programs():
        pytest.skip(reason)
    with own_microphone() as microphone:
        yield microphone
