"""The form that a gain does not change, and what of it an equaliser leaves alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.fft import dct

from models.feature_table import FEATURE_COUNT, FLOORED_MFCC, FRAME_SIZE, PITCH, SPANS
from models.frames import FLOOR_DB
from models.level_free import (
    GAPS,
    GOING,
    LEAST_DEVIATION,
    NOTHING,
    PITCH_STATISTICS,
    RESTLESS,
    STRAYING,
    UNEVEN,
    UNEVEN_STEPS,
    VOICED_GOING,
    VOICED_LESS_ALL,
    level_free,
)
from models.pitch import pitch_statistics
from models.window_vector import (
    CONTRAST_STEPS,
    DEVIATIONS,
    MOVING_ORDERS,
    PITCH_STEPS,
    SHAPE,
    SHAPE_ORDERS,
    STEPS,
    TRENDS,
    VOICED,
    VOICED_TRENDS,
    WINDOW_VECTOR_SIZE,
)

MEL, MFCC = SPANS["mel"], FLOORED_MFCC
SHAPES = slice(GAPS.start + 1, GAPS.stop)


def random_vector(seed: int) -> NDArray[np.float64]:
    """Means and movement of a random spectrogram, as a window vector has them."""
    rng = np.random.default_rng(seed)
    power_db = rng.normal(-20, 6, (30, 128)) + rng.normal(0, 5, (30, 1))
    mfcc = dct(power_db, norm="ortho", axis=1)[:, :40]
    vector: NDArray[np.float64] = rng.uniform(0.1, 2, size=WINDOW_VECTOR_SIZE)
    vector[MEL] = (10 ** (power_db / 10)).mean(axis=0)
    vector[MFCC] = mfcc.mean(axis=0)
    vector[DEVIATIONS["mfcc"]] = mfcc.std(axis=0)[:MOVING_ORDERS]
    vector[STEPS] = np.abs(np.diff(mfcc[:, :MOVING_ORDERS], axis=0)).mean(axis=0)
    vector[TRENDS] = (mfcc[16:] - mfcc[:-16]).mean(axis=0)[:SHAPE_ORDERS]
    vector[VOICED] = mfcc[::2, :SHAPE_ORDERS].mean(axis=0)
    return vector


def through(vector: NDArray[np.float64], curve_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """The vector that the same sound has behind an equaliser."""
    changed = vector.copy()
    changed[MEL] *= 10 ** (curve_db / 10)
    changed[MFCC] += dct(curve_db, norm="ortho")[:40]
    changed[VOICED] += dct(curve_db, norm="ortho")[:SHAPE_ORDERS]
    return changed


@given(st.integers(0, 999), st.floats(-40, 40))
def test_a_gain_changes_nothing(seed: int, gain_db: float) -> None:
    vector = random_vector(seed)
    louder = through(vector, np.full(128, gain_db))
    np.testing.assert_allclose(level_free(louder), level_free(vector), atol=1e-8)


@given(st.integers(0, 999))
def test_an_equaliser_leaves_the_movement_of_each_order_alone(seed: int) -> None:
    vector = random_vector(seed)
    curve_db = np.random.default_rng(seed + 1).uniform(-10, 10, 128)
    found, expected = level_free(through(vector, curve_db)), level_free(vector)
    for movement in (0, SHAPES, slice(PITCH_STATISTICS.start, NOTHING)):
        np.testing.assert_allclose(found[movement], expected[movement], atol=1e-8)
    assert np.abs(found - expected).max() > 1


def test_a_sound_that_does_not_move_has_no_gap() -> None:
    vector = random_vector(0)
    vector[MFCC] = dct(10 * np.log10(vector[MEL]), norm="ortho")[:40]
    vector[FRAME_SIZE:] = 0
    vector[VOICED] = vector[SHAPE]
    form = level_free(vector)
    np.testing.assert_allclose(form[[0, *range(SHAPES.start, SHAPES.stop)]], 0, atol=1e-9)
    assert not form[STRAYING.start : NOTHING].any()


def test_the_parts_follow_each_other_up_to_the_empty_place() -> None:
    parts = [GAPS, PITCH_STATISTICS, STRAYING, RESTLESS, GOING, VOICED_GOING]
    parts += [VOICED_LESS_ALL, UNEVEN, UNEVEN_STEPS]
    assert [part.stop for part in parts] == [*(part.start for part in parts[1:]), NOTHING]
    assert [UNEVEN_STEPS.stop - UNEVEN_STEPS.start, NOTHING] == [7, 179]


def test_one_place_is_empty_and_the_rest_stays() -> None:
    vectors = np.stack([random_vector(seed) for seed in range(3)])
    form = level_free(vectors)
    assert form.shape == (3, FEATURE_COUNT)
    assert not form[:, NOTHING].any()
    np.testing.assert_array_equal(form[:, 1:40], vectors[:, MFCC][:, 1:])
    pitch = pitch_statistics(vectors[:, PITCH], vectors[:, PITCH_STEPS])
    np.testing.assert_array_equal(form[:, PITCH_STATISTICS], pitch)
    for kept in (SPANS["chroma"], SPANS["contrast"], SPANS["tonnetz"]):
        np.testing.assert_array_equal(form[:, kept], vectors[:, kept])


def test_what_lies_below_the_floor_is_not_heard() -> None:
    empty, faint = random_vector(0), random_vector(0)
    loudest = empty[MEL].max()
    empty[MEL][100:] = 0
    faint[MEL][100:] = loudest * 10 ** (-(FLOOR_DB + 1) / 10)
    np.testing.assert_array_equal(level_free(empty), level_free(faint))


def test_restlessness_is_the_step_in_deviations() -> None:
    vector = random_vector(1)
    slower = vector.copy()
    slower[STEPS] /= 2
    form, calmer = level_free(vector), level_free(slower)
    np.testing.assert_allclose(calmer[RESTLESS], form[RESTLESS] / 2)
    np.testing.assert_array_equal(
        np.delete(calmer, range(*RESTLESS.indices(193))),
        np.delete(form, range(*RESTLESS.indices(193))),
    )
    np.testing.assert_array_equal(form[STRAYING], vector[DEVIATIONS["mfcc"]])
    np.testing.assert_array_equal(form[UNEVEN], vector[DEVIATIONS["contrast"]])


def test_where_an_order_is_going_is_told_in_deviations_and_what_is_voiced_against_all() -> None:
    vector = random_vector(2)
    form = level_free(vector)
    deviations = vector[DEVIATIONS["mfcc"]][:SHAPE_ORDERS] + LEAST_DEVIATION
    np.testing.assert_allclose(form[GOING], vector[TRENDS] / deviations)
    np.testing.assert_allclose(form[VOICED_GOING], vector[VOICED_TRENDS] / deviations)
    uneven = vector[DEVIATIONS["contrast"]] + LEAST_DEVIATION
    np.testing.assert_allclose(form[UNEVEN_STEPS], vector[CONTRAST_STEPS] / uneven)
    np.testing.assert_allclose(form[VOICED_LESS_ALL], vector[VOICED] - vector[SHAPE])


def test_silence_is_finite_and_the_vector_stays_as_it_was() -> None:
    silence = np.zeros(WINDOW_VECTOR_SIZE)
    assert np.isfinite(level_free(silence)).all()
    assert not silence.any()
