"""The slow gain: up at once with a louder level, back slowly, and never a step within sound."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from models.slow_gain import SlowGain

SIZE = 512
Chunks = NDArray[np.float32]


def _gain(**changes: float) -> SlowGain:
    values = {
        "target_dbfs": -20.0,
        "max_gain_db": 40.0,
        "decay_db_per_chunk": 1.0,
        "silence_dbfs": -105.0,
        "silence_below_db": 40.0,
    }
    return SlowGain(**{**values, **changes})


def _chunks(*levels_dbfs: float) -> Chunks:
    """One chunk of constant samples for each level."""
    values = [10 ** (level / 20) for level in levels_dbfs]
    return np.repeat(np.array(values, np.float32)[:, None], SIZE, axis=1)


def _gains(chunks: Chunks, gain: SlowGain | None = None) -> Chunks:
    """The factor that each sample was lifted by."""
    return (gain or _gain()).lift(chunks)[0] / chunks


def test_the_first_chunk_is_lifted_to_the_target_as_a_whole() -> None:
    np.testing.assert_allclose(_gains(_chunks(-40)), 10, rtol=1e-5)


def test_within_a_chunk_the_gain_goes_straight_from_the_last_ones_to_its_own() -> None:
    found = _gains(_chunks(-40, -30))
    last, own = 10.0, 10**0.5
    line = last + (own - last) * np.arange(1, SIZE + 1) / SIZE
    np.testing.assert_allclose(found[1], line, rtol=1e-5)


def test_after_a_loud_chunk_the_gain_comes_back_slowly() -> None:
    found = _gains(_chunks(-30, -60, -60, -60))[:, -1]
    np.testing.assert_allclose(20 * np.log10(found), [10, 11, 12, 13], atol=1e-4)


@pytest.mark.parametrize("level_dbfs", [-20.0, -10.0, 0.0])
def test_sound_above_the_target_is_left_as_it_is(level_dbfs: float) -> None:
    chunks = _chunks(level_dbfs, level_dbfs)
    np.testing.assert_allclose(_gain().lift(chunks)[0], chunks, rtol=1e-6)


def test_no_sound_is_lifted_by_more_than_the_most() -> None:
    np.testing.assert_allclose(_gains(_chunks(-90)), 100, rtol=1e-5)


def test_what_is_silent_is_told() -> None:
    _, sounding = _gain().lift(_chunks(-10, -49, -52, -104, -106))
    assert sounding.tolist() == [True, True, False, False, False]
    _, sounding = _gain().lift(_chunks(-104, -106, -math.inf))
    assert sounding.tolist() == [True, False, False]


def test_any_split_lifts_alike() -> None:
    chunks = _chunks(-40, -30, -70, -15, -60, -math.inf, -33)
    whole, whole_sounding = _gain().lift(chunks)
    gain = _gain()
    parts = [gain.lift(chunks[row : row + 1]) for row in range(len(chunks))]
    np.testing.assert_array_equal(np.concatenate([lifted for lifted, _ in parts]), whole)
    assert [bool(sounding[0]) for _, sounding in parts] == whole_sounding.tolist()
