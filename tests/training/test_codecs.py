"""What codecs leave of a voice: as long as before, still itself, and not quite."""

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from models.errors import AudioError
from realtime.demonstration import demonstration_clip
from training.codecs import CODECS, Codec, coded

CLIP, RATE = soundfile.read(demonstration_clip(), dtype="float32", frames=48_000 * 3)


def resampled(rate: int) -> NDArray[np.float32]:
    samples: NDArray[np.float32] = soxr.resample(CLIP, RATE, rate, quality="HQ")
    return samples


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("rate", [8_000, 16_000, RATE])
def test_a_coded_voice_is_still_the_voice(name: str, rate: int) -> None:
    decoded, decoded_rate = coded(resampled(rate), rate, name)
    assert decoded_rate == CODECS[name].rate
    assert decoded.dtype == np.float32
    assert decoded.size / decoded_rate == pytest.approx(CLIP.size / RATE, abs=0.05)
    # Where each hears something: below 3.4 kHz, by the spectrum of the whole.
    narrow = soxr.resample(resampled(rate), rate, 8_000, quality="HQ")
    heard = soxr.resample(decoded, decoded_rate, 8_000, quality="HQ")
    assert np.corrcoef(bands_db(narrow), bands_db(heard))[0, 1] > 0.95
    assert abs(bands_db(narrow) - bands_db(heard)).max() > 0.1


def bands_db(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    power = np.abs(np.fft.rfft(samples.astype(np.float64))) ** 2
    bands = np.array_split(power[: int(power.size * 3400 / 4000)], 40)[2:]
    levels: NDArray[np.float64] = 10 * np.log10([band.mean() for band in bands])
    return levels


@pytest.mark.parametrize("name", CODECS)
def test_the_same_voice_is_coded_the_same_way(name: str) -> None:
    one, _ = coded(CLIP, RATE, name)
    two, _ = coded(CLIP.copy(), RATE, name)
    np.testing.assert_array_equal(one, two)


def test_a_codec_that_libsndfile_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CODECS, "none", Codec(rate=16_000, container="WAV", coding="OPUS"))
    with pytest.raises(AudioError, match=r"none codec.*soundfile"):
        coded(CLIP, RATE, "none")
