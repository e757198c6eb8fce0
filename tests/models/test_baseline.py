"""The running baseline equals batch statistics, and its prior behaves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.baseline import VARIANCE_FLOOR, Population, SpeakerBaseline
from models.feature_table import FEATURE_COUNT

MEAN = np.zeros(FEATURE_COUNT)
ONES = np.ones(FEATURE_COUNT)
POPULATION = Population(
    mean=MEAN + 2, between=3 * ONES, within=ONES, prior_weight=2.0, variance_prior_weight=8.0
)


@given(
    seed=st.integers(0, 1000),
    weights=st.lists(st.floats(0.01, 3.0), min_size=1, max_size=20),
)
def test_running_statistics_equal_weighted_batch_statistics(
    seed: int, weights: list[float]
) -> None:
    vectors = np.random.default_rng(seed).normal(3, 2, (len(weights), FEATURE_COUNT))
    baseline = SpeakerBaseline()
    for vector, weight in zip(vectors, weights, strict=True):
        baseline.update(vector, weight)
    mean = np.average(vectors, axis=0, weights=weights)
    assert baseline.weight == pytest.approx(sum(weights))
    np.testing.assert_allclose(baseline.mean, mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        baseline.variance, np.average((vectors - mean) ** 2, axis=0, weights=weights), atol=1e-9
    )


def test_nothing_known_is_the_population() -> None:
    mean, scale = SpeakerBaseline().blended(POPULATION)
    np.testing.assert_array_equal(mean, POPULATION.mean)
    np.testing.assert_allclose(scale**2, 3 + 1 + VARIANCE_FLOOR, rtol=1e-9)


def test_much_evidence_is_the_speaker() -> None:
    baseline = SpeakerBaseline(weight=1e9, mean=MEAN + 7, variance=ONES * 4)
    mean, scale = baseline.blended(POPULATION)
    np.testing.assert_allclose(mean, 7, rtol=1e-6)
    np.testing.assert_allclose(scale**2, 4 + VARIANCE_FLOOR, rtol=1e-6)


def test_as_much_evidence_as_the_prior_is_half_way() -> None:
    baseline = SpeakerBaseline(weight=2.0, mean=MEAN + 4, variance=MEAN)
    mean, _ = baseline.blended(POPULATION)
    np.testing.assert_allclose(mean, 3)
    baseline = SpeakerBaseline(weight=8.0, mean=MEAN + 4, variance=MEAN)
    _, scale = baseline.blended(POPULATION)
    np.testing.assert_allclose(scale**2, 2 + VARIANCE_FLOOR, rtol=1e-9)


def test_a_feature_that_never_changes_divides_by_no_zero() -> None:
    flat = replace(POPULATION, between=MEAN, within=MEAN)
    _, scale = SpeakerBaseline(weight=1e9).blended(flat)
    assert (scale > 0).all()


def test_no_evidence_teaches_nothing() -> None:
    baseline = SpeakerBaseline()
    baseline.update(MEAN + 1, 0.0)
    assert baseline.weight == 0


def test_reset_forgets() -> None:
    baseline = SpeakerBaseline()
    baseline.update(MEAN + 1, 2.0)
    baseline.reset()
    assert baseline.weight == 0
    assert not baseline.mean.any()


def test_the_blend_is_always_that_of_now() -> None:
    other = replace(POPULATION, mean=MEAN - 5)
    baseline = SpeakerBaseline()
    for level, weight in ((4, 1.0), (9, 0.5), (None, 0.0), (-1, 1.5)):
        if level is None:
            baseline.reset()
        else:
            baseline.update(MEAN + level, weight)
        for population in (POPULATION, other, POPULATION):
            fresh = SpeakerBaseline(
                weight=baseline.weight, mean=baseline.mean, variance=baseline.variance
            )
            for found, expected in zip(
                baseline.blended(population), fresh.blended(population), strict=True
            ):
                np.testing.assert_array_equal(found, expected)
