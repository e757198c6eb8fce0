"""What a window tells of its frames: the mean of the 193 features, and how some of them move.

::

    0-192    mean of the 193 features
    193-232  mean of the MFCC over a floor
    233-272  standard deviation of the same
    273-279  standard deviation of the spectral contrasts
    280-319  mean absolute step of each MFCC over a floor from one frame to the next

A mean forgets how lively a voice is, which is much of what tells one emotion from another. All of
it is taken over the active frames only, and neither a gain nor, where no band is lifted to the
floor, an equaliser changes how an MFCC moves.
"""

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FLOORED_MFCC, FRAME_SIZE, SIZES, SPANS

MOVING = {"mfcc": FLOORED_MFCC, "contrast": SPANS["contrast"]}
STEPPING = "mfcc"
MOVING_COUNT = sum(SIZES[name] for name in MOVING)

MEANS = slice(0, FRAME_SIZE)
DEVIATIONS = {
    "mfcc": slice(FRAME_SIZE, FRAME_SIZE + SIZES["mfcc"]),
    "contrast": slice(FRAME_SIZE + SIZES["mfcc"], FRAME_SIZE + MOVING_COUNT),
}
STEPS = slice(FRAME_SIZE + MOVING_COUNT, FRAME_SIZE + MOVING_COUNT + SIZES[STEPPING])
WINDOW_VECTOR_SIZE = STEPS.stop
Array = NDArray[np.float32]


def moving(features: Array) -> Array:
    """What the deviation counts of, shape (k, 47), of frames, shape (k, 233)."""
    return np.concatenate([features[:, span] for span in MOVING.values()], axis=1)


def steps(features: Array, before: Array) -> Array:
    """How far each MFCC over a floor is from where it was one frame earlier.

    Parameters
    ----------
    features : ndarray, shape (k, 233)
        Consecutive frames.
    before : ndarray, shape (233,)
        The frame before the first.

    Returns
    -------
    ndarray, shape (k, 40)
    """
    mfcc = features[:, FLOORED_MFCC]
    sizes = np.empty_like(mfcc)
    np.subtract(mfcc[:1], before[FLOORED_MFCC], out=sizes[:1])
    np.subtract(mfcc[1:], mfcc[:-1], out=sizes[1:])
    return np.abs(sizes, out=sizes)


def window_vector(
    features: Array, moving_features: Array, step_sizes: Array, active: NDArray[np.bool_]
) -> Array:
    """Sum up the frames of one window.

    Parameters
    ----------
    features : ndarray, shape (k, 233)
    moving_features : ndarray, shape (k, 47)
        From `moving`.
    step_sizes : ndarray, shape (k, 40)
        From `steps`.
    active : ndarray, shape (k,), bool
        Frames that count, at least one. A step counts if both of its frames do.

    Returns
    -------
    ndarray, shape (320,), float32
    """
    vector = np.empty(WINDOW_VECTOR_SIZE, np.float32)
    # Summed afresh each time: a running add-and-subtract would drift.
    weights = active.astype(np.float32)
    weights /= np.count_nonzero(active)
    np.dot(weights, features, out=vector[MEANS])
    apart = moving_features - np.dot(weights, moving_features)
    np.square(apart, out=apart)
    deviations = vector[MEANS.stop : STEPS.start]
    np.dot(weights, apart, out=deviations)
    np.sqrt(deviations, out=deviations)
    both = active[1:] & active[:-1]
    steps_of_both = vector[STEPS]
    np.dot(both.astype(np.float32), step_sizes[1:], out=steps_of_both)
    steps_of_both /= max(1, int(np.count_nonzero(both)))
    return vector
