"""Whether channels cancel each other where they are averaged.

A balanced cable in a stereo input gives the voice to both channels, to one of them upside down:
loud on either, nothing in their average.
"""

import numpy as np
from numpy.typing import NDArray

from realtime.sources.base import Notice

STEP_S = 0.25
# A knock may reach the channels apart: what is to be told lasts, if with silence between.
DECIDING_S = 1.0
# Mean square of the channels: below -50 dBFS there is no voice to lose.
AUDIBLE = 1e-5
# Of the channels' mean power, what is left in their average: 17 dB less. Sixteen channels that
# have nothing in common leave a sixteenth.
LEAST_LEFT = 0.02


class Cancelling:
    """Follows the channels of one source; a step that is silent changes nothing.

    Parameters
    ----------
    rate : int
        Samples per second.

    Attributes
    ----------
    is_heard : bool
        True as long as the average lacks what the channels hold.
    """

    def __init__(self, rate: int) -> None:
        self.is_heard = False
        self._is_told = False
        self._rate = rate
        self._power = 0.0
        self._left = 0.0
        self._samples = 0
        self._otherwise = 0

    def push(self, frames: NDArray[np.float32], mono: NDArray[np.float32]) -> None:
        """Take the next frames and their average.

        Parameters
        ----------
        frames : ndarray, shape (n, channels), float32
        mono : ndarray, shape (n,), float32
        """
        values = frames.reshape(-1)
        self._power += float(np.dot(values, values)) / frames.shape[1]
        self._left += float(np.dot(mono, mono))
        self._samples += mono.size
        if self._samples >= STEP_S * self._rate:
            if self._power > AUDIBLE * self._samples:
                self._judge(cancels=self._left < LEAST_LEFT * self._power)
            self._power, self._left, self._samples = 0.0, 0.0, 0

    def news(self, text: str) -> list[Notice]:
        """What to say if that has changed since it was last asked for: the text, or its end."""
        return self._told(text if self.is_heard else None)

    def over(self) -> list[Notice]:
        """Take back what was said, if anything was: this source has ended."""
        return self._told(None)

    def _told(self, text: str | None) -> list[Notice]:
        if self._is_told == (text is not None):
            return []
        self._is_told = not self._is_told
        return [Notice(key="channels", text=text)]

    def _judge(self, *, cancels: bool) -> None:
        """Change the mind if a second of steps says otherwise."""
        self._otherwise = 0 if cancels == self.is_heard else self._otherwise + self._samples
        if self._otherwise >= DECIDING_S * self._rate:
            self.is_heard = cancels
            self._otherwise = 0
