"""Pitch of each frame, found in its mel bands, and what a window tells of it.

Below 1 kHz Slaney's mel bands are 23 Hz apart and narrow enough to tell the harmonics of a voice
from what lies between them. Seen along the bands they are a ripple, and the distance from crest
to crest is the fundamental frequency: the peak of a cepstrum (Noll 1967), taken over the bands
that a voice is strongest in. Neither gain nor a smooth equaliser moves it, and noise that fills
the valleys leaves it where it is. A telephone cuts the lowest harmonics off, and the edge of the
cut would pass for a slow ripple: the emptier the bands below 300 Hz are, the less of the slowest
ripples counts. (So a voice above 340 Hz, which leaves them as empty, is heard an octave lower.)

Each frame gets five numbers, whose means over a window's frames are all that is asked for:

0  salience: correlation of the ripple with that of the best candidate, at most 1
1  salience squared
2  voicing: how far the salience is over `LEAST_SALIENCE`, what the pitch is weighted by
3  voicing times pitch
4  voicing times pitch squared

Pitch is in semitones over 200 Hz. Nothing jumps: where two candidates are about as good, pitch
lies between them, so that a rounding never turns into an octave.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.filter_banks import DECIBELS

REFERENCE_HZ = 200.0
LOWEST_HZ, HIGHEST_HZ = 65.0, 500.0
CANDIDATES = 54
# Of the first bands, all as wide; the highest is centred on 982 Hz.
RIPPLE_BANDS = 42
# In decibels below the loudest of them: what lies lower tells of noise more than of a voice.
RIPPLE_RANGE_DB = 25.0
# Slopes slower than this many half waves over those bands are not a ripple.
TREND_ORDERS = 3
# The bands up to 304 Hz, which a telephone cuts off; so many slow ripples are doubted by how far
# they lie below the others, and count nothing from so many decibels on.
CUT_BANDS, DOUBTED_ORDERS, CUT_DB = 13, 3, 10.0
# Nepers over all bands: a spectrum that is flatter has no pitch.
LEAST_RIPPLE = 1.0
# How much better a candidate has to fit to be e times as likely.
RIVALRY = 0.01
LEAST_SALIENCE = 0.3
LEAST_VOICING = 0.001
# Steps of pitch over so many frames, and from how many semitones on they are jumps of the finder.
STEP_LIMITS = {1: 2.0, 8: 12.0}
# How a step over so many frames differs from the one before it.
BEND_FRAMES, BEND_LIMIT = 8, 12.0
LONGEST_STEP = max(*STEP_LIMITS, 2 * BEND_FRAMES)
_LAGS = len(STEP_LIMITS)
# Where the weights, the steps with the bend, and the sizes of the steps lie among those of a frame.
_WEIGHTS = slice(0, _LAGS + 1)
_MOVES = slice(_WEIGHTS.stop, 2 * _WEIGHTS.stop)
_SIZES = slice(_MOVES.stop, _MOVES.stop + _LAGS)
PITCH_STEP_SIZE = _SIZES.stop
STATISTICS_SIZE = 4 + PITCH_STEP_SIZE - _WEIGHTS.stop
# Column of the voicing among the numbers of a frame.
VOICING = 2

_SLANEY_HERTZ_PER_MEL = 200.0 / 3
_SLANEY_MEL_AT_8_KHZ = 15 + 27 * np.log(8.0) / np.log(6.4)
BAND_HZ = _SLANEY_HERTZ_PER_MEL * _SLANEY_MEL_AT_8_KHZ / 129
PER_LIMIT = (1 / np.array([*STEP_LIMITS.values(), BEND_LIMIT])).astype(np.float32)[:, None]
TINY = 1e-9
Array = NDArray[np.float32]


class PitchFinder:
    """Finds the pitch of frames; holds matrices, and no state."""

    def __init__(self) -> None:
        hertz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** np.linspace(0, 1, CANDIDATES)
        semitones = 12 * np.log2(hertz / REFERENCE_HZ)
        # One product gives the mean of the pitch and what it is a mean over.
        self._semitones = np.stack([semitones, np.ones(CANDIDATES)], axis=1).astype(np.float32)
        bands = np.arange(RIPPLE_BANDS)
        orders = np.arange(TREND_ORDERS, RIPPLE_BANDS)
        cosines = np.cos(np.pi * np.outer(bands + 0.5, orders) / RIPPLE_BANDS)
        # Orthonormal: what is measured in them is measured in the bands.
        cosines *= np.sqrt(2 / RIPPLE_BANDS)
        combs = cosines.T @ np.cos(2 * np.pi * np.outer((bands + 1) * BAND_HZ, 1 / hertz))
        # Scaled so that a fit that is better by one is e times as likely.
        combs /= RIVALRY * np.linalg.norm(combs, axis=0)
        self._cosines = cosines.astype(np.float32)
        self._combs = combs.astype(np.float32)

    def told(self) -> dict[str, Any]:
        """What the compiled kernel has to know."""
        return {
            "cosines": self._cosines,
            "combs": self._combs,
            "semitones": self._semitones[:, 0],
            "ripple_range": RIPPLE_RANGE_DB / DECIBELS,
            "cut_range": CUT_DB / DECIBELS,
            "least_ripple": LEAST_RIPPLE,
            "rivalry": RIVALRY,
            "least_salience": LEAST_SALIENCE,
            "least_voicing": LEAST_VOICING,
        }

    def __call__(self, levels: Array, out: Array) -> None:
        """Find the pitch of each frame.

        Parameters
        ----------
        levels : ndarray, shape (k, 128), float32
            Natural logarithm of the mel power, over a floor.
        out : ndarray, shape (k, 5), float32
            Filled in.
        """
        ripple = self._ripple(levels[:, :RIPPLE_BANDS])
        fit = np.dot(ripple, self._combs)
        size = np.sqrt(np.vecdot(ripple, ripple))
        np.maximum(size, LEAST_RIPPLE, out=size)
        fit /= size[:, None]
        best = np.maximum.reduce(fit, axis=1, keepdims=True)
        fit -= best
        weighed = np.dot(np.exp(fit, out=fit), self._semitones)
        salience, salience_squared, voicing, pitch, pitch_squared = out.T
        np.multiply(best[:, 0], RIVALRY, out=salience)
        np.square(salience, out=salience_squared)
        np.subtract(salience, LEAST_SALIENCE - LEAST_VOICING, out=voicing)
        np.maximum(voicing, LEAST_VOICING, out=voicing)
        semitones = weighed[:, 0] / weighed[:, 1]
        np.multiply(voicing, semitones, out=pitch)
        np.multiply(pitch, semitones, out=pitch_squared)

    def _ripple(self, levels: Array) -> Array:
        """What is left of the bands without their trend, shape (k, 39): amounts of cosines."""
        low = np.maximum.reduce(levels[:, :CUT_BANDS], axis=1, keepdims=True)
        high = np.maximum.reduce(levels[:, CUT_BANDS:], axis=1, keepdims=True)
        floor = np.maximum(low, high) - RIPPLE_RANGE_DB / DECIBELS
        ripple: Array = np.dot(np.maximum(levels, floor), self._cosines)
        believed = (low - high) / (CUT_DB / DECIBELS) + 1
        ripple[:, :DOUBTED_ORDERS] *= believed.clip(0, 1)
        return ripple


def pitch_steps(pitches: Array) -> Array:
    """How far the pitch of each frame is from that of earlier ones.

    Parameters
    ----------
    pitches : ndarray, shape (16 + k, 5)
        Consecutive frames as `PitchFinder` fills them in, with the 16 before the first that is
        asked for; rows of zeros have no pitch.

    Returns
    -------
    ndarray, shape (k, 8), float32
        Weights of the step over one frame, of that over eight and of the bend, which is the step
        over eight less the one before it; steps and bend, negative downwards, times the weights;
        sizes of the steps times the weights. A weight is the least voicing of the frames, and
        falls to nothing towards a jump.
    """
    voicing = pitches[:, VOICING]
    pitch = pitches[:, 3] / np.maximum(voicing, LEAST_VOICING)
    found = np.empty((PITCH_STEP_SIZE, len(pitches) - LONGEST_STEP), np.float32)
    weights, moves = found[_WEIGHTS], found[_MOVES]
    for place, frames in enumerate((*STEP_LIMITS, BEND_FRAMES)):
        np.subtract(_ago(pitch, 0), _ago(pitch, frames), out=moves[place])
        np.minimum(_ago(voicing, 0), _ago(voicing, frames), out=weights[place])
    moves[_LAGS] -= _ago(pitch, BEND_FRAMES)
    moves[_LAGS] += _ago(pitch, 2 * BEND_FRAMES)
    np.minimum(weights[_LAGS], _ago(voicing, 2 * BEND_FRAMES), out=weights[_LAGS])
    sizes = np.abs(moves)
    weights *= np.maximum(1.0 - sizes * PER_LIMIT, 0.0)
    moves *= weights
    np.multiply(sizes[:_LAGS], weights[:_LAGS], out=found[_SIZES])
    return found.T


def _ago(values: NDArray[np.floating], frames: int) -> NDArray[np.floating]:
    """What each frame that is asked for had so many frames before."""
    return values[LONGEST_STEP - frames : len(values) - frames]


def pitch_statistics(
    means: NDArray[np.floating], steps: NDArray[np.floating]
) -> NDArray[np.float64]:
    """What a window tells of its pitch.

    Parameters
    ----------
    means : ndarray, shape (5,) or (n, 5)
        Of the numbers of the frames.
    steps : ndarray, shape (8,) or (n, 8)
        Means of `pitch_steps`.

    Returns
    -------
    ndarray, shape (9,) or (n, 9)
        Mean and standard deviation of the pitch, in semitones, and of the salience; in semitones
        as well, mean step over one frame and over eight, positive for a voice that rises; mean
        bend, positive for one that falls less and rises more; mean absolute step over one frame
        and over eight.
    """
    statistics = np.empty((*means.shape[:-1], STATISTICS_SIZE))
    np.divide(means[..., 3:5], np.maximum(means[..., 2:3], TINY), out=statistics[..., 0:2])
    statistics[..., 2:4] = means[..., 0:2]
    firsts, seconds = statistics[..., 0:4:2], statistics[..., 1:4:2]
    seconds -= firsts * firsts
    np.sqrt(np.maximum(seconds, 0.0, out=seconds), out=seconds)
    weights = np.maximum(steps[..., _WEIGHTS], TINY)
    np.divide(steps[..., _MOVES], weights, out=statistics[..., 4 : 5 + _LAGS])
    np.divide(steps[..., _SIZES], weights[..., :_LAGS], out=statistics[..., 5 + _LAGS :])
    return statistics
