"""A stored result guards the features against drift between library versions and machines.

Written by ``python -m tests.models.test_golden``; renew it only with a change of the features, and
say why in the commit.
"""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.feature_table import FEATURE_COUNT, SPANS
from models.filter_banks import make_filter_banks
from models.frames import FrameExtractor
from models.segment import SegmentStream
from realtime.demonstration import demonstration_clip

GOLDEN = Path(__file__).with_name("golden_windows.npz")
EVERY = 6
# Other processors sum in another order; mel power spans ten decades, so it is compared in decibels.
TOLERANCES = {"mfcc": 2e-3, "chroma": 1e-4, "contrast": 2e-3, "tonnetz": 1e-4}
MEL_DECIBELS = 1e-3


def _windows() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors of every sixth window of the demonstration clip, and all active frames."""
    samples, rate = soundfile.read(demonstration_clip(), dtype="float32")
    extractor = FrameExtractor(make_filter_banks())
    stream = SegmentStream(rate, extractor, window_samples=48000, hop_samples=4000)
    windows = stream.push(samples) + stream.push(samples[:0], last=True)
    vectors = [window.vector for window in windows if window.vector is not None]
    active = [window.active_frames for window in windows]
    return np.array(vectors[::EVERY], np.float32), np.array(active, np.int64)


@pytest.fixture(scope="module")
def found() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return _windows()


def test_the_same_frames_are_active(found: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    with np.load(GOLDEN) as golden:
        np.testing.assert_array_equal(found[1], golden["active_frames"])


def test_the_vectors_have_not_drifted(
    found: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    with np.load(GOLDEN) as golden:
        expected = golden["vectors"]
    for group, tolerance in TOLERANCES.items():
        span = SPANS[group]
        np.testing.assert_allclose(
            found[0][:, span], expected[:, span], atol=tolerance, err_msg=group
        )
    movement = slice(FEATURE_COUNT, None)
    np.testing.assert_allclose(
        found[0][:, movement], expected[:, movement], atol=TOLERANCES["mfcc"], err_msg="movement"
    )
    mel, golden_mel = (10 * np.log10(rows[:, SPANS["mel"]]) for rows in (found[0], expected))
    np.testing.assert_allclose(mel, golden_mel, atol=MEL_DECIBELS)


if __name__ == "__main__":
    vectors, active_frames = _windows()
    np.savez_compressed(GOLDEN, vectors=vectors, active_frames=active_frames)
