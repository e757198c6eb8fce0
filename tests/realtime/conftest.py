"""A bundle with random weights and some speech, for tests of everything but accuracy."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.bundle import Bundle, load_bundle
from tests.synthetic_bundle import write_bundle


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
