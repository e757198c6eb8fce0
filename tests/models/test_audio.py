"""Canonical audio: any rate, any partition, any number of channels."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.audio import Canonical, OffsetRemover, to_mono
from models.errors import AudioError

RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000]


def _noise(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.05, count).astype(np.float32)


def _in_parts(rate: int, samples: NDArray[np.float32], cuts: list[int]) -> NDArray[np.float32]:
    canonical = Canonical(rate)
    parts = [canonical.push(part) for part in np.split(samples, sorted(cuts))]
    return np.concatenate([*parts, canonical.push(samples[:0], last=True)])


@given(
    rate=st.sampled_from(RATES),
    cuts=st.lists(st.integers(0, 6000), max_size=30),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=40)
def test_any_partition_gives_the_same_samples(rate: int, cuts: list[int], seed: int) -> None:
    samples = _noise(6000, seed)
    whole = soxr.resample(samples, rate, 16000, quality="HQ")
    np.testing.assert_array_equal(_in_parts(rate, samples, cuts), whole)


def test_single_samples_give_the_same_samples() -> None:
    samples = _noise(2000)
    parts = _in_parts(44100, samples, list(range(1, 2000)))
    np.testing.assert_array_equal(parts, soxr.resample(samples, 44100, 16000, quality="HQ"))


@given(channels=st.integers(1, 8), seed=st.integers(0, 99))
@settings(deadline=None)
def test_channels_are_averaged(channels: int, seed: int) -> None:
    block = np.random.default_rng(seed).normal(0, 0.1, (50, channels)).astype(np.float32)
    before = block.copy()
    np.testing.assert_allclose(to_mono(block), block.mean(axis=1), atol=1e-7)
    np.testing.assert_array_equal(block, before)


def test_one_dimension_is_mono_already() -> None:
    block = _noise(10)
    assert to_mono(block) is block


@pytest.mark.parametrize("rate", [0, 7999, 192001])
def test_an_impossible_rate_is_refused_with_the_range(rate: int) -> None:
    with pytest.raises(AudioError, match=f"{rate} Hz; 8000 to 192000 Hz"):
        Canonical(rate)


@pytest.mark.parametrize("offset", [0.1, -0.3])
def test_a_constant_offset_goes_within_seconds(offset: float) -> None:
    samples = _noise(16000 * 6) * np.float32(0.4) + np.float32(offset)
    out = OffsetRemover().push(samples)
    assert abs(float(out[-16000:].mean())) < 0.005
    np.testing.assert_allclose(out[-16000:].std(), samples.std(), rtol=0.02)


@given(cuts=st.lists(st.integers(0, 5000), max_size=20))
@settings(deadline=None, max_examples=30)
def test_the_offset_is_the_same_for_any_partition(cuts: list[int]) -> None:
    samples = _noise(5000) + np.float32(0.2)
    whole = OffsetRemover().push(samples, last=True)
    remover = OffsetRemover()
    parts = [remover.push(part) for part in np.split(samples, sorted(cuts))]
    parts.append(remover.push(samples[:0], last=True))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_clean_speech_is_left_bit_for_bit_alone(speech_16k: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(OffsetRemover().push(speech_16k, last=True), speech_16k)
