"""What a window tells of its frames: the mean of the 193 features, and how some of them move.

::

    0-192    mean of the 193 features
    193-232  standard deviation of the MFCC
    233-239  standard deviation of the spectral contrasts
    240-279  mean absolute step of each MFCC from one frame to the next

A mean forgets how lively a voice is, which is much of what tells one emotion from another. All of
it is taken over the active frames only, and neither a gain nor an equaliser changes how an MFCC
moves.
"""

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FEATURE_COUNT, SIZES, SPANS

MOVING = ("mfcc", "contrast")
STEPPING = "mfcc"
MOVING_COUNT = sum(SIZES[name] for name in MOVING)

MEANS = slice(0, FEATURE_COUNT)
DEVIATIONS = {
    "mfcc": slice(FEATURE_COUNT, FEATURE_COUNT + SIZES["mfcc"]),
    "contrast": slice(FEATURE_COUNT + SIZES["mfcc"], FEATURE_COUNT + MOVING_COUNT),
}
STEPS = slice(FEATURE_COUNT + MOVING_COUNT, FEATURE_COUNT + MOVING_COUNT + SIZES[STEPPING])
WINDOW_VECTOR_SIZE = STEPS.stop
Array = NDArray[np.float32]


def moving(features: Array) -> Array:
    """The features whose deviation counts, shape (k, 47), of frames, shape (k, 193)."""
    return np.concatenate([features[:, SPANS[name]] for name in MOVING], axis=1)


def steps(features: Array, before: Array) -> Array:
    """How far each MFCC is from where it was one frame earlier.

    Parameters
    ----------
    features : ndarray, shape (k, 193)
        Consecutive frames.
    before : ndarray, shape (193,)
        The frame before the first.

    Returns
    -------
    ndarray, shape (k, 40)
    """
    mfcc = features[:, SPANS[STEPPING]]
    sizes = np.empty_like(mfcc)
    np.subtract(mfcc[:1], before[SPANS[STEPPING]], out=sizes[:1])
    np.subtract(mfcc[1:], mfcc[:-1], out=sizes[1:])
    return np.abs(sizes, out=sizes)


def window_vector(
    features: Array, moving_features: Array, step_sizes: Array, active: NDArray[np.bool_]
) -> Array:
    """Sum up the frames of one window.

    Parameters
    ----------
    features : ndarray, shape (k, 193)
    moving_features : ndarray, shape (k, 47)
        From `moving`.
    step_sizes : ndarray, shape (k, 40)
        From `steps`.
    active : ndarray, shape (k,), bool
        Frames that count, at least one. A step counts if both of its frames do.

    Returns
    -------
    ndarray, shape (280,), float32
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
