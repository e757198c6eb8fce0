"""The running baseline equals batch statistics, and its prior behaves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.baseline import SpeakerBaseline
from models.feature_table import FEATURE_COUNT

MEAN = np.zeros(FEATURE_COUNT)
SCALE = np.ones(FEATURE_COUNT)


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
    mean, scale = SpeakerBaseline().blended(MEAN + 2, SCALE * 3, 4.0)
    np.testing.assert_array_equal(mean, MEAN + 2)
    np.testing.assert_array_equal(scale, SCALE * 3)


def test_much_evidence_is_the_speaker() -> None:
    baseline = SpeakerBaseline(weight=1e9, mean=MEAN + 7, variance=SCALE * 4)
    mean, scale = baseline.blended(MEAN, SCALE, 4.0)
    np.testing.assert_allclose(mean, 7, rtol=1e-6)
    np.testing.assert_allclose(scale, 2, rtol=1e-6)


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
