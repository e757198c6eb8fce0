"""Copies of a sound that train a model for other voices, rooms and microphones.

Each is a function of samples and a seed that comes from the sound itself: the same sound gives
the same copy, in any order and in any process.
"""

import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from models.audio import SAMPLE_RATE
from training.codecs import coded
from training.noise_recordings import noise_files, noise_fingerprint
from training.sound import read_sound

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """What is done to a sound, in this order; the defaults do nothing.

    Attributes
    ----------
    speed : float
        Plays the sound that much faster, pitch and formants with it (Ko et al. 2015).
    room_s : float
        Reverberation time of a simulated room in seconds; 0 for none.
    lowest_hz, highest_hz : float
        Band limits; 0 for none.
    noise_snr_db, noise_spread_db : float
        Level of the sound above added noise: the least, and how much more it is at most;
        infinite for no noise.
    noise_dir : str
        Folder of recordings, of which one is drawn for each sound; empty for noise of a random
        colour and unrest.
    noise_part : str
        `training` or `judging`: draw from every other file only, those at odd or at even places,
        and judge in none that is cut from a recording of which the training has another piece;
        empty for all.
    gain_db : float
        In float: samples may exceed 1 and are not clipped.
    rate : int
        Sample rate of the copy; 0 for the sound's own.
    take : int
        Makes another draw of all that is random.
    steady : bool
        All sounds of one place are heard in the same noise: see `make_copy`.
    codec : str
        One of `training.codecs.CODECS`, which comes last; empty for none.
    by_mean_power : bool
        The sound's level is its mean power, pauses included; otherwise that of its loud part,
        which is higher.
    """

    speed: float = 1.0
    room_s: float = 0.0
    lowest_hz: float = 0.0
    highest_hz: float = 0.0
    noise_snr_db: float = float("inf")
    noise_spread_db: float = 0.0
    noise_dir: str = ""
    noise_part: str = ""
    gain_db: float = 0.0
    rate: int = 0
    take: int = 0
    # Not shown: what is random is drawn as without them.
    steady: bool = field(default=False, repr=False)
    codec: str = field(default="", repr=False)
    by_mean_power: bool = field(default=False, repr=False)

    def described(self, place: int = 0) -> str:
        """All that the sound of a copy depends on, beside the sound it is made of."""
        where = f" at {place}" if self.steady else ""
        line = f" codec {self.codec}" if self.codec else ""
        level = " by mean power" if self.by_mean_power else ""
        drawn = " drawn alike at every level" if self._is_at_one_level else ""
        # Not where the folder lies, which may hold other recordings by now, but what is in it.
        form = replace(self, noise_dir=self._noise_sha256()) if self.noise_dir else self
        return f"{form}{where}{line}{level}{drawn}"

    @property
    def _is_at_one_level(self) -> bool:
        return np.isfinite(self.noise_snr_db) and not self.noise_spread_db

    @property
    def seed_text(self) -> bytes:
        """What is random is drawn from this, and from the sound.

        It is the same wherever the folder of noise lies, and at every fixed level above it.
        """
        form = replace(self, noise_dir="")
        return repr(replace(form, noise_snr_db=0.0) if self._is_at_one_level else form).encode()

    def _noise_sha256(self) -> str:
        return noise_fingerprint(noise_files(Path(self.noise_dir), self.noise_part))


AS_IT_IS = Copy()


def make_copy(samples: Array, rate: int, copy: Copy, place: int = 0) -> tuple[Array, int]:
    """Make one copy of a sound.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32, mono
    rate : int
        Samples per second.
    copy : Copy
    place : int
        Where it was said, not negative; a speaker's number will do. A steady noise is the same
        recording, or of the same colour, in all sounds of a place.

    Returns
    -------
    samples : ndarray, shape (m,), float32
        The same array where the copy does nothing.
    rate : int
    """
    if copy != AS_IT_IS and rate > SAMPLE_RATE:
        # Or noise would be spread over a band of which nothing is heard.
        samples, rate = soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ"), SAMPLE_RATE
    form = copy.seed_text
    rng = np.random.default_rng(zlib.crc32(samples.tobytes() + form))
    of_place = np.random.default_rng([zlib.crc32(form), place]) if copy.steady else rng
    if copy.speed != 1.0:
        samples = soxr.resample(samples, rate * copy.speed, rate, quality="HQ")
    if copy.room_s > 0:
        samples = with_room(samples, rate, copy.room_s, rng)
    if copy.lowest_hz > 0 or copy.highest_hz > 0:
        samples = band_limited(samples, rate, copy.lowest_hz, copy.highest_hz)
    if np.isfinite(copy.noise_snr_db):
        snr_db = copy.noise_snr_db + copy.noise_spread_db * rng.random()
        noise = _noise(samples.size, rate, copy, rng, of_place)
        samples = with_noise(samples, snr_db, noise, by_mean_power=copy.by_mean_power)
    if copy.gain_db:
        samples = (samples * np.float32(10 ** (copy.gain_db / 20))).astype(np.float32)
    if copy.rate not in (0, rate):
        samples, rate = soxr.resample(samples, rate, copy.rate, quality="HQ"), copy.rate
    return coded(samples, rate, copy.codec) if copy.codec else (samples, rate)


