"""Flips, delay and accuracy of named emotions, counted by hand."""

import numpy as np
import pytest

from training.smoothing_trial import _point, _Run


def run_of(named: list[int]) -> _Run:
    """Four windows of emotion 3 and four of 5, which begins after a second."""
    return _Run(
        probabilities=0.01 + 0.92 * np.eye(8)[named],
        end_s=0.25 * np.arange(1, 9, dtype=np.float64),
        stretch=np.repeat([0, 1], 4),
        labels=np.repeat([3, 5], 4),
        starts_s=np.array([0.0, 1.0]),
    )


def test_flips_count_within_a_stretch_and_delays_from_its_beginning() -> None:
    found = _point(0.0, [run_of([2, 3, 2, 3, 4, 4, 5, 5])])
    assert found.accuracy == 0.5
    # Three in the first stretch and one in the second, in two seconds.
    assert found.flips_per_minute == pytest.approx(4 * 30)
    assert found.delay_s == pytest.approx((0.5 + 0.75) / 2)
    assert found.reached == 1


def test_emotions_that_are_never_named_have_no_delay() -> None:
    first, second = run_of([2, 3, 3, 3, 4, 4, 4, 4]), run_of([2] * 8)
    found = _point(0.0, [first, second])
    assert found.accuracy == 3 / 16
    assert found.flips_per_minute == pytest.approx(1 * 15)
    assert found.delay_s == pytest.approx(0.5)
    assert found.reached == 0.25
    assert np.isnan(_point(0.0, [second]).delay_s)


def test_smoothing_goes_on_from_one_stretch_to_the_next_and_begins_anew_with_each_run() -> None:
    change = run_of([3, 3, 3, 3, 5, 5, 5, 5])
    sharp, smooth = (_point(smoothing_s, [change]) for smoothing_s in (0.0, 1.0))
    assert sharp.delay_s == pytest.approx(0.25)
    assert smooth.delay_s > sharp.delay_s
    assert _point(1.0, [change, change]).delay_s == pytest.approx(smooth.delay_s)
