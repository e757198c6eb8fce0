"""Window vectors in a form that a microphone's gain does not change: 193 numbers for the network.

The 193 features say the spectrum twice: as the logarithm of the mean mel power, and as MFCC, the
mean of logarithms. Their difference tells how much each cepstral order moves within the window,
and neither gain nor equaliser changes it. The fine structure of the mean spectrum is given up for
more of that: how far each order strays from its mean, how restless it is on its way and where it
is going, for what is special about the voiced frames, and for pitch.

========  ==================================================================================
0         mean level of the frames, less the level of the mean spectrum
1–39      MFCC 1–39, over a floor like all cepstra and mel bands below
40–51     chroma
52        mean of the mel bands in decibels, less the loudness of all of them
53–83     cepstra 1–31 of the mean spectrum, less MFCC 1–31
84–85     mean and standard deviation of the pitch
86–87     mean and standard deviation of its salience
88–90     mean step of the pitch over one frame and over eight, upwards or downwards, and its bend
91–92     mean absolute step of the pitch over one frame, and over eight
93–116    standard deviation of MFCC 0–23
117–140   mean absolute step of MFCC 0–23, over their standard deviation
141–148   mean change of MFCC 0–7 within 160 ms, over their standard deviation
149–156   the same within 80 ms and weighted by voicing
157–164   mean of MFCC 0–7 weighted by voicing, less MFCC 0–7
165–171   standard deviation of the contrasts
172–178   mean absolute step of the contrasts over 80 ms, over their standard deviation
179       nothing
180–192   contrast and tonnetz
========  ==================================================================================
"""

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FEATURE_COUNT, FLOORED_MFCC, PITCH, SIZES, SPANS
from models.frames import AMIN, FLOOR_DB
from models.kernel import library
from models.pitch import STATISTICS_SIZE, TINY, pitch_statistics
from models.window_vector import (
    CONTRAST_STEPS,
    DEVIATIONS,
    MOVING_ORDERS,
    PITCH_STEPS,
    SHAPE,
    SHAPE_ORDERS,
    STEPS,
    TRENDS,
    VOICED,
    VOICED_TRENDS,
    WINDOW_VECTOR_SIZE,
)

FORM = "level-free cepstra over a floor, their movement and trend, voiced frames, and pitch"
NOTHING = SPANS["mel"].stop - 1
GAP_ORDERS = 32
GAPS = slice(SPANS["mel"].start, SPANS["mel"].start + GAP_ORDERS)
PITCH_STATISTICS = slice(GAPS.stop, GAPS.stop + STATISTICS_SIZE)
STRAYING = slice(PITCH_STATISTICS.stop, PITCH_STATISTICS.stop + MOVING_ORDERS)
RESTLESS = slice(STRAYING.stop, STRAYING.stop + MOVING_ORDERS)
GOING = slice(RESTLESS.stop, RESTLESS.stop + SHAPE_ORDERS)
VOICED_GOING = slice(GOING.stop, GOING.stop + SHAPE_ORDERS)
VOICED_LESS_ALL = slice(VOICED_GOING.stop, VOICED_GOING.stop + SHAPE_ORDERS)
UNEVEN = slice(VOICED_LESS_ALL.stop, VOICED_LESS_ALL.stop + SIZES["contrast"])
UNEVEN_STEPS = slice(UNEVEN.stop, NOTHING)
# In decibels: what strays less than this is not asked how it does.
LEAST_DEVIATION = 0.1


def _cosines() -> NDArray[np.float64]:
    """From log10 of the mel power, shape (128,), to the mean in decibels and cepstra 1-31."""
    bands = SIZES["mel"]
    order = np.arange(bands)[:, None]
    matrix: NDArray[np.float64] = np.cos(np.pi * order * (2 * np.arange(bands) + 1) / (2 * bands))
    matrix *= np.sqrt(2.0 / bands)
    matrix[0] /= np.sqrt(2.0)
    matrix[0] /= _PER_DECIBEL
    matrix *= 10
    return matrix[:GAP_ORDERS].T.copy()


# Of cepstrum 0: what one decibel more in every band adds to it.
_PER_DECIBEL = float(np.sqrt(SIZES["mel"]))
_COSINES = _cosines()
_FLOOR = 10 ** (-FLOOR_DB / 10)


def level_free(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Express window vectors without their level.

    Parameters
    ----------
    vectors : ndarray, shape (338,) or (n, 338)
        See `models.window_vector`.

    Returns
    -------
    ndarray, shape (193,) or (n, 193), float64
    """
    kernel = library.compiled()
    if kernel is not None and vectors.dtype == np.float32:
        constants = AMIN, _FLOOR, _PER_DECIBEL, LEAST_DEVIATION, TINY
        return kernel.level_free(vectors, _COSINES, constants, WINDOW_VECTOR_SIZE)
    form = vectors[..., :FEATURE_COUNT].astype(np.float64)
    form[..., SPANS["mfcc"]] = vectors[..., FLOORED_MFCC]
    mel = np.maximum(form[..., SPANS["mel"]], AMIN)
    np.maximum(mel, mel.max(axis=-1, keepdims=True) * _FLOOR, out=mel)
    loudness_db = 10 * np.log10(mel.sum(axis=-1))
    cepstra = np.dot(np.log10(mel, out=mel), _COSINES)
    np.subtract(cepstra, form[..., :GAP_ORDERS], out=form[..., GAPS])
    mean_db = cepstra[..., 0]
    form[..., 0] = form[..., 0] / _PER_DECIBEL - mean_db
    form[..., GAPS.start] = mean_db - loudness_db
    form[..., PITCH_STATISTICS] = pitch_statistics(vectors[..., PITCH], vectors[..., PITCH_STEPS])
    form[..., STRAYING] = vectors[..., DEVIATIONS["mfcc"]]
    straying = form[..., STRAYING] + LEAST_DEVIATION
    np.divide(vectors[..., STEPS], straying, out=form[..., RESTLESS])
    straying = straying[..., :SHAPE_ORDERS]
    np.divide(vectors[..., TRENDS], straying, out=form[..., GOING])
    np.divide(vectors[..., VOICED_TRENDS], straying, out=form[..., VOICED_GOING])
    np.subtract(vectors[..., VOICED], vectors[..., SHAPE], out=form[..., VOICED_LESS_ALL])
    form[..., UNEVEN] = vectors[..., DEVIATIONS["contrast"]]
    uneven = form[..., UNEVEN] + LEAST_DEVIATION
    np.divide(vectors[..., CONTRAST_STEPS], uneven, out=form[..., UNEVEN_STEPS])
    form[..., NOTHING] = 0
    return form
