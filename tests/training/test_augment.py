"""Augmented copies: seeded by the sound itself, and each doing what it says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import AudioError
from training.augment import (
    AS_IT_IS,
    Copy,
    band_limited,
    coloured_noise,
    loud_power,
    make_copy,
    pink_noise,
    with_noise,
    with_room,
)
from training.noise_recordings import JUDGING, TRAINING, check_noise, noise_files

RATE = 16_000
SOUND = np.sin(np.arange(RATE) * 0.3).astype(np.float32) * np.float32(0.2)
KINDS = [
    Copy(speed=1.1),
    Copy(room_s=0.3),
    Copy(lowest_hz=300, highest_hz=3400),
    Copy(noise_snr_db=10),
    Copy(gain_db=-20),
    Copy(rate=8000),
    Copy(codec="gsm"),
]


def test_a_copy_that_does_nothing_is_the_sound() -> None:
    samples, rate = make_copy(SOUND, RATE, AS_IT_IS)
    assert samples is SOUND
    assert rate == RATE


@pytest.mark.parametrize("copy", KINDS, ids=Copy.described)
def test_the_same_sound_gives_the_same_copy(copy: Copy) -> None:
    one, _ = make_copy(SOUND, RATE, copy)
    two, _ = make_copy(SOUND.copy(), RATE, copy)
    np.testing.assert_array_equal(one, two)
    assert one.dtype == np.float32
    assert np.isfinite(one).all()
    assert one.shape != SOUND.shape or not np.array_equal(one, SOUND)


@pytest.mark.parametrize("speed", [0.8, 1.25])
def test_speed_changes_the_length(speed: float) -> None:
    samples, rate = make_copy(SOUND, RATE, Copy(speed=speed))
    assert rate == RATE
    assert samples.size == pytest.approx(RATE / speed, abs=2)


def test_another_rate_keeps_the_duration() -> None:
    samples, rate = make_copy(SOUND, RATE, Copy(rate=44_100))
    assert (samples.size, rate) == (44_100, 44_100)


@given(st.floats(-10, 40), st.integers(0, 9))
def test_noise_lies_as_far_below_the_sound_as_asked(snr_db: float, seed: int) -> None:
    noise = pink_noise(SOUND.size, np.random.default_rng(seed))
    added = (with_noise(SOUND, snr_db, noise) - SOUND).astype(np.float64)
    found = 10 * np.log10(loud_power(SOUND) / np.mean(added**2))
    assert found == pytest.approx(snr_db, abs=0.05)


def test_a_pause_lowers_the_noise_only_where_it_counts_as_sound() -> None:
    pause = np.zeros(3 * SOUND.size, np.float32)
    noise = pink_noise(4 * SOUND.size, np.random.default_rng(0))
    sound = np.concatenate([SOUND, pause])
    loud, mean = (
        np.mean(np.square(with_noise(sound, 10, noise, by_mean_power=by_mean_power) - sound))
        for by_mean_power in (False, True)
    )
    assert 10 * np.log10(loud / mean) == pytest.approx(10 * np.log10(4), abs=0.3)


def test_a_noise_of_zeros_adds_nothing() -> None:
    assert with_noise(SOUND, 10, np.zeros_like(SOUND)) is SOUND


def test_loud_power_leaves_out_silence() -> None:
    with_pause = np.concatenate([SOUND, np.zeros(4 * RATE, np.float32)])
    assert loud_power(with_pause) == pytest.approx(loud_power(SOUND), rel=0.05)
    assert loud_power(SOUND[:100]) > 0
    assert loud_power(np.zeros(0, np.float32)) == 0


@pytest.mark.parametrize(("softer_db", "counts"), [(20, True), (28, True), (32, False)])
def test_loud_is_what_lies_within_thirty_decibels_of_the_loudest(
    softer_db: float, *, counts: bool
) -> None:
    soft = SOUND * np.float32(10 ** (-softer_db / 20))
    share = (1 + 10 ** (-softer_db / 10)) / 2 if counts else 1.0
    found = loud_power(np.concatenate([SOUND, soft]))
    assert found == pytest.approx(share * loud_power(SOUND), rel=0.01)


def test_pink_noise_falls_by_three_decibels_an_octave() -> None:
    noise = pink_noise(2**18, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [power[2**k : 2 ** (k + 1)].mean() for k in range(8, 16)]
    np.testing.assert_allclose(np.diff(10 * np.log10(octaves)), -3.01, atol=0.7)


@pytest.mark.parametrize("seed", range(5))
def test_coloured_noise_is_finite_seeded_and_of_level_one(seed: int) -> None:
    noise = coloured_noise(16_000, np.random.default_rng(seed))
    np.testing.assert_array_equal(noise, coloured_noise(16_000, np.random.default_rng(seed)))
    assert np.std(noise) == pytest.approx(1, abs=0.05)
    assert coloured_noise(100, np.random.default_rng(seed)).shape == (100,)


def test_another_take_is_another_noise() -> None:
    one, _ = make_copy(SOUND, RATE, Copy(noise_snr_db=5, take=1))
    two, _ = make_copy(SOUND, RATE, Copy(noise_snr_db=5, take=2))
    assert not np.allclose(one, two)


def noise_added(samples: NDArray[np.float32], copy: Copy, place: int) -> NDArray[np.float32]:
    noisy, _ = make_copy(samples, RATE, copy, place)
    noise: NDArray[np.float32] = noisy - samples
    return noise / np.float32(np.std(noise))


def spectrum_db(noise: NDArray[np.float32]) -> NDArray[np.float64]:
    power = np.abs(np.fft.rfft(noise.astype(np.float64))) ** 2
    edges = [2**k for k in range(6, 13)]
    found: NDArray[np.float64] = 10 * np.log10(np.add.reduceat(power, edges))
    return found


def test_steady_made_noise_has_one_colour_at_a_place_and_others_elsewhere() -> None:
    copy = Copy(noise_snr_db=5, steady=True)
    one, two, elsewhere = (
        spectrum_db(noise_added(sound, copy, place))
        for sound, place in ((SOUND, 1), (SOUND * 0.5, 1), (SOUND, 2))
    )
    assert np.abs(one - two).max() < 3
    assert np.abs(one - elsewhere).max() > 3


def test_steady_noise_from_a_folder_is_one_recording_at_a_place(tmp_path: Path) -> None:
    hertz = [500 * (1 + place) for place in range(8)]
    for one in hertz:
        tone = 0.5 * np.sin(2 * np.pi * one * np.arange(RATE) / RATE)
        soundfile.write(tmp_path / f"{one:05}.wav", tone, RATE)
    copy = Copy(noise_snr_db=0, noise_dir=str(tmp_path), steady=True)
    sounds = [SOUND * np.float32(gain) for gain in (1, 0.5, 0.25)]
    peaks = [
        {int(np.abs(np.fft.rfft(noise_added(sound, copy, place))).argmax()) for sound in sounds}
        for place in range(12)
    ]
    assert all(len(found) == 1 for found in peaks)
    assert len(set.union(*peaks)) > 2


def test_a_telephone_passes_the_middle_and_stops_the_rest() -> None:
    time_s = np.arange(RATE) / RATE
    for hertz, passes in ((100, False), (1000, True), (3000, True), (5000, False)):
        tone = np.sin(2 * np.pi * hertz * time_s).astype(np.float32)
        heard = band_limited(tone, RATE, 300, 3400)
        assert bool(np.std(heard) > 0.5) is passes


def test_a_room_keeps_length_and_direct_sound() -> None:
    click = np.zeros(RATE, np.float32)
    click[100] = 1
    heard = with_room(click, RATE, 0.3, np.random.default_rng(0))
    assert heard.size == click.size
    assert heard[100] == pytest.approx(1, abs=1e-3)
    energy = np.cumsum(heard[101:] ** 2)
    assert energy[-1] == pytest.approx(1, rel=0.05)
    assert energy[int(0.15 * RATE)] > 0.99 * energy[-1]


def test_a_room_has_lost_thirty_decibels_after_half_its_time() -> None:
    click = np.zeros(RATE, np.float32)
    click[0] = 1
    room_s, block = 0.4, RATE // 50
    heard = with_room(click, RATE, room_s, np.random.default_rng(0))
    first = 1 + RATE // 200  # behind the direct sound
    begin, half, behind = (
        np.mean(heard[start : start + block].astype(np.float64) ** 2)
        for start in (first, first + round(room_s / 2 * RATE), first + round(room_s * RATE))
    )
    assert 10 * np.log10(half / begin) == pytest.approx(-30, abs=3)
    assert behind < 1e-6 * begin


def test_two_sounds_hear_other_stretches_of_one_recording_of_noise(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, 2 * RATE)
    soundfile.write(tmp_path / "only.wav", noise, RATE)
    copy = Copy(noise_snr_db=0, noise_dir=str(tmp_path), steady=True)
    one, other = (noise_added(sound, copy, 1) for sound in (SOUND, SOUND[::-1].copy()))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1
    # Each is a stretch of it all the same, found again where it correlates best.
    recording = np.fft.fft(noise)
    for heard in (one, other):
        match = np.fft.ifft(recording * np.conj(np.fft.fft(heard, noise.size))).real
        assert match.max() > 0.9 * np.linalg.norm(heard) * np.std(noise) * RATE**0.5


def test_noise_from_a_folder_is_drawn_by_the_sound(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, rng.uniform(-0.5, 0.5, 8000), 8000)
    copy = Copy(noise_snr_db=0, noise_dir=str(tmp_path))
    heard, _ = make_copy(SOUND, RATE, copy)
    again, _ = make_copy(SOUND, RATE, copy)
    other, _ = make_copy(SOUND[::-1].copy(), RATE, copy)
    np.testing.assert_array_equal(heard, again)
    assert not np.allclose(heard - SOUND, other - SOUND[::-1])


def test_no_recording_of_noise_both_trains_and_judges(tmp_path: Path) -> None:
    for name in "abcde":
        soundfile.write(tmp_path / f"{name}.wav", np.ones(10), 8000)
    training, judging = (set(noise_files(tmp_path, part)) for part in (TRAINING, JUDGING))
    assert len(training) == 3
    assert len(judging) == 2
    assert training | judging == set(noise_files(tmp_path))


def test_where_there_is_one_recording_it_judges_what_no_recording_trained(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hum.wav", 0.1 * np.ones(8000), 8000)
    copy = Copy(noise_snr_db=10, noise_dir=str(tmp_path), noise_part=JUDGING)
    heard, _ = make_copy(SOUND, RATE, copy)
    assert not np.array_equal(heard, SOUND)


@pytest.mark.parametrize("of_class", ["", "-12"])
def test_no_two_takes_of_one_recording_train_and_judge(tmp_path: Path, of_class: str) -> None:
    for name in ("Rain_1-17-A", "Rain_1-47-A", "Rain_1-47-B", "Rain_2-47-A"):
        soundfile.write(tmp_path / f"{name}{of_class}.wav", np.ones(10), 8000)
    training, judging = (
        [file.stem for file in noise_files(tmp_path, part)] for part in (TRAINING, JUDGING)
    )
    assert training == [f"Rain_1-17-A{of_class}", f"Rain_1-47-B{of_class}"]
    assert judging == [f"Rain_2-47-A{of_class}"]


@pytest.mark.parametrize("noise", [np.zeros(8000), np.ones(3000), np.ones(1)])
def test_noise_that_nothing_could_be_heard_in_is_refused(
    tmp_path: Path, noise: NDArray[np.float64]
) -> None:
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "a.wav", 0.1 * np.ones(8000), 8000)
    soundfile.write(tmp_path / "bad/b.wav", 0.1 * noise, 8000)
    check_noise(tmp_path / "good")
    with pytest.raises(AudioError, match=r"b\.wav is no noise that anything could be heard in"):
        check_noise(tmp_path / "bad")


@pytest.mark.parametrize("folder", [True, False])
def test_noise_is_the_same_at_every_fixed_level(tmp_path: Path, *, folder: bool) -> None:
    """Or a table by level would compare recordings as much as levels."""
    rng = np.random.default_rng(2)
    for name in "abcdefgh":
        soundfile.write(tmp_path / f"{name}.wav", rng.uniform(-0.5, 0.5, 8000), 8000)
    copy = Copy(noise_snr_db=0, noise_dir=str(tmp_path) if folder else "")
    loud = make_copy(SOUND, RATE, copy)[0] - SOUND
    soft = make_copy(SOUND, RATE, replace(copy, noise_snr_db=20))[0] - SOUND
    np.testing.assert_allclose(soft, loud / 10, atol=1e-5)
    trained = make_copy(SOUND, RATE, replace(copy, noise_spread_db=1e-9))[0] - SOUND
    assert not np.allclose(trained, loud, atol=1e-2)
    names = {replace(copy, noise_snr_db=snr_db).described() for snr_db in (0, 10, 20)}
    assert len(names) == 3


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_noise_is_as_loud_within_what_is_heard_at_any_rate(rate: int) -> None:
    """Of noise that fills the band up to 24 kHz, two thirds would be lost."""
    tone = np.sin(2 * np.pi * 440 * np.arange(3 * rate) / rate).astype(np.float32)
    heard, heard_rate = make_copy(tone, rate, Copy(noise_snr_db=10))
    canonical = soxr.resample(tone, rate, 16_000, quality="HQ")
    assert heard_rate == 16_000
    snr_db = 10 * np.log10(np.mean(canonical**2) / np.mean((heard - canonical) ** 2))
    assert abs(snr_db - 10) < 0.2


def test_the_draw_of_noise_does_not_hang_on_where_the_folder_lies(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noises = [rng.uniform(-0.5, 0.5, 8000) for _ in range(4)]
    heard = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        for number, noise in enumerate(noises):
            soundfile.write(tmp_path / place / f"{number}.wav", noise, 8000)
        copy = Copy(noise_snr_db=0, noise_dir=str(tmp_path / place), noise_part=TRAINING)
        heard.append(make_copy(SOUND, RATE, copy)[0])
    np.testing.assert_array_equal(heard[0], heard[1])


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no sound file"):
        noise_files(tmp_path)
