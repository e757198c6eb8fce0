"""Pitch from the mel bands: against made voices, against librosa, and its laws."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.feature_table import PITCH, PITCH_SIZE
from models.filter_banks import make_filter_banks
from models.frames import FrameExtractor
from models.pitch import (
    BAND_HZ,
    BEND_FRAMES,
    BEND_LIMIT,
    LEAST_SALIENCE,
    LEAST_VOICING,
    LONGEST_STEP,
    PITCH_STEP_SIZE,
    REFERENCE_HZ,
    RIPPLE_BANDS,
    STEP_LIMITS,
    PitchFinder,
    pitch_statistics,
    pitch_steps,
)

EXTRACTOR = FrameExtractor(make_filter_banks())
SECONDS = np.arange(16000) / 16000
Frames = NDArray[np.float32]


def pitches_of(samples: NDArray[np.floating]) -> Frames:
    return EXTRACTOR.features(EXTRACTOR.windowed(samples.astype(np.float32)))[:, PITCH]


def voice(hertz: float) -> NDArray[np.float64]:
    """Harmonics up to 7.9 kHz that fall by 6 dB an octave."""
    orders = np.arange(1, int(7900 / hertz) + 1)
    phases = 2 * np.pi * np.outer(SECONDS, orders * hertz) + orders**2
    made: NDArray[np.float64] = 0.05 * (np.cos(phases) / orders).sum(axis=1)
    return made


def hertz_of(pitches: Frames) -> float:
    mean = pitches.mean(axis=0)
    return float(REFERENCE_HZ * 2 ** (mean[3] / mean[2] / 12))


@pytest.mark.parametrize("hertz", [80, 100, 130, 170, 220, 300])
@pytest.mark.parametrize("snr_db", [60, 10])
def test_a_made_voice_has_its_pitch_in_noise_as_well(hertz: float, snr_db: float) -> None:
    clean = voice(hertz)
    noise = np.random.default_rng(0).normal(0, clean.std() * 10 ** (-snr_db / 20), clean.size)
    found = pitches_of(clean + noise)
    assert abs(12 * np.log2(hertz_of(found) / hertz)) < 1.2
    assert found[:, 0].mean() > 0.5


def test_the_bands_of_the_ripple_are_as_far_apart_as_librosas() -> None:
    centres_hz = librosa.mel_frequencies(n_mels=130, fmin=0, fmax=8000)[1 : 1 + RIPPLE_BANDS]
    np.testing.assert_allclose(np.arange(1, 1 + RIPPLE_BANDS) * BAND_HZ, centres_hz, rtol=1e-9)


def through_a_telephone(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(samples.size, 1 / 16000)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    cut: NDArray[np.float64] = np.fft.irfft(spectrum, samples.size)
    return cut


@pytest.mark.parametrize("hertz", [80, 100, 150, 220, 300])
def test_through_a_telephone_it_is_the_same(hertz: float) -> None:
    found = hertz_of(pitches_of(through_a_telephone(voice(hertz))))
    assert found == pytest.approx(hertz, rel=0.03)


def test_speech_through_a_telephone_keeps_its_pitch(speech_16k: NDArray[np.float32]) -> None:
    clean, cut = pitches_of(speech_16k), pitches_of(through_a_telephone(speech_16k))
    sure = clean[:, 0] > 0.6
    apart = np.abs(clean[:, 3] / clean[:, 2] - cut[:, 3] / cut[:, 2])
    assert np.mean(apart[sure] < 2) > 0.8
    assert np.mean(apart[sure & (cut[:, 0] > 0.6)] < 2) > 0.98


def test_speech_has_the_pitch_that_librosa_finds(speech_16k: NDArray[np.float32]) -> None:
    found = pitches_of(speech_16k)
    reference, voiced, _ = librosa.pyin(
        speech_16k, sr=16000, fmin=65, fmax=500, frame_length=1024, hop_length=160, center=False
    )
    sure = voiced[: len(found)] & (found[:, 0] > 0.6)
    semitones = 12 * np.log2(reference[: len(found)][sure] / REFERENCE_HZ)
    apart = np.abs(found[sure, 3] / found[sure, 2] - semitones)
    assert np.count_nonzero(sure) > 100
    assert np.median(apart) < 0.5
    assert np.mean(apart < 2) > 0.88
    # Those that are not lie higher, and are heard an octave lower.
    assert np.mean(apart[reference[: len(found)][sure] < 340] < 2) > 0.98


def test_speech_is_voiced_and_noise_and_silence_are_not(speech_16k: NDArray[np.float32]) -> None:
    noise = pitches_of(np.random.default_rng(1).normal(0, 0.1, 16000))
    silence = pitches_of(np.zeros(16000))
    assert noise[:, 0].mean() < 0.5
    assert np.percentile(pitches_of(speech_16k)[:, 0], 75) > 0.6
    assert silence[:, 0].max() < 1e-4
    np.testing.assert_allclose(silence[:, 2], LEAST_VOICING)


@given(st.floats(-20, 20))
def test_a_gain_changes_nothing(gain_db: float) -> None:
    quiet = voice(120) + 0.01 * np.random.default_rng(2).standard_normal(16000)
    louder = pitches_of(quiet * 10 ** (gain_db / 20))
    np.testing.assert_allclose(louder, pitches_of(quiet), rtol=1e-3, atol=1e-3)


@given(st.integers(0, 999))
def test_a_rounding_of_the_levels_never_becomes_an_octave(seed: int) -> None:
    rng = np.random.default_rng(seed)
    levels = rng.normal(-5, 2, (40, 128)).astype(np.float32)
    rounded = np.nextafter(levels, rng.choice([-np.inf, np.inf], levels.shape)).astype(np.float32)
    found = np.zeros((2, 40, PITCH_SIZE), np.float32)
    for one, out in zip((levels, rounded), found, strict=True):
        PitchFinder()(one, out)
    np.testing.assert_allclose(found[0], found[1], rtol=2e-3, atol=2e-3)


def test_voicing_weighs_the_pitch() -> None:
    found = pitches_of(voice(200) + 0.02 * np.random.default_rng(3).standard_normal(16000))
    salience, squared, voicing, pitch, pitch_squared = found.astype(np.float64).T
    np.testing.assert_allclose(squared, salience**2, rtol=1e-5)
    np.testing.assert_allclose(
        voicing, np.maximum(salience - LEAST_SALIENCE, 0) + LEAST_VOICING, rtol=1e-4
    )
    np.testing.assert_allclose(pitch_squared, pitch**2 / voicing, rtol=1e-4, atol=1e-6)


def made_pitches(seed: int, count: int = 40) -> Frames:
    rng = np.random.default_rng(seed)
    salience, pitch = rng.uniform(0.2, 1, count), rng.uniform(-6, 6, count)
    voicing = np.maximum(salience - LEAST_SALIENCE, 0) + LEAST_VOICING
    columns = [salience, salience**2, voicing, voicing * pitch, voicing * pitch**2]
    return np.stack(columns, axis=1).astype(np.float32)


@given(st.integers(0, 999))
def test_steps_are_those_of_the_definition(seed: int) -> None:
    pitches = made_pitches(seed)
    found = pitch_steps(pitches)
    pitch = pitches[:, 3].astype(np.float64) / pitches[:, 2]
    bend = 2 * BEND_FRAMES
    for k, here in enumerate(found, LONGEST_STEP):
        moves = [pitch[k] - pitch[k - frames] for frames in STEP_LIMITS]
        moves.append(pitch[k] - 2 * pitch[k - BEND_FRAMES] + pitch[k - bend])
        heard = [pitches[[k, k - frames], 2].min() for frames in STEP_LIMITS]
        heard.append(pitches[[k, k - BEND_FRAMES, k - bend], 2].min())
        limits = [*STEP_LIMITS.values(), BEND_LIMIT]
        weights = np.multiply(heard, np.maximum(0, 1 - np.abs(moves) / limits))
        weighted = np.multiply(weights, moves)
        sizes = np.abs(weighted)[: len(STEP_LIMITS)]
        np.testing.assert_allclose(here, [*weights, *weighted, *sizes], atol=1e-5)


@given(st.integers(0, 999))
def test_statistics_are_weighted_means_and_deviations(seed: int) -> None:
    pitches = made_pitches(seed).astype(np.float64)
    steps = pitch_steps(pitches.astype(np.float32))
    found = pitch_statistics(pitches.mean(axis=0), steps.mean(axis=0))
    salience, voicing = pitches[:, 0], pitches[:, 2]
    pitch = pitches[:, 3] / voicing
    mean = np.average(pitch, weights=voicing)
    summed = steps.sum(axis=0)
    expected = [
        mean,
        np.sqrt(np.average((pitch - mean) ** 2, weights=voicing)),
        salience.mean(),
        salience.std(),
        *summed[3:6] / summed[:3],
        *summed[6:] / summed[:2],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_nothing_heard_is_zeros() -> None:
    assert not pitch_statistics(np.zeros(PITCH_SIZE), np.zeros(PITCH_STEP_SIZE)).any()


@pytest.mark.parametrize("semitones_per_second", [-9.0, 9.0])
def test_a_voice_that_glides_has_the_step_of_its_glide(semitones_per_second: float) -> None:
    octaves = semitones_per_second / 12
    # The phase of a pitch that grows like 2 to the power of the octaves passed.
    turns = 200 * (2 ** (octaves * SECONDS) - 1) / (octaves * np.log(2))
    orders = np.arange(1, 25)
    glide = 0.05 * (np.cos(2 * np.pi * np.outer(turns, orders) + orders**2) / orders).sum(axis=1)
    pitches = pitches_of(glide)
    steps = pitch_steps(pitches)
    found = pitch_statistics(pitches.mean(axis=0), steps.mean(axis=0))
    # Candidates lie further apart than a voice glides in a frame, and small steps weigh most.
    np.testing.assert_allclose(found[4] / 0.01, semitones_per_second, rtol=0.3)
    np.testing.assert_allclose(found[5] / 0.08, semitones_per_second, rtol=0.1)
    assert abs(found[6]) < 0.05
