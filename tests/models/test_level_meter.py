"""Level and clipping are those of each hop, to the sample, at any rate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.level_meter import SILENCE_DBFS, LevelMeter

RATE = 16000
HOP = 800


def _measured(
    samples: NDArray[np.float32], hops: int, *, rate: int = RATE, cuts: tuple[int, ...] = ()
) -> list[tuple[float, float]]:
    meter = LevelMeter(rate, HOP)
    for part in np.split(samples, cuts):
        meter.push(part)
    return [meter.pop() for _ in range(hops)]


@pytest.mark.parametrize(
    ("value", "clipped"),
    [
        (1.0, 1.0),
        (-1.0, 1.0),
        (32767 / 32768, 1.0),  # the largest sample of 16 bits
        (-32768 / 32768, 1.0),
        (0.998, 0.0),
        (-0.998, 0.0),
    ],
)
def test_full_scale_is_clipped_on_either_side(value: float, clipped: float) -> None:
    ((level_dbfs, ratio),) = _measured(np.full(HOP, value, np.float32), 1)
    assert ratio == clipped
    assert level_dbfs == pytest.approx(20 * math.log10(abs(value)), abs=1e-4)


def test_the_share_of_clipped_samples_is_that_of_the_hop() -> None:
    samples = np.zeros(2 * HOP, np.float32)
    samples[: HOP // 4 : 2] = 1
    samples[1 : HOP // 4 : 2] = -1
    assert [ratio for _, ratio in _measured(samples, 2)] == [0.25, 0]


@pytest.mark.parametrize("faint", [0.0, 1e-7, -1e-8])
def test_no_sound_is_fainter_than_silence(faint: float) -> None:
    ((level_dbfs, _),) = _measured(np.full(HOP, faint, np.float32), 1)
    assert level_dbfs == SILENCE_DBFS


@given(cuts=st.lists(st.integers(0, 22_000), max_size=10))
def test_hops_keep_time_where_one_is_no_whole_number_of_samples(cuts: list[int]) -> None:
    rate, hops = 11_025, 40
    ends = (rate * HOP / RATE * np.arange(hops + 1)).astype(int)  # 551.25 samples each
    # Loud and silent in turn: a sample on the wrong side would be seen.
    samples = np.repeat(np.arange(hops) % 2, np.diff(ends)).astype(np.float32)
    found = _measured(samples, hops, rate=rate, cuts=tuple(sorted(cuts)))
    assert found == [(SILENCE_DBFS, 0.0), (0.0, 1.0)] * (hops // 2)


def test_a_hop_that_lacks_its_last_sample_is_measured_by_what_there_is() -> None:
    found = _measured(np.ones(2 * HOP - 1, np.float32), 3)
    assert found == [(0.0, 1.0), (0.0, 1.0), (SILENCE_DBFS, 0.0)]
