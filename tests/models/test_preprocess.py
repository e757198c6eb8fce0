"""From vectors to the network's input: bounded, invariant to gain, aware of the baseline."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.baseline import Population, SpeakerBaseline
from models.feature_table import FEATURE_COUNT, SPANS
from models.level_free import NOTHING
from models.preprocess import LARGEST_DEVIATION, MATURITY_SCALE, Preprocessing
from models.window_vector import MEANS, WINDOW_VECTOR_SIZE

RNG = np.random.default_rng(0)
PREPROCESSING = Preprocessing(
    population=Population(
        mean=RNG.normal(0, 5, FEATURE_COUNT),
        between=RNG.uniform(1, 3, FEATURE_COUNT),
        within=RNG.uniform(1, 9, FEATURE_COUNT),
        prior_weight=1.5,
        variance_prior_weight=10.0,
    ),
    relevance=RNG.uniform(0.1, 2, FEATURE_COUNT),
    leaning_share=0.5,
    stranger_share=0.35,
)


def vectors(count: int = 5) -> np.ndarray:
    rows = np.random.default_rng(1).normal(0, 5, (count, WINDOW_VECTOR_SIZE))
    rows[:, MEANS.stop :] = np.random.default_rng(3).uniform(
        1, 9, (count, WINDOW_VECTOR_SIZE - MEANS.stop)
    )
    rows[:, SPANS["mel"]] = np.random.default_rng(2).uniform(1e-6, 1, (count, 128))
    return rows


def test_a_row_alone_and_among_others_is_the_same() -> None:
    levelled = PREPROCESSING.levelled(vectors())
    every = PREPROCESSING.standardised(levelled, SpeakerBaseline())
    one = PREPROCESSING.standardised(levelled[2], SpeakerBaseline())
    np.testing.assert_allclose(one, every[2], atol=1e-12)


@given(st.floats(1e-6, 1e9))
def test_deviations_are_bounded(size: float) -> None:
    inputs = PREPROCESSING.standardised(np.full(FEATURE_COUNT, size), SpeakerBaseline())
    features = np.delete(np.arange(FEATURE_COUNT), NOTHING)
    bound = LARGEST_DEVIATION * PREPROCESSING.relevance
    assert (np.abs(inputs)[features] <= bound[features] + 1e-9).all()


@pytest.mark.parametrize(("weight", "told"), [(0.0, -1.0), (1.5, 0.0), (1e9, 1.0)])
def test_the_empty_place_tells_how_mature_the_baseline_is(weight: float, told: float) -> None:
    baseline = SpeakerBaseline(weight=weight)
    inputs = PREPROCESSING.standardised(PREPROCESSING.levelled(vectors()), baseline)
    np.testing.assert_allclose(inputs[:, NOTHING], told * MATURITY_SCALE, atol=1e-6)


def test_one_shout_is_drawn_in_before_it_is_learnt() -> None:
    quiet, shouted = SpeakerBaseline(), SpeakerBaseline()
    ordinary = PREPROCESSING.population.mean
    for _ in range(10):
        PREPROCESSING.learn(quiet, ordinary, np.zeros(8), 0.5)
        PREPROCESSING.learn(shouted, ordinary, np.zeros(8), 0.5)
    PREPROCESSING.learn(shouted, ordinary + 1e6, np.zeros(8), 0.5)
    _, scale = quiet.blended(PREPROCESSING.population)
    assert (np.abs(shouted.mean - quiet.mean) <= LARGEST_DEVIATION * scale).all()


def test_what_was_answered_is_learnt_with_the_vector() -> None:
    baseline = SpeakerBaseline()
    for logits, weight in ((np.arange(8.0), 0.5), (np.zeros(8), 1.5)):
        PREPROCESSING.learn(baseline, PREPROCESSING.population.mean, logits, weight)
    assert (baseline.weight, baseline.leaning.weight) == (2.0, 2.0)
    np.testing.assert_allclose(baseline.leaning.mean, (np.arange(8) - 3.5) / 4)
    np.testing.assert_allclose(baseline.mean, PREPROCESSING.population.mean)
