"""What the samples tell about the microphone: muted, quiet, clipping, narrow-band, off centre."""

import sys
from collections import deque

import numpy as np
from numpy.typing import NDArray

from realtime.sources.base import Notice

STEP_S = 0.25
ZEROS_S = 2.0
MEMORY_STEPS = 40

QUIET_DBFS = -50.0
AUDIBLE_DBFS = -47.0
# A quiet room is steady; a voice that is too quiet comes and goes.
QUIET_RANGE_DB = 10.0
DEAD_DBFS = -75.0

CLIPPED_AT = 0.999
CLIPPED_SHARE = 0.001
CLIPPED_STEPS = 12

SIGNAL_DBFS = -50.0
SIGNAL_STEPS = 20
# -50 dB; over five seconds of any wide-band speech it is above -36 dB.
NARROW_RATIO = 1e-5
FFT_SAMPLES = 4096
SPEECH_BAND_HZ = (300.0, 3_400.0)
UPPER_BAND_HZ = (4_000.0, 7_500.0)

OFFSET = 0.02
CENTRED = 0.01
OFFSET_STEPS = 12

# macOS and Windows say only so that a program may not listen.
UNMUTE = {
    "darwin": "unmute it, or allow your terminal in System Settings > Privacy & Security > "
    "Microphone and restart it",
    "win32": "unmute it, or switch on 'Let desktop apps access your microphone' in Settings > "
    "Privacy > Microphone",
}
UNMUTE_ON_LINUX = "unmute it (pavucontrol shows it), or choose another one of `devices`"

TEXTS = {
    "zeros": f"The microphone delivers exact silence: {UNMUTE.get(sys.platform, UNMUTE_ON_LINUX)}.",
    "quiet": "The sound is very quiet: raise the microphone's gain or come closer.",
    "clipping": "The sound is clipped: lower the microphone's gain.",
    "narrow": "Nothing is above 3.6 kHz: a headset in telephone mode; choose another microphone, "
    "or let no program use the headset's own.",
    "offset": "The sound is off centre (a DC offset): it is corrected here, but the microphone or "
    "its cable may be faulty.",
}


class Hints:
    """Follows one microphone; each notice is cleared when its reason is over.

    A judgement needs several steps of a quarter of a second; blocks may have any length.
    """

    def __init__(self) -> None:
        self._shown: dict[str, bool] = {}
        self._begin(rate=0)

    def _begin(self, rate: int) -> None:
        self._rate = rate
        self._zeros = 0
        self._rest: list[NDArray[np.float32]] = []
        self._rest_samples = 0
        self._levels: deque[float] = deque(maxlen=MEMORY_STEPS)
        self._clipped: deque[float] = deque(maxlen=CLIPPED_STEPS)
        self._means: deque[float] = deque(maxlen=OFFSET_STEPS)
        self._bands: deque[tuple[float, float]] = deque(maxlen=SIGNAL_STEPS)

    def forget(self) -> list[Notice]:
        """Begin anew, as with a stream that was opened again; clears what was shown."""
        shown, self._shown = self._shown, {}
        self._begin(rate=0)
        return [Notice(key=key, text=None) for key, is_shown in shown.items() if is_shown]

    def push(self, samples: NDArray[np.float32], rate: int) -> list[Notice]:
        """Take the next block.

        Parameters
        ----------
        samples : ndarray, shape (n,), float32
        rate : int
            Samples per second; another rate is another microphone.

        Returns
        -------
        list of Notice
            What has begun or ended with this block; mostly nothing.
        """
        if rate != self._rate:
            self._begin(rate)
        self._zeros = 0 if samples.any() else self._zeros + samples.size
        holds = {"zeros": self._zeros >= ZEROS_S * rate}
        self._rest.append(samples)
        self._rest_samples += samples.size
        if self._rest_samples >= STEP_S * rate:
            step = np.concatenate(self._rest)
            self._rest.clear()
            self._rest_samples = 0
            self._measure(step)
            holds |= self._judge()
        return self._changes(holds)

    def _measure(self, step: NDArray[np.float32]) -> None:
        mean = float(step.mean())
        power = float(step @ step) / step.size - mean * mean
        self._means.append(mean)
        self._levels.append(10 * np.log10(max(power, 1e-12)))
        clips = step.max() >= CLIPPED_AT or step.min() <= -CLIPPED_AT
        self._clipped.append(float((np.abs(step) >= CLIPPED_AT).mean()) if clips else 0.0)
        if self._levels[-1] > SIGNAL_DBFS and self._rate >= 2 * UPPER_BAND_HZ[1]:
            self._bands.append(self._band_powers(step))

    def _band_powers(self, step: NDArray[np.float32]) -> tuple[float, float]:
        """Mean power per bin in the speech band and above it."""
        part = step[:FFT_SAMPLES]
        spectrum = np.fft.rfft(part * np.hanning(part.size))
        power = spectrum.real**2 + spectrum.imag**2
        per_bin = self._rate / part.size
        low, high = (
            float(power[int(begin / per_bin) : int(end / per_bin)].mean())
            for begin, end in (SPEECH_BAND_HZ, UPPER_BAND_HZ)
        )
        return low, high

    def _judge(self) -> dict[str, bool]:
        return {
            "quiet": self._is_quiet(),
            "clipping": sum(self._clipped) > CLIPPED_SHARE * CLIPPED_STEPS,
            "narrow": self._is_narrow(),
            "offset": self._is_off_centre(),
        }

    def _is_quiet(self) -> bool:
        if len(self._levels) < MEMORY_STEPS or self._zeros:
            return False
        loudest = max(self._levels)
        if self._shown.get("quiet"):
            return loudest < AUDIBLE_DBFS
        varies = loudest - min(self._levels) > QUIET_RANGE_DB
        return loudest < DEAD_DBFS or (loudest < QUIET_DBFS and varies)

    def _is_narrow(self) -> bool:
        if len(self._bands) < SIGNAL_STEPS:
            return False
        low = sum(powers[0] for powers in self._bands)
        high = sum(powers[1] for powers in self._bands)
        return high < low * NARROW_RATIO

    def _is_off_centre(self) -> bool:
        if len(self._means) < OFFSET_STEPS:
            return False
        limit = CENTRED if self._shown.get("offset") else OFFSET
        return abs(sum(self._means)) > limit * OFFSET_STEPS

    def _changes(self, holds: dict[str, bool]) -> list[Notice]:
        changed = [key for key, true in holds.items() if true != self._shown.get(key, False)]
        self._shown |= holds
        return [Notice(key=key, text=TEXTS[key] if holds[key] else None) for key in changed]
