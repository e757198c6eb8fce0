"""Stream time as integers: where a segment lies, and the rows of a gap."""

from fractions import Fraction

from models.audio import SAMPLE_RATE


def rescaled(samples: int, rate: int, new_rate: int) -> int:
    """As many samples as take the same time at another rate."""
    return samples if rate == new_rate else round(Fraction(samples * new_rate, rate))


class Timeline:
    """Counts the stream's samples; time is never a sum of floats.

    Parameters
    ----------
    rate : int
        Samples per second of the stream's time base; a device that comes back at another
        rate is converted to it.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._segment_start = 0
        self._segment_samples = 0
        self._segment_rate = rate

    def advance(self, samples: int) -> None:
        """Count samples of the present segment, at its own rate."""
        self._segment_samples += samples

    def end_segment(self) -> None:
        """Close the segment."""
        self._segment_start += rescaled(self._segment_samples, self._segment_rate, self.rate)
        self._segment_samples = 0

    def lose(self, samples: int, rate: int) -> None:
        """Let time pass between segments, in samples at that rate."""
        self._segment_start += rescaled(samples, rate, self.rate)

    def skip(self, samples: int) -> None:
        """Let time pass between segments, in samples of the time base."""
        self._segment_start += samples

    def start_segment(self, rate: int) -> None:
        """Begin a segment at that rate."""
        self._segment_rate = rate

    @property
    def position(self) -> int:
        """Samples of stream time so far."""
        return self._segment_start + rescaled(self._segment_samples, self._segment_rate, self.rate)

    @property
    def canonical_samples(self) -> int:
        """Canonical samples of the present segment so far."""
        return rescaled(self._segment_samples, self._segment_rate, SAMPLE_RATE)

    def seconds(self, canonical: int) -> float:
        """Stream time of a canonical sample of the present segment."""
        # One division of integers, which Python rounds correctly.
        ticks = self._segment_start * SAMPLE_RATE + canonical * self.rate
        return ticks / (self.rate * SAMPLE_RATE)

    def source_samples_after(self, canonical: int) -> int:
        """Samples of the present segment that came after a canonical sample."""
        return self._segment_samples - canonical * self._segment_rate // SAMPLE_RATE
