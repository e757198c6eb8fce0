"""Window vectors in a form that a microphone's gain does not change.

The 193 features say the spectrum twice: as the logarithm of the mean mel power, and as MFCC, the
mean of logarithms. Their difference tells how much each cepstral order moves within the window,
and neither gain nor equaliser changes it. The vector keeps its 193 places:

========  ==================================================================================
0         mean level of the frames, less the level of the mean spectrum
1–39      MFCC 1–39
40–51     chroma
52        mean of the mel bands in decibels, less the loudness of all of them
53–91     cepstra 1–39 of the mean spectrum, less MFCC 1–39
92–178    cepstra 40–126 of the mean spectrum
179       nothing
180–192   contrast and tonnetz
========  ==================================================================================
"""

import numpy as np
from numpy.typing import NDArray

from models.feature_table import SIZES, SPANS
from models.frames import AMIN

FORM = "level-free cepstra"
NOTHING = SPANS["mel"].stop - 1


def _cosines() -> NDArray[np.float64]:
    bands = SIZES["mel"]
    order = np.arange(bands)[:, None]
    matrix: NDArray[np.float64] = np.cos(np.pi * order * (2 * np.arange(bands) + 1) / (2 * bands))
    matrix *= np.sqrt(2.0 / bands)
    matrix[0] /= np.sqrt(2.0)
    return matrix.T.copy()


_COSINES = _cosines()
# Of cepstrum 0: what one decibel more in every band adds to it.
_PER_DECIBEL = float(np.sqrt(SIZES["mel"]))


def level_free(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Express window vectors without their level.

    Parameters
    ----------
    vectors : ndarray, shape (193,) or (n, 193)

    Returns
    -------
    ndarray of the same shape, float64
    """
    form = vectors.astype(np.float64)
    mel = np.maximum(form[..., SPANS["mel"]], AMIN)
    mfcc = vectors[..., SPANS["mfcc"]]
    cepstra = 10 * np.log10(mel) @ _COSINES
    loudness_db = 10 * np.log10(mel.sum(axis=-1))
    orders = SIZES["mfcc"]
    first = SPANS["mel"].start
    form[..., 0] = (mfcc[..., 0] - cepstra[..., 0]) / _PER_DECIBEL
    form[..., first] = cepstra[..., 0] / _PER_DECIBEL - loudness_db
    form[..., first + 1 : first + orders] = cepstra[..., 1:orders] - mfcc[..., 1:]
    form[..., first + orders : NOTHING] = cepstra[..., orders:-1]
    form[..., NOTHING] = 0
    return form
