"""What a network answers to windows of one voice: taken for that voice's, and for a stranger's.

With a baseline a network hears how a window differs from the voice's others, without one how it
differs from everybody's. The two err apart, most of all in noise, which is another in the windows
that a baseline was learnt from. Their mean is more right than either.
"""

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.kernel import library
from models.kernel.tables import NetworkTables
from models.network import Network
from models.preprocess import Preprocessing


class Listener:
    """A network with its preprocessing.

    Parameters
    ----------
    preprocessing : Preprocessing
    network : Network
    """

    def __init__(self, *, preprocessing: Preprocessing, network: Network) -> None:
        self.preprocessing = preprocessing
        self.network = network
        self._stranger = SpeakerBaseline()
        self._told = NetworkTables([(layer.weight, layer.bias) for layer in network.layers])

    def logits(
        self, levelled: NDArray[np.float64], baseline: SpeakerBaseline
    ) -> NDArray[np.float64]:
        """What is answered: what a baseline's leaning learns from.

        Parameters
        ----------
        levelled : ndarray, shape (193,) or (n, 193)
            From `preprocessing.levelled`.
        baseline : SpeakerBaseline

        Returns
        -------
        ndarray, shape (8,) or (n, 8)
        """
        return self.heard(levelled, baseline)[0]

    def heard(
        self, levelled: NDArray[np.float64], baseline: SpeakerBaseline
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """As `logits`, and what the network's first layer makes of this voice's windows.

        Returns
        -------
        logits : ndarray, shape (8,) or (n, 8)
        hidden : ndarray, shape (units,) or (n, units), float32
        """
        kernel = library.compiled()
        if kernel is not None and self._told.depth > 1:
            voice = baseline.mean, baseline.variance, baseline.weight
            return kernel.heard(levelled, self.preprocessing.told, self._told, voice)
        hidden = self.network.hidden(self.preprocessing.standardised(levelled, baseline))
        logits = self.network.answers(hidden).astype(np.float64)
        share = self.preprocessing.stranger_share
        if share and baseline.weight:
            inputs = self.preprocessing.standardised(levelled, self._stranger)
            logits += share * (self.network.logits(inputs) - logits)
        return logits, hidden
