"""Canonical audio: whatever comes in becomes mono float32 at 16 kHz, centred on zero.

``block -> to_mono -> Canonical.push -> samples``, the same for any partition into blocks.
"""

from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from models.errors import AudioError

SAMPLE_RATE = 16_000
LOWEST_RATE = 8_000
HIGHEST_RATE = 192_000
RESAMPLER_QUALITY = "HQ"

OFFSET_STEP = 160
OFFSET_SMOOTHING = 0.01
OFFSET_DEAD_BAND = 0.004
OFFSET_SETTLING_STEPS = 25
OFFSET_SETTLED_STEPS = round(1 / OFFSET_SMOOTHING)


def to_mono(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the channels of a block.

    Parameters
    ----------
    block : ndarray, shape (n,) or (n, channels), float32

    Returns
    -------
    ndarray, shape (n,), float32
    """
    if block.ndim == 1:
        return block
    channels = block.shape[1]
    if channels == 1:
        return block[:, 0]
    # Summing columns is many times faster than mean(axis=1) over so short an axis.
    mono = block[:, 0] + block[:, 1]
    for channel in range(2, channels):
        mono += block[:, channel]
    mono *= np.float32(1.0 / channels)
    return mono


def check_rate(rate: int) -> int:
    """Return `rate` if it lies in 8–192 kHz.

    Raises
    ------
    AudioError
        If it does not.
    """
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AudioError(
            f"The sample rate is {rate} Hz; {LOWEST_RATE} to {HIGHEST_RATE} Hz can be used: "
            "convert the sound to 16000 Hz first."
        )
    return rate


class OffsetRemover:
    """Takes a constant offset (DC) out of a stream, and leaves a clean stream bit for bit alone.

    The offset is a running mean over steps of 10 ms; below `OFFSET_DEAD_BAND` of full scale
    it counts as none. Without this, the offset of a cheap microphone fills the lowest mel
    band and through it every cepstral coefficient.
    """

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._steps = 0
        self._mean = 0.0
        self._applied = 0.0

    def push(self, samples: NDArray[np.float32], *, last: bool = False) -> NDArray[np.float32]:
        """Return the samples whose step of 160 is complete (all, if `last`)."""
        if self._rest.size:
            samples = np.concatenate([self._rest, samples])
        count = samples.size // OFFSET_STEP
        whole = samples[: count * OFFSET_STEP]
        self._rest = samples[count * OFFSET_STEP :].copy()
        out = self._centre(whole, count)
        if last and self._rest.size:
            out = np.concatenate([out, self._rest - np.float32(self._applied)])
            self._rest = self._rest[:0]
        return out

    def _centre(self, whole: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        if not count:
            return whole
        sums = whole.reshape(count, OFFSET_STEP).sum(axis=1, dtype=np.float64)
        applied = self._followed((sums / OFFSET_STEP).tolist())
        if not any(applied):
            return whole
        ramp = np.arange(1, OFFSET_STEP + 1) / OFFSET_STEP
        offset = np.array(applied[:-1])[:, None] + np.diff(applied)[:, None] * ramp
        return (whole - offset.ravel()).astype(np.float32)

    def _followed(self, means: list[float]) -> list[float]:
        """Offset to take out at the beginning of the first step and at the end of each."""
        mean, applied = self._mean, [self._applied]
        for count, mean_of_step in enumerate(means, self._steps + OFFSET_SETTLING_STEPS):
            share = 1.0 / count if count < OFFSET_SETTLED_STEPS else OFFSET_SMOOTHING
            mean += share * (mean_of_step - mean)
            applied.append(0.0 if -OFFSET_DEAD_BAND <= mean <= OFFSET_DEAD_BAND else mean)
        self._mean, self._applied = mean, applied[-1]
        self._steps += len(means)
        return applied


class Canonical:
    """Turns the mono blocks of one segment into canonical audio.

    Parameters
    ----------
    rate : int
        Samples per second of the source, 8000 to 192000.

    Raises
    ------
    AudioError
        If the rate cannot be used.
    """

    def __init__(self, rate: int) -> None:
        check_rate(rate)
        self._resampler: Any = None
        if rate != SAMPLE_RATE:
            self._resampler = soxr.ResampleStream(
                rate, SAMPLE_RATE, 1, dtype="float32", quality=RESAMPLER_QUALITY
            )
        self._offset = OffsetRemover()

    def push(self, mono: NDArray[np.float32], *, last: bool = False) -> NDArray[np.float32]:
        """Convert the next block.

        Parameters
        ----------
        mono : ndarray, shape (n,), float32
            At the source's rate; n may be 0.
        last : bool
            True to flush what the resampler holds back; nothing may follow.

        Returns
        -------
        ndarray, shape (m,), float32, 16 kHz
        """
        samples = mono
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(np.ascontiguousarray(mono), last=last)
        return self._offset.push(samples, last=last)
