"""What a network answers to one voice on average."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.baseline import SpeakerBaseline
from models.leaning import Leaning

RNG = np.random.default_rng(0)


def known(logits: np.ndarray, weights: np.ndarray) -> Leaning:
    leaning = Leaning()
    for row, weight in zip(logits, weights.tolist(), strict=True):
        leaning.update(row, weight)
    return leaning


def test_it_is_the_weighted_mean_of_the_logits_less_their_own_mean() -> None:
    logits, weights = RNG.normal(size=(20, 8)), RNG.uniform(0.1, 1, 20)
    centred = logits - logits.mean(axis=1, keepdims=True)
    leaning = known(logits, weights)
    assert leaning.weight == pytest.approx(weights.sum())
    np.testing.assert_allclose(leaning.mean, np.average(centred, axis=0, weights=weights))


@given(shift=st.floats(-50, 50))
def test_what_a_softmax_does_not_see_changes_nothing(shift: float) -> None:
    logits = RNG.normal(size=8)
    one, shifted = known(logits[None], np.ones(1)), known(logits[None] + shift, np.ones(1))
    np.testing.assert_allclose(one.mean, shifted.mean, atol=1e-9)
    assert abs(one.removed(logits, 0.5, 1.5).mean() - logits.mean()) < 1e-9


def test_a_stranger_is_answered_as_the_network_does() -> None:
    logits = RNG.normal(size=(3, 8))
    np.testing.assert_array_equal(Leaning().removed(logits, 0.5, 1.5), logits)
    np.testing.assert_array_equal(Leaning().removed(logits[0], 0.5, 1.5), logits[0])


def test_more_is_taken_out_of_a_voice_that_is_better_known() -> None:
    logits = np.tile(np.arange(8.0), (40, 1))
    left = [
        np.ptp(known(logits[:count], np.ones(count)).removed(logits[0], 0.5, 1.5))
        for count in (1, 4, 40)
    ]
    assert 7 > left[0] > left[1] > left[2] > 3.5


def test_one_emotion_all_the_time_stays_the_first() -> None:
    logits = np.tile(RNG.normal(size=8), (40, 1))
    left = known(logits, np.ones(40)).removed(logits[0], 0.5, 1.5)
    assert left.argmax() == logits[0].argmax()


def test_no_evidence_teaches_nothing_and_a_reset_forgets() -> None:
    baseline = SpeakerBaseline()
    baseline.leaning.update(np.arange(8.0), 0.0)
    assert baseline.leaning.weight == 0
    baseline.leaning.update(np.arange(8.0), 1.0)
    baseline.reset()
    assert baseline.leaning.weight == 0
