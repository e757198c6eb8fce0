"""A slow causal gain that lifts quiet speech, and tells silence from sound.

The running level jumps up to each louder chunk and falls slowly after it; the gain lifts that
level, not the chunk's own, to the target. So the ups and downs within speech stay as they are.
"""

import functools
import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


class SlowGain:
    """The gain with its memory, for one segment.

    Parameters
    ----------
    target_dbfs : float
        The running level is lifted to this RMS level, never lowered.
    max_gain_db : float
        The most it is lifted.
    decay_db_per_chunk : float
        How fast the running level falls.
    silence_dbfs, silence_below_db : float
        A chunk is silent below this level, and when further than this below the running level.
    """

    def __init__(
        self,
        *,
        target_dbfs: float,
        max_gain_db: float,
        decay_db_per_chunk: float,
        silence_dbfs: float,
        silence_below_db: float,
    ) -> None:
        self._target_dbfs = target_dbfs
        self._max_gain_db = max_gain_db
        self._decay_db = decay_db_per_chunk
        self._silence_dbfs = silence_dbfs
        self._silence_below_db = silence_below_db
        self.reset()

    def reset(self) -> None:
        """Forget the running level."""
        self._running_dbfs = -math.inf
        self._gain: float | None = None

    def lift(self, chunks: Array) -> tuple[Array, Mask]:
        """Lift the next chunks.

        Parameters
        ----------
        chunks : ndarray, shape (m, n), float32 in [-1, 1]

        Returns
        -------
        lifted : ndarray, shape (m, n), float32
            Within a chunk the gain goes in a straight line from the last chunk's to its own.
        sounding : ndarray, shape (m,), bool
            False where the chunk is silent, or not finite.
        """
        steps = [self._step(power) for power in np.square(chunks).mean(axis=1).tolist()]
        gains = np.array([[before, after] for before, after, _ in steps], np.float32)
        before, after = gains.reshape(-1, 2, 1).transpose(1, 0, 2)
        lifted: Array = chunks * (before + (after - before) * _ramp(chunks.shape[1]))
        return lifted, np.array([sounding for *_, sounding in steps], np.bool_)

    def _step(self, power: float) -> tuple[float, float, bool]:
        level_dbfs = 10 * math.log10(power) if 0 < power < math.inf else -math.inf
        self._running_dbfs = max(level_dbfs, self._running_dbfs - self._decay_db)
        gain_db = min(max(self._target_dbfs - self._running_dbfs, 0.0), self._max_gain_db)
        gain = 10 ** (gain_db / 20)
        before = gain if self._gain is None else self._gain
        self._gain = gain
        floor_dbfs = max(self._silence_dbfs, self._running_dbfs - self._silence_below_db)
        return before, gain, level_dbfs >= floor_dbfs


@functools.cache
def _ramp(samples: int) -> Array:
    """From above 0 to 1, shape (samples,): made once, for it takes longer than to apply it."""
    return np.linspace(0, 1, samples + 1, dtype=np.float32)[1:]
