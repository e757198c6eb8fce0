"""Which frames of a window are active, and how many are enough."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.feature_table import FRAME_SIZE
from models.frame_stream import FrameBatch
from models.frames import frame_count
from models.windows import ACTIVE_RANGE_DB, LEAST_ACTIVE_FRAMES, Window, Windower

FRAMES = frame_count(SAMPLE_RATE)


def _window(level_db: NDArray[np.float64]) -> Window:
    """The window of one second whose first frames are speech of these levels."""
    levels = np.full(FRAMES, -np.inf)
    levels[: level_db.size] = level_db
    features = np.random.default_rng(0).normal(3, 1, (FRAMES, FRAME_SIZE)).astype(np.float32)
    speech = levels > -np.inf
    features[~speech] = 0
    windower = Windower(SAMPLE_RATE, SAMPLE_RATE)
    batch = FrameBatch(features=features, speech=speech, level_db=levels)
    (window,) = windower.push(batch, SAMPLE_RATE)
    return window


@pytest.mark.parametrize("missing", [0, 1])
def test_a_window_is_judged_from_half_a_second_of_speech_on(missing: int) -> None:
    assert LEAST_ACTIVE_FRAMES == 50
    window = _window(np.zeros(LEAST_ACTIVE_FRAMES - missing))
    assert (window.active_frames, window.frames) == (LEAST_ACTIVE_FRAMES - missing, FRAMES)
    assert (window.vector is None) == (missing > 0)


def test_what_is_far_fainter_than_the_loudest_frame_is_not_active() -> None:
    levels = np.repeat([-10.0, -10 - ACTIVE_RANGE_DB, -10.1 - ACTIVE_RANGE_DB], 20)
    assert _window(levels).active_frames == 40
