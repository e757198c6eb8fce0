"""The sum of a window's frames, against its definition in plain numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.feature_table import FLOORED_MFCC, FRAME_SIZE, PITCH, SPANS
from models.pitch import LEAST_VOICING, LONGEST_STEP, PITCH_STEP_SIZE, VOICING, pitch_steps
from models.window_vector import (
    CONTRAST_STEPS,
    DEVIATIONS,
    MEANS,
    MOVING_ORDERS,
    PITCH_STEPS,
    SHAPE,
    SHORT_TREND_FRAMES,
    STEPS,
    TREND_FRAMES,
    TRENDS,
    VOICED,
    VOICED_TRENDS,
    WINDOW_VECTOR_SIZE,
    steps,
    window_vector,
)

CONTRAST = SPANS["contrast"]
MOVING = slice(FLOORED_MFCC.start, FLOORED_MFCC.start + MOVING_ORDERS)
VOICING_AT = PITCH.start + VOICING
NOTHING = np.zeros((LONGEST_STEP, FRAME_SIZE), np.float32)
Frames = NDArray[np.float32]


def frames_of(seed: int, count: int = 40) -> Frames:
    frames = np.random.default_rng(seed).normal(3, 2, (count, FRAME_SIZE)).astype(np.float32)
    frames[:, VOICING_AT] = np.abs(frames[:, VOICING_AT]) + LEAST_VOICING
    return frames


def after(before: Frames, frames: Frames) -> Frames:
    return np.concatenate([before, frames])


def vector_of(frames: Frames, active: NDArray[np.bool_]) -> Frames:
    return window_vector(frames, steps(after(NOTHING, frames)), active)


def test_the_parts_follow_each_other() -> None:
    parts = [MEANS, *DEVIATIONS.values(), STEPS, PITCH_STEPS]
    parts += [CONTRAST_STEPS, TRENDS, VOICED_TRENDS, VOICED]
    assert [part.stop - part.start for part in parts] == [193 + 40 + 5, 7, 24, 24, 8, 7, 8, 8, 8]
    tonnetz = 6
    assert DEVIATIONS["mfcc"].start == DEVIATIONS["contrast"].stop + tonnetz
    assert DEVIATIONS["contrast"].start == MEANS.stop
    ends = [part.stop for part in parts[2:]]
    assert ends == [*(part.start for part in parts[3:]), WINDOW_VECTOR_SIZE]


@given(st.integers(0, 999), st.lists(st.booleans(), min_size=40, max_size=40))
def test_it_is_mean_deviation_and_mean_step_of_the_active_frames(
    seed: int, chosen: list[bool]
) -> None:
    frames, active = frames_of(seed), np.array([True, *chosen[1:]])
    vector = vector_of(frames, active)
    heard = frames[active].astype(np.float64)
    np.testing.assert_allclose(vector[MEANS], heard.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(vector[DEVIATIONS["mfcc"]], heard[:, MOVING].std(axis=0), atol=1e-5)
    np.testing.assert_allclose(
        vector[DEVIATIONS["contrast"]], heard[:, CONTRAST].std(axis=0), atol=1e-5
    )
    pairs = [k for k in range(LONGEST_STEP, 40) if active[k] and active[k - 1]]
    expected, of_pitch = np.zeros(MOVING_ORDERS), np.zeros(PITCH_STEP_SIZE)
    if pairs:
        apart = [np.abs(frames[k, MOVING] - frames[k - 1, MOVING]) for k in pairs]
        expected = np.mean(apart, axis=0)
        of_pitch = pitch_steps(after(NOTHING, frames)[:, PITCH])[pairs].mean(axis=0)
    np.testing.assert_allclose(vector[STEPS], expected, atol=1e-5)
    np.testing.assert_allclose(vector[PITCH_STEPS], of_pitch, rtol=1e-5, atol=1e-5)


@given(st.integers(0, 999), st.lists(st.booleans(), min_size=40, max_size=40))
def test_trends_are_mean_changes_and_what_is_voiced_is_weighted_by_voicing(
    seed: int, chosen: list[bool]
) -> None:
    frames, active = frames_of(seed), np.array([True, *chosen[1:]])
    vector, heard = vector_of(frames, active), frames.astype(np.float64)
    voicing = heard[:, VOICING_AT]
    trend, voiced_trend, contrast_steps = np.zeros(8), np.zeros(8), np.zeros(7)
    if pairs := _pairs(active, TREND_FRAMES):
        changes = [heard[k, SHAPE] - heard[k - TREND_FRAMES, SHAPE] for k in pairs]
        trend = np.mean(changes, axis=0)
    if pairs := _pairs(active, SHORT_TREND_FRAMES):
        earlier = np.array(pairs) - SHORT_TREND_FRAMES
        weights = np.minimum(voicing[pairs], voicing[earlier])
        short = heard[pairs, SHAPE] - heard[earlier, SHAPE]
        voiced_trend = np.average(short, axis=0, weights=weights)
        contrast_steps = np.abs(heard[pairs, CONTRAST] - heard[earlier, CONTRAST]).mean(axis=0)
    np.testing.assert_allclose(vector[TRENDS], trend, atol=1e-4)
    np.testing.assert_allclose(vector[VOICED_TRENDS], voiced_trend, atol=1e-4)
    np.testing.assert_allclose(vector[CONTRAST_STEPS], contrast_steps, atol=1e-4)
    voiced = np.average(heard[active, SHAPE], axis=0, weights=voicing[active])
    np.testing.assert_allclose(vector[VOICED], voiced, atol=1e-4)


def _pairs(active: NDArray[np.bool_], frames: int) -> list[int]:
    return [k for k in range(frames, active.size) if active[k] and active[k - frames]]


@pytest.mark.parametrize("count", [1, SHORT_TREND_FRAMES, TREND_FRAMES - 1, TREND_FRAMES])
def test_a_window_too_short_for_a_trend_has_none(count: int) -> None:
    vector = vector_of(frames_of(3, count), np.ones(count, np.bool_))
    assert not vector[TRENDS].any()
    assert np.isfinite(vector).all()


def test_no_step_reaches_out_of_the_window() -> None:
    frames, active = frames_of(2), np.ones(40, np.bool_)
    found = window_vector(frames, steps(after(NOTHING + 7, frames)), active)
    np.testing.assert_array_equal(found, vector_of(frames, active))


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


@pytest.mark.parametrize("cut", [LONGEST_STEP, LONGEST_STEP + 9, 39])
def test_steps_go_on_over_a_cut(cut: int) -> None:
    frames = frames_of(1)
    whole = steps(after(NOTHING, frames))
    parts = [steps(after(NOTHING, frames[:cut])), steps(frames[cut - LONGEST_STEP :])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
