"""What a window tells of its frames: the mean of the 193 features, and how some of them move.

::

    0-192    mean of the 193 features
    193-232  mean of the MFCC over a floor
    233-237  mean of the pitch's numbers, see `models.pitch`
    238-274  standard deviation of the contrasts, the tonnetz and MFCC 0-23 over a floor
    275-298  mean absolute step of MFCC 0-23 over a floor from one frame to the next
    299-306  means of what the steps of the pitch weigh, and of the weighted steps
    307-313  mean absolute step of the contrasts over 80 ms
    314-321  mean change of MFCC 0-7 over a floor within 160 ms: where they are going
    322-329  the same within 80 ms, weighted by voicing
    330-337  mean of MFCC 0-7 over a floor, weighted by voicing

A mean forgets how lively a voice is, which is much of what tells one emotion from another. All of
it is taken over the active frames only, and neither a gain nor, where no band is lifted to the
floor, an equaliser changes how an MFCC moves. Voiced frames outlast noise better than the others.
"""

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FLOORED_MFCC, FRAME_SIZE, PITCH, SIZES, SPANS
from models.kernel import library
from models.pitch import (
    LEAST_VOICING,
    LONGEST_STEP,
    PER_LIMIT,
    PITCH_STEP_SIZE,
    VOICING,
    pitch_steps,
)

MOVING_ORDERS, SHAPE_ORDERS = 24, 8
_MOVING_MFCC = slice(FLOORED_MFCC.start, FLOORED_MFCC.start + MOVING_ORDERS)
SHAPE = slice(FLOORED_MFCC.start, FLOORED_MFCC.start + SHAPE_ORDERS)
_CONTRAST = SPANS["contrast"]
# One run of a frame's row, so that no row has to be taken apart.
MOVING = slice(_CONTRAST.start, _MOVING_MFCC.stop)
MEANS = slice(0, FRAME_SIZE)
_MOVED = MEANS.stop - MOVING.start
DEVIATIONS = {
    "contrast": slice(_MOVED + _CONTRAST.start, _MOVED + _CONTRAST.stop),
    "mfcc": slice(_MOVED + _MOVING_MFCC.start, _MOVED + _MOVING_MFCC.stop),
}
STEPS = slice(DEVIATIONS["mfcc"].stop, DEVIATIONS["mfcc"].stop + MOVING_ORDERS)
PITCH_STEPS = slice(STEPS.stop, STEPS.stop + PITCH_STEP_SIZE)
STEP_COUNT = PITCH_STEPS.stop - STEPS.start
CONTRAST_STEPS = slice(PITCH_STEPS.stop, PITCH_STEPS.stop + SIZES["contrast"])
TRENDS = slice(CONTRAST_STEPS.stop, CONTRAST_STEPS.stop + SHAPE_ORDERS)
VOICED_TRENDS = slice(TRENDS.stop, TRENDS.stop + SHAPE_ORDERS)
VOICED = slice(VOICED_TRENDS.stop, VOICED_TRENDS.stop + SHAPE_ORDERS)
WINDOW_VECTOR_SIZE = VOICED.stop
TREND_FRAMES, SHORT_TREND_FRAMES = 16, 8
_VOICING = PITCH.start + VOICING
Array = NDArray[np.float32]


def steps(features: Array) -> Array:
    """How far the lower MFCC over a floor, and the pitch, are from where they were.

    Parameters
    ----------
    features : ndarray, shape (16 + k, 238)
        Consecutive frames, with the 16 before the first that is asked for.

    Returns
    -------
    ndarray, shape (k, 32), float32
        Absolute steps of MFCC 0-23 from one frame to the next, then `models.pitch.pitch_steps`.
    """
    kernel = library.compiled()
    if kernel is not None:
        return kernel.steps(features, LONGEST_STEP, STEP_COUNT, LEAST_VOICING, PER_LIMIT)
    sizes = np.empty((len(features) - LONGEST_STEP, STEP_COUNT), np.float32)
    mfcc, mfcc_steps = features[LONGEST_STEP - 1 :, _MOVING_MFCC], sizes[:, :MOVING_ORDERS]
    np.subtract(mfcc[1:], mfcc[:-1], out=mfcc_steps)
    np.abs(mfcc_steps, out=mfcc_steps)
    sizes[:, MOVING_ORDERS:] = pitch_steps(features[:, PITCH])
    return sizes


def window_vector(features: Array, step_sizes: Array, active: NDArray[np.bool_]) -> Array:
    """Sum up the frames of one window.

    Parameters
    ----------
    features : ndarray, shape (k, 238)
    step_sizes : ndarray, shape (k, 32)
        From `steps`.
    active : ndarray, shape (k,), bool
        Frames that count, at least one. A step counts if its frame and the one before it do, from
        the seventeenth frame on.

    Returns
    -------
    ndarray, shape (338,), float32
    """
    kernel = library.compiled()
    if kernel is not None:
        return kernel.window_vector(features, step_sizes, active, WINDOW_VECTOR_SIZE, LEAST_VOICING)
    vector = np.empty(WINDOW_VECTOR_SIZE, np.float32)
    # Summed afresh each time: a running add-and-subtract would drift.
    weights = active.astype(np.float32)
    weights /= np.count_nonzero(active)
    np.dot(weights, features, out=vector[MEANS])
    apart = features[:, MOVING] - vector[MOVING]
    np.square(apart, out=apart)
    deviations = vector[MEANS.stop : STEPS.start]
    np.dot(weights, apart, out=deviations)
    np.sqrt(deviations, out=deviations)
    # Later than the longest step, so that none reaches out of the window.
    both = active[LONGEST_STEP:] & active[LONGEST_STEP - 1 : -1]
    mean_steps = vector[STEPS.start : PITCH_STEPS.stop]
    np.dot(both.astype(np.float32), step_sizes[LONGEST_STEP:], out=mean_steps)
    mean_steps /= max(1, int(np.count_nonzero(both)))
    short = active[SHORT_TREND_FRAMES:] & active[:-SHORT_TREND_FRAMES]
    contrast = features[:, _CONTRAST]
    apart = contrast[SHORT_TREND_FRAMES:] - contrast[:-SHORT_TREND_FRAMES]
    np.dot(short.astype(np.float32), np.abs(apart, out=apart), out=vector[CONTRAST_STEPS])
    vector[CONTRAST_STEPS] /= max(1, int(np.count_nonzero(short)))
    shape = np.dot(_shape_weights(features[:, _VOICING], active, short), features[:, SHAPE])
    vector[TRENDS.start : VOICED.stop] = shape.ravel()
    return vector


def _shape_weights(voicing: Array, active: NDArray[np.bool_], short: NDArray[np.bool_]) -> Array:
    """What sums a column up to its trend, voiced trend and voiced mean: shape (3, k)."""
    weights = np.zeros((3, len(active)), np.float32)
    trend, voiced_trend, voiced = weights
    # A mean of differences is a difference of two means.
    both = active[TREND_FRAMES:] & active[:-TREND_FRAMES]
    trend[TREND_FRAMES:] += both
    trend[:-TREND_FRAMES] -= both
    trend /= max(1, int(np.count_nonzero(both)))
    lesser = np.minimum(voicing[SHORT_TREND_FRAMES:], voicing[:-SHORT_TREND_FRAMES])
    lesser *= short
    lesser /= max(LEAST_VOICING, float(lesser.sum()))
    voiced_trend[SHORT_TREND_FRAMES:] += lesser
    voiced_trend[:-SHORT_TREND_FRAMES] -= lesser
    np.multiply(voicing, active, out=voiced)
    voiced /= voiced.sum()
    return weights
