"""Smoothing is a running geometric mean that silence resets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from realtime.smoothing import Smoother

ONE = np.array([0.65, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05])
TWO = np.roll(ONE, 1)


def _probabilities(seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).dirichlet(np.ones(8))


@given(seeds=st.lists(st.integers(0, 10_000), min_size=1, max_size=20))
def test_smoothed_values_are_probabilities(seeds: list[int]) -> None:
    smoother = Smoother(1.0, 0.25, 1.0)
    for seed in seeds:
        smoothed = smoother.push(_probabilities(seed))
        assert smoothed.sum() == pytest.approx(1)
        assert (smoothed > 0).all()


def test_a_constant_input_stays() -> None:
    smoother = Smoother(1.0, 0.25, 1.0)
    for _ in range(5):
        np.testing.assert_allclose(smoother.push(ONE), ONE)


def test_no_time_constant_means_no_smoothing() -> None:
    smoother = Smoother(0.0, 0.25, 1.0)
    smoother.push(ONE)
    np.testing.assert_allclose(smoother.push(TWO), TWO)


def test_a_change_takes_about_the_time_constant() -> None:
    smoother = Smoother(1.0, 0.25, 1.0)
    smoother.push(ONE)
    hops = next(i for i in range(1, 50) if smoother.push(TWO).argmax() == 1)
    assert hops * 0.25 == pytest.approx(0.75, abs=0.26)


def test_short_silence_keeps_and_long_silence_resets() -> None:
    # Of tenths of a second, too, ten are a second, though their sum as floats is not; and seven
    # times 0.3 s are 2.1 s, though 2.1 / 0.3 is more than seven.
    for hop_s, reset_after_s, hops, expected in (
        (0.25, 1.0, 3, 0),
        (0.25, 1.0, 4, 1),
        (0.1, 1.0, 9, 0),
        (0.1, 1.0, 10, 1),
        (0.3, 2.1, 6, 0),
        (0.3, 2.1, 7, 1),
    ):
        smoother = Smoother(10.0, hop_s, reset_after_s)
        smoother.push(ONE)
        for _ in range(hops):
            smoother.silence()
        assert smoother.push(TWO).argmax() == expected


def test_silences_with_speech_between_them_do_not_add_up() -> None:
    smoother = Smoother(10.0, 0.25, 1.0)
    for _ in range(2):
        smoother.push(ONE)
        smoother.silence()
        smoother.silence()
    assert smoother.push(TWO).argmax() == 0


def test_a_certain_zero_does_not_last_for_ever() -> None:
    smoother = Smoother(0.5, 0.25, 1.0)
    smoother.push(np.eye(8)[0])
    for _ in range(20):
        smoothed = smoother.push(np.eye(8)[1])
    assert smoothed.argmax() == 1
