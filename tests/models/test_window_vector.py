"""The sum of a window's frames, against its definition in plain numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.feature_table import FLOORED_MFCC, FRAME_SIZE, PITCH, SPANS
from models.pitch import LONGEST_STEP, pitch_steps
from models.window_vector import (
    DEVIATIONS,
    MEANS,
    PITCH_STEPS,
    STEPS,
    WINDOW_VECTOR_SIZE,
    steps,
    window_vector,
)

MFCC, CONTRAST = FLOORED_MFCC, SPANS["contrast"]
NOTHING_BEFORE = np.zeros((LONGEST_STEP, FRAME_SIZE), np.float32)
Frames = NDArray[np.float32]


def frames_of(seed: int, count: int = 40) -> Frames:
    return np.random.default_rng(seed).normal(3, 2, (count, FRAME_SIZE)).astype(np.float32)


def vector_of(frames: Frames, active: NDArray[np.bool_]) -> Frames:
    return window_vector(frames, steps(frames, NOTHING_BEFORE), active)


def test_the_parts_follow_each_other() -> None:
    parts = [MEANS, DEVIATIONS["contrast"], DEVIATIONS["mfcc"], STEPS, PITCH_STEPS]
    assert [part.stop - part.start for part in parts] == [193 + 40 + 5, 7, 40, 40, 4]
    tonnetz = 6
    assert DEVIATIONS["mfcc"].start == DEVIATIONS["contrast"].stop + tonnetz
    assert DEVIATIONS["contrast"].start == MEANS.stop
    assert [STEPS.start, PITCH_STEPS.start] == [DEVIATIONS["mfcc"].stop, STEPS.stop]
    assert PITCH_STEPS.stop == WINDOW_VECTOR_SIZE


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
    pairs = [k for k in range(LONGEST_STEP, 40) if active[k] and active[k - 1]]
    expected, of_pitch = np.zeros(40), np.zeros(4)
    if pairs:
        expected = np.mean([np.abs(frames[k, MFCC] - frames[k - 1, MFCC]) for k in pairs], axis=0)
        of_pitch = pitch_steps(frames[:, PITCH], NOTHING_BEFORE[:, PITCH])[pairs].mean(axis=0)
    np.testing.assert_allclose(vector[STEPS], expected, atol=1e-5)
    np.testing.assert_allclose(vector[PITCH_STEPS], of_pitch, rtol=1e-5, atol=1e-5)


def test_no_step_reaches_out_of_the_window() -> None:
    frames, active = frames_of(2), np.ones(40, np.bool_)
    expected = window_vector(frames, steps(frames, NOTHING_BEFORE), active)
    found = window_vector(frames, steps(frames, NOTHING_BEFORE + 7), active)
    np.testing.assert_array_equal(found, expected)


def test_frames_that_are_not_active_do_not_count() -> None:
    frames, active = frames_of(0), np.arange(40) % 7 > 2
    other = frames.copy()
    other[~active, : PITCH.start] = 1e6
    np.testing.assert_array_equal(vector_of(frames, active), vector_of(other, active))


def test_a_large_mean_costs_the_deviation_nothing() -> None:
    frames, active = frames_of(0), np.ones(40, np.bool_)
    raised = frames + np.float32(4096)
    found, expected = vector_of(raised, active), vector_of(frames, active)
    for part in (*DEVIATIONS.values(), STEPS):
        np.testing.assert_allclose(found[part], expected[part], atol=1e-3)


@pytest.mark.parametrize("cut", [8, 17, 39])
def test_steps_go_on_over_a_cut(cut: int) -> None:
    frames = frames_of(1)
    whole = steps(frames, NOTHING_BEFORE)
    parts = [steps(frames[:cut], NOTHING_BEFORE), steps(frames[cut:], frames[cut - 8 : cut])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
