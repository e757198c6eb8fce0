"""What each hint reacts to, and that it goes when its reason is over."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from realtime.sources.hints import TEXTS, Hints

RATE = 48_000
Sound = NDArray[np.float32]


def noise(seconds: float, level_dbfs: float = -30.0, seed: int = 1) -> Sound:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 10 ** (level_dbfs / 20), round(seconds * RATE)).astype(np.float32)


def spoken(seconds: float, level_dbfs: float = -30.0) -> Sound:
    """Bursts of noise, half a second on and half a second 40 dB lower."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (noise(seconds, level_dbfs) * np.where(time % 1 < 0.5, 1, 0.01)).astype(np.float32)


def told(hints: Hints, sound: Sound, rate: int = RATE) -> list[tuple[str, bool]]:
    """Push in blocks of 20 ms; the keys that were shown (True) and cleared (False)."""
    block = rate // 50
    notices = []
    for begin in range(0, sound.size, block):
        notices += hints.push(sound[begin : begin + block], rate)
    for notice in notices:
        assert notice.text in (None, TEXTS[notice.key])
    return [(notice.key, notice.text is not None) for notice in notices]


def test_a_stream_that_begins_anew_has_no_hints_of_the_one_before() -> None:
    hints = Hints()
    assert told(hints, np.zeros(2 * RATE, np.float32)) == [("zeros", True)]
    assert [(notice.key, notice.text) for notice in hints.forget()] == [("zeros", None)]
    assert hints.forget() == []
    assert told(hints, np.zeros(RATE, np.float32)) == []
    assert told(hints, np.zeros(RATE, np.float32)) == [("zeros", True)]


def test_good_sound_gives_no_hint() -> None:
    assert told(Hints(), spoken(30)) == []
    assert told(Hints(), noise(30, -60)) == []


def test_two_seconds_of_exact_zeros_are_told_and_one_sample_clears() -> None:
    hints = Hints()
    zeros = np.zeros(2 * RATE, np.float32)
    assert told(hints, zeros[:-960]) == []
    assert told(hints, zeros[:960]) == [("zeros", True)]
    assert told(hints, zeros) == []
    assert told(hints, np.full(960, 1e-5, np.float32)) == [("zeros", False)]


def test_a_voice_that_is_too_quiet_is_told_until_it_is_louder() -> None:
    hints = Hints()
    assert told(hints, spoken(15, -55)) == [("quiet", True)]
    assert told(hints, spoken(5, -49)) == []
    assert told(hints, spoken(2, -40)) == [("quiet", False)]


def test_next_to_nothing_is_told_as_too_quiet() -> None:
    assert told(Hints(), noise(15, -85)) == [("quiet", True)]


def test_an_offset_does_not_make_a_quiet_voice_loud() -> None:
    assert told(Hints(), spoken(15, -55) + np.float32(0.008)) == [("quiet", True)]


def test_exact_silence_is_not_called_quiet_as_well() -> None:
    assert told(Hints(), np.zeros(15 * RATE, np.float32)) == [("zeros", True)]


@pytest.mark.parametrize("peak", [1.0, -1.0])
def test_clipping_on_one_side_is_clipping(peak: float) -> None:
    sound = noise(4)
    sound[::200] = peak
    assert told(Hints(), sound) == [("clipping", True)]


def test_clipping_is_told_and_forgotten() -> None:
    hints = Hints()
    assert told(hints, np.clip(noise(4, -3), -1, 1)) == [("clipping", True)]
    assert told(hints, noise(5, -20)) == [("clipping", False)]


def test_one_clipped_sample_is_no_matter() -> None:
    sound = noise(5)
    sound[RATE] = 1.0
    assert told(Hints(), sound) == []


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_headset_in_telephone_mode_is_told(rate: int) -> None:
    hints = Hints()
    voice = soxr.resample(spoken(12), RATE, 8_000).astype(np.float32)
    assert told(hints, soxr.resample(voice, 8_000, rate), rate) == [("narrow", True)]
    wide = soxr.resample(spoken(8), RATE, rate)
    assert told(hints, wide, rate) == [("narrow", False)]


def test_a_device_of_a_low_rate_is_no_headset() -> None:
    assert told(Hints(), soxr.resample(spoken(12), RATE, 8_000), 8_000) == []


def test_an_offset_is_told_with_hysteresis() -> None:
    hints = Hints()
    assert told(hints, noise(4) + np.float32(0.03)) == [("offset", True)]
    assert told(hints, noise(4) + np.float32(0.015)) == []
    assert told(hints, noise(4)) == [("offset", False)]


def test_another_rate_begins_afresh() -> None:
    hints = Hints()
    told(hints, noise(2.9) + np.float32(0.03))
    assert told(hints, noise(2), 44_100) == []


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(100, 30_000), min_size=1, max_size=10))
def test_blocks_of_any_length_do(sizes: list[int]) -> None:
    sound = np.tile(np.clip(noise(1, -3), -1, 1), 8)
    hints = Hints()
    begin, shown = 0, []
    while begin < sound.size:
        for size in sizes:
            shown += hints.push(sound[begin : begin + size], RATE)
            begin += size
    assert next(notice.key for notice in shown if notice.text) == "clipping"


def test_each_hint_is_one_line() -> None:
    assert all("\n" not in text and text.endswith(".") for text in TEXTS.values())
