"""Each feature group equals librosa's own function on the same frames."""

from itertools import pairwise
from unittest import mock

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from models.feature_table import (
    FEATURE_COUNT,
    FEATURE_NAMES,
    FLOORED_MFCC,
    FRAME_SIZE,
    GROUPS,
    SPANS,
)
from models.filter_banks import BANK_SHAPES, FilterBanks, make_filter_banks
from models.frames import FLOOR_DB, FrameExtractor, contrast_bands, frame_count

# Tolerances of float32 storage; in double all groups agree to 1e-9.
TOLERANCES = {"mfcc": 2e-3, "chroma": 2e-6, "contrast": 1e-3, "tonnetz": 2e-6, "floored": 2e-3}
PLACES = SPANS | {"floored": FLOORED_MFCC}


@pytest.fixture(scope="module")
def banks() -> FilterBanks:
    return make_filter_banks()


def _reference(samples: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """The recipe in librosa's words, in double, with nothing that looks at the whole clip."""
    magnitude = np.abs(
        librosa.stft(samples.astype(np.float64), n_fft=1024, hop_length=160, center=False)
    )
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=16000, n_mels=128)
    chroma = librosa.feature.chroma_stft(S=magnitude**2, sr=16000, tuning=0)

    def no_ceiling(power: NDArray[np.float64], **_: object) -> NDArray[np.float64]:
        return 10 * np.log10(np.maximum(power, 1e-10))

    def floored_mfcc(frame: NDArray[np.float64]) -> NDArray[np.float64]:
        levels_db = librosa.power_to_db(frame[:, None], top_db=FLOOR_DB)
        return librosa.feature.mfcc(S=levels_db, n_mfcc=40)[:, 0]

    with mock.patch("librosa.feature.spectral.power_to_db", no_ceiling):
        contrast = librosa.feature.spectral_contrast(S=magnitude, sr=16000)
    return {
        "mfcc": librosa.feature.mfcc(S=librosa.power_to_db(mel, top_db=None), n_mfcc=40).T,
        "chroma": chroma.T,
        "mel": mel.T,
        "contrast": contrast.T,
        "tonnetz": librosa.feature.tonnetz(chroma=chroma).T,
        "floored": np.array([floored_mfcc(frame) for frame in mel.T]),
    }


def _sounds(speech: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(7)
    seconds = np.arange(16000) / 16000
    return {
        "speech": speech,
        "quiet speech": speech * np.float32(1e-3),
        "noise": rng.normal(0, 0.1, 16000).astype(np.float32),
        "tone": (0.5 * np.sin(2 * np.pi * 440 * seconds)).astype(np.float32),
        "click": np.eye(1, 16000, 700, dtype=np.float32)[0],
        "silence": np.zeros(16000, np.float32),
    }


def test_every_group_equals_librosa(banks: FilterBanks, speech_16k: NDArray[np.float32]) -> None:
    extractor = FrameExtractor(banks)
    for name, samples in _sounds(speech_16k).items():
        frames = extractor.features(extractor.windowed(samples))
        reference = _reference(samples)
        assert frames.shape == (frame_count(samples.size), FRAME_SIZE)
        for group, tolerance in TOLERANCES.items():
            np.testing.assert_allclose(
                frames[:, PLACES[group]],
                reference[group],
                atol=tolerance,
                err_msg=f"{name} {group}",
            )
        # Relative, down to rounding of the floor of a tone's spectrum.
        floor = 1e-12 * max(1.0, float(reference["mel"].max()))
        np.testing.assert_allclose(
            frames[:, SPANS["mel"]], reference["mel"], rtol=1e-5, atol=floor, err_msg=name
        )


def test_what_lies_below_the_floor_moves_the_plain_mfcc_alone(banks: FilterBanks) -> None:
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft(rng.standard_normal(4000))
    spectrum[1000:] = 0  # nothing above 4 kHz, as sound from a line of 8 kHz has it
    narrow = 0.1 * np.fft.irfft(spectrum)
    faint = narrow + 10 ** (-(FLOOR_DB + 20) / 20) * 0.1 * rng.standard_normal(4000)
    extractor = FrameExtractor(banks)
    frames = [
        extractor.features(extractor.windowed(one.astype(np.float32))) for one in (narrow, faint)
    ]
    apart = np.abs(frames[0] - frames[1])
    assert apart[:, SPANS["mfcc"]].max() > 20
    assert apart[:, FLOORED_MFCC].max() < 0.5


def test_a_frame_depends_on_its_own_samples_only(
    banks: FilterBanks, speech_16k: NDArray[np.float32]
) -> None:
    extractor = FrameExtractor(banks)
    together = extractor.features(extractor.windowed(speech_16k))
    for k in (0, 17, 100):
        alone = extractor.features(extractor.windowed(speech_16k[160 * k : 160 * k + 1024]))
        np.testing.assert_allclose(alone[0], together[k], rtol=1e-5, atol=1e-4)


def test_stored_banks_are_those_of_this_librosa(banks: FilterBanks) -> None:
    arrays = banks.arrays()
    assert {name: array.shape for name, array in arrays.items()} == BANK_SHAPES
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_level_is_the_energy_of_the_windowed_frame(banks: FilterBanks) -> None:
    extractor = FrameExtractor(banks)
    windowed = extractor.windowed(np.ones(1024, np.float32))
    energy = np.sum(windowed[0] ** 2)
    assert extractor.level_db(windowed)[0] == pytest.approx(10 * np.log10(energy))


@pytest.mark.parametrize(
    ("samples", "frames"), [(0, 0), (1023, 0), (1024, 1), (1183, 1), (1184, 2), (4000, 19)]
)
def test_only_whole_frames_count(samples: int, frames: int) -> None:
    assert frame_count(samples) == frames


def test_contrast_bands_adjoin_and_cover_the_spectrum() -> None:
    bands = contrast_bands()
    assert len(bands) == 7
    assert bands[0][0] == 0
    assert bands[-1][1] == 513
    for (_, end, _), (first, _, _) in pairwise(bands):
        assert first == end


def test_the_table_names_193_features() -> None:
    assert FEATURE_COUNT == 193 == len(set(FEATURE_NAMES))
    assert [group.size for group in GROUPS] == [40, 12, 128, 7, 6]