def _noise(
    count: int, rate: int, copy: Copy, rng: np.random.Generator, of_place: np.random.Generator
) -> Array:
    if not copy.noise_dir:
        return coloured_noise(count, rng, of_place)
    files = noise_files(Path(copy.noise_dir), copy.noise_part)
    noise, noise_rate = read_sound(files[int(of_place.integers(len(files)))])
    noise = soxr.resample(noise, noise_rate, rate, quality="HQ")
    return np.resize(np.roll(noise, -int(rng.integers(noise.size))), count)


def mean_power(samples: Array) -> float:
    """Power of a sound, pauses included."""
    return float(np.mean(samples.astype(np.float64) ** 2)) if samples.size else 0.0


def loud_power(samples: Array) -> float:
    """Power of the part of a sound that is within 30 dB of its loudest 20 ms, roughly speech."""
    step = 320
    blocks = samples[: samples.size // step * step].reshape(-1, step).astype(np.float64)
    if not len(blocks):
        return mean_power(samples)
    power = np.square(blocks).mean(axis=1)
    return float(power[power >= power.max() * 1e-3].mean())


def with_noise(
    samples: Array, snr_db: float, noise: Array, *, by_mean_power: bool = False
) -> Array:
    """Add noise, shape (n,), that many decibels below a sound, shape (n,), or its loud part."""
    power = mean_power(noise)
    if power == 0:
        return samples
    level = mean_power(samples) if by_mean_power else loud_power(samples)
    gain = np.sqrt(level / power / 10 ** (snr_db / 10))
    noisy: Array = (samples + gain * noise).astype(np.float32)
    return noisy


def pink_noise(count: int, rng: np.random.Generator) -> Array:
    """Noise whose power falls by 3 dB an octave, shape (count,), RMS about 1."""
    bins = count // 2 + 1
    spectrum = rng.standard_normal(bins) + 1j * rng.standard_normal(bins)
    spectrum /= np.sqrt(np.maximum(np.arange(bins), 1))
    noise = np.fft.irfft(spectrum, count)
    noise /= np.sqrt(np.mean(noise**2)) or 1.0
    return noise.astype(np.float32)


def coloured_noise(
    count: int, rng: np.random.Generator, colours: np.random.Generator | None = None
) -> Array:
    """Noise of a random slope, between white and brown, whose level wanders; shape (count,).

    Its colour is drawn from `colours`, if given, and everything else from `rng`.
    """
    colours = rng if colours is None else colours
    size = _fast_length(count)
    bins = size // 2 + 1
    slope = colours.uniform(0, 1)
    bumps_db = np.interp(np.linspace(0, 11, bins), np.arange(12), colours.normal(0, 4, 12))
    gain = 10 ** (bumps_db / 20 - slope * np.log10(np.maximum(np.arange(bins), bins / 200)))
    spectrum = rng.standard_normal(2 * bins, np.float32).view(np.complex64)
    noise = np.fft.irfft(spectrum * gain.astype(np.float32), size)[:count]
    unrest_db = rng.uniform(0, 6) * rng.standard_normal(max(2, count // 4000))
    level_db = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, unrest_db.size), unrest_db)
    noise *= (10 ** (level_db / 20)).astype(np.float32)
    noise /= np.sqrt(np.mean(noise**2)) or 1.0
    return noise.astype(np.float32)


def with_room(samples: Array, rate: int, room_s: float, rng: np.random.Generator) -> Array:
    """Add the response of a room: noise that falls by 60 dB in `room_s` after a direct sound.

    The exponential model of Polack (1988); the reverberant energy equals the direct one.
    """
    tail = rng.standard_normal(int(room_s * rate))
    tail *= 10 ** (-3 * np.arange(tail.size) / tail.size)
    tail /= np.sqrt(np.sum(tail**2))
    response = np.concatenate([[1.0], np.zeros(rate // 200), tail])
    return _convolved(samples, response)[: samples.size]


def _convolved(samples: Array, response: NDArray[np.float64]) -> Array:
    length = samples.size + response.size - 1
    size = _fast_length(length)
    product = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    return np.fft.irfft(product, size)[:length].astype(np.float32)


def band_limited(samples: Array, rate: int, lowest_hz: float, highest_hz: float) -> Array:
    """Take out what lies outside a band, as a telephone does, with edges a tenth of them wide."""
    # Behind the end, room for the ringing of the edges: it must not come back at the beginning.
    size = _fast_length(samples.size + rate // 20)
    spectrum = np.fft.rfft(samples, size)
    hertz = np.fft.rfftfreq(size, 1 / rate)
    gain = np.ones(hertz.shape)
    if lowest_hz > 0:
        gain *= _edge((hertz - 0.9 * lowest_hz) / (0.1 * lowest_hz))
    if highest_hz > 0:
        gain *= _edge((1.1 * highest_hz - hertz) / (0.1 * highest_hz))
    return np.fft.irfft(spectrum * gain, size)[: samples.size].astype(np.float32)


def _fast_length(count: int) -> int:
    """The next length whose Fourier transform is quick; others take up to ten times as long."""
    return int(next_fast_len(count, real=True))


def _edge(position: NDArray[np.floating]) -> NDArray[np.float64]:
    rise: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0, 1))
    return rise
