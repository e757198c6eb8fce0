"""What a window tells of its frames: the mean of the 193 features, and how some of them move.

::

    0-192    mean of the 193 features
    193-232  mean of the MFCC over a floor
    233-237  mean of the pitch's numbers, see `models.pitch`
    238-290  standard deviation of the contrasts, the tonnetz and the MFCC over a floor
    291-330  mean absolute step of each MFCC over a floor from one frame to the next
    331-334  mean weights of the steps of the pitch, and mean weighted steps

A mean forgets how lively a voice is, which is much of what tells one emotion from another. All of
it is taken over the active frames only, and neither a gain nor, where no band is lifted to the
floor, an equaliser changes how an MFCC moves.
"""

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FLOORED_MFCC, FRAME_SIZE, PITCH, SIZES, SPANS
from models.pitch import LONGEST_STEP, PITCH_STEP_SIZE, pitch_steps

# One run of a frame's row, so that no row has to be taken apart.
MOVING = slice(SPANS["contrast"].start, FLOORED_MFCC.stop)
_MOVED = FRAME_SIZE - MOVING.start
MEANS = slice(0, FRAME_SIZE)
DEVIATIONS = {
    "contrast": slice(_MOVED + SPANS["contrast"].start, _MOVED + SPANS["contrast"].stop),
    "mfcc": slice(_MOVED + FLOORED_MFCC.start, _MOVED + FLOORED_MFCC.stop),
}
STEPS = slice(DEVIATIONS["mfcc"].stop, DEVIATIONS["mfcc"].stop + SIZES["mfcc"])
PITCH_STEPS = slice(STEPS.stop, STEPS.stop + PITCH_STEP_SIZE)
WINDOW_VECTOR_SIZE = PITCH_STEPS.stop
STEP_COUNT = WINDOW_VECTOR_SIZE - STEPS.start
Array = NDArray[np.float32]


def steps(features: Array, before: Array) -> Array:
    """How far each MFCC over a floor, and the pitch, is from where it was.

    Parameters
    ----------
    features : ndarray, shape (k, 238)
        Consecutive frames.
    before : ndarray, shape (8, 238)
        The frames before the first.

    Returns
    -------
    ndarray, shape (k, 44), float32
        Absolute steps of the MFCC from one frame to the next, then `models.pitch.pitch_steps`.
    """
    sizes = np.empty((len(features), STEP_COUNT), np.float32)
    mfcc, mfcc_steps = features[:, FLOORED_MFCC], sizes[:, : SIZES["mfcc"]]
    np.subtract(mfcc[:1], before[-1, FLOORED_MFCC], out=mfcc_steps[:1])
    np.subtract(mfcc[1:], mfcc[:-1], out=mfcc_steps[1:])
    np.abs(mfcc_steps, out=mfcc_steps)
    sizes[:, SIZES["mfcc"] :] = pitch_steps(features[:, PITCH], before[:, PITCH])
    return sizes


def window_vector(features: Array, step_sizes: Array, active: NDArray[np.bool_]) -> Array:
    """Sum up the frames of one window.

    Parameters
    ----------
    features : ndarray, shape (k, 238)
    step_sizes : ndarray, shape (k, 44)
        From `steps`.
    active : ndarray, shape (k,), bool
        Frames that count, at least one. A step counts if its frame and the one before it do, from
        the ninth frame on.

    Returns
    -------
    ndarray, shape (335,), float32
    """
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
    mean_steps = vector[STEPS.start :]
    np.dot(both.astype(np.float32), step_sizes[LONGEST_STEP:], out=mean_steps)
    mean_steps /= max(1, int(np.count_nonzero(both)))
    return vector
