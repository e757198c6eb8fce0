"""A recording's verdict: the geometric mean of its windows, the fullest weighing most."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.pooling import Pool


@given(seed=st.integers(0, 1000), cut=st.integers(0, 6))
def test_windows_may_come_in_any_portions(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(8), 6)
    frames = rng.integers(30, 294, 6)
    whole, parts = Pool(), Pool()
    whole.add(probabilities, frames)
    parts.add(probabilities[:cut], frames[:cut])
    parts.add(probabilities[cut:], frames[cut:])
    expected, found = whole.result(), parts.result()
    assert expected is not None
    assert found is not None
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert expected.sum() == pytest.approx(1)


def test_equally_full_windows_give_the_geometric_mean() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(8), 4)
    pool = Pool()
    pool.add(probabilities, np.full(4, 100))
    mean = np.exp(np.log(probabilities).mean(axis=0))
    found = pool.result()
    assert found is not None
    np.testing.assert_allclose(found, mean / mean.sum())


def test_the_fullest_window_decides() -> None:
    pool = Pool()
    pool.add(np.array([[0.9] + [0.1 / 7] * 7, [0.1 / 7] * 7 + [0.9]]), np.array([60, 180]))
    found = pool.result()
    assert found is not None
    assert found.argmax() == 7


def test_no_window_gives_no_verdict() -> None:
    assert Pool().result() is None
