"""From window vectors to calibrated probabilities, for a given speaker baseline."""

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.bundle import Bundle
from models.listener import Listener
from models.network import softmax
from models.windows import FRAMES_PER_SECOND


class Judge(Listener):
    """Applies a bundle to windows of one length.

    Parameters
    ----------
    bundle : Bundle
    window_s, hop_s : float
        Seconds.

    Raises
    ------
    UsageError
        If the bundle was not calibrated for this length of window.
    """

    def __init__(self, bundle: Bundle, window_s: float, hop_s: float) -> None:
        super().__init__(preprocessing=bundle.preprocessing, network=bundle.network)
        self._calibration = bundle.calibration.for_window(window_s)
        self._evidence_per_frame = hop_s / (FRAMES_PER_SECOND * window_s**2)

    @property
    def unsure_below(self) -> float:
        """Confidence under which a window is `unsure`."""
        return self._calibration.unsure_below

    def probabilities(
        self, logits: NDArray[np.float64], baseline: SpeakerBaseline
    ) -> NDArray[np.float64]:
        """Calibrated probabilities, shape as `logits`, which are from `logits`."""
        temperature = self._calibration.temperature(
            baseline.weight, self.preprocessing.prior_weight
        )
        return softmax(self.preprocessing.without_leaning(logits, baseline), temperature)

    def evidence(self, active_frames: int) -> float:
        """What one window adds to a baseline's weight: its share of speech of one hop's time.

        Summed over a recording this is its active seconds divided by the window's length, so
        overlapping windows do not count twice.
        """
        return active_frames * self._evidence_per_frame
