"""The sum of a window's frames, against its definition in plain numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.feature_table import FLOORED_MFCC, FRAME_SIZE, SPANS
from models.window_vector import (
    DEVIATIONS,
    MEANS,
    STEPS,
    WINDOW_VECTOR_SIZE,
    moving,
    steps,
    window_vector,
)

MFCC, CONTRAST = FLOORED_MFCC, SPANS["contrast"]
Frames = NDArray[np.float32]


def frames_of(seed: int, count: int = 40) -> Frames:
    return np.random.default_rng(seed).normal(3, 2, (count, FRAME_SIZE)).astype(np.float32)


def vector_of(frames: Frames, active: NDArray[np.bool_]) -> Frames:
    before = np.zeros(FRAME_SIZE, np.float32)
    return window_vector(frames, moving(frames), steps(frames, before), active)


def test_the_parts_follow_each_other() -> None:
    parts = [MEANS, DEVIATIONS["mfcc"], DEVIATIONS["contrast"], STEPS]
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert WINDOW_VECTOR_SIZE == 193 + 40 + 40 + 7 + 40


@given(st.integers(0, 999), st.lists(st.booleans(), min_size=40, max_size=40))
def test_it_is_mean_deviation_and_mean_step_of_the_active_frames(
    seed: int, chosen: list[bool]
) -> None:
    frames, active = frames_of(seed), np.array([True, *chosen[1:]])
    vector = vector_of(frames, active)
    heard = frames[active].astype(np.float64)
    np.testing.assert_allclose(vector[MEANS], heard.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(vector[DEVIATIONS["mfcc"]], heard[:, MFCC].std(axis=0), atol=1e-5)
    np.testing.assert_allclose(
        vector[DEVIATIONS["contrast"]], heard[:, CONTRAST].std(axis=0), atol=1e-5
    )
    pairs = [k for k in range(1, 40) if active[k] and active[k - 1]]
    expected = np.zeros(40)
    if pairs:
        expected = np.mean([np.abs(frames[k, MFCC] - frames[k - 1, MFCC]) for k in pairs], axis=0)
    np.testing.assert_allclose(vector[STEPS], expected, atol=1e-5)


def test_frames_that_are_not_active_do_not_count() -> None:
    frames, active = frames_of(0), np.arange(40) % 7 > 2
    other = frames.copy()
    other[~active] = 1e6
    np.testing.assert_array_equal(vector_of(frames, active), vector_of(other, active))


def test_a_large_mean_costs_the_deviation_nothing() -> None:
    frames, active = frames_of(0), np.ones(40, np.bool_)
    raised = frames + np.float32(4096)
    found, expected = vector_of(raised, active), vector_of(frames, active)
    np.testing.assert_allclose(found[MEANS.stop :], expected[MEANS.stop :], atol=1e-3)


@pytest.mark.parametrize("cut", [1, 17, 39])
def test_steps_go_on_over_a_cut(cut: int) -> None:
    frames = frames_of(1)
    before = np.zeros(FRAME_SIZE, np.float32)
    whole = steps(frames, before)
    parts = [steps(frames[:cut], before), steps(frames[cut:], frames[cut - 1])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
