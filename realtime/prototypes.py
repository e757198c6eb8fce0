"""What each emotion sounds like in one voice, learnt from a folder of its recordings, unlabelled.

A network that knows a voice on average still has to guess how it sounds when it is sad. Many
recordings tell: those that look sad to the network show, in its hidden layer, where this voice's
sadness lies, and each recording is judged again by how far it is from every emotion's place. Twice
is enough. This is the soft k-means refinement of prototypes (Ren et al. 2018) with the network's
own opinions as labels (Liang et al. 2020). An emotion has no single place, though: a voice speaks
and sings, near the microphone and far from it. So each recording has prototypes of its own, to
which its neighbours contribute most.

It helps where a folder holds several emotions, and would tear a single one apart. Whether there
are several shows in how much the recordings' probabilities tell them apart: their mutual
information. Below `LEAST_INFORMATION`, or with few recordings, nothing is changed.
"""

import numpy as np
from numpy.typing import NDArray

from models.network import softmax

ROUNDS = 2
# Squared distances count in units of the mean one from the centre. A neighbour that far away
# contributes exp(-1 / REACH); a prototype that far away costs STRENGTH in the logits.
REACH = 1.25
STRENGTH = 9.0
# Distances repeat in part what the probabilities have said: both in full would be too sure.
DAMPING = 2.5
LEAST_INFORMATION, FULL_INFORMATION = 0.4, 0.55
LEAST_RECORDINGS, ENOUGH_RECORDINGS = 10, 20
# Added to each unit's deviation, as a share of that of all units: a quiet unit must not count much.
DEVIATION_FLOOR = 0.3
# Recordings that are compared with all at once, so that memory does not grow with their square.
PIECE = 128
TINY = 1e-12
Array = NDArray[np.float64]


def refined(probabilities: Array, hidden: Array) -> Array:
    """Judge the recordings of one speaker again, by their distance to this voice's prototypes.

    Parameters
    ----------
    probabilities : ndarray, shape (n, 8)
        Of each recording.
    hidden : ndarray, shape (n, units)
        What the network's first layer makes of each recording.

    Returns
    -------
    ndarray, shape (n, 8)
        The same array where the folder is not fit for it.
    """
    share = _fitness(probabilities)
    if not share:
        return probabilities
    places = hidden - hidden.mean(axis=0)
    places = places / (places.std(axis=0) + DEVIATION_FLOOR * places.std() + TINY)
    places /= np.sqrt((places**2).sum(axis=1).mean()) + TINY
    before = np.log(np.maximum(probabilities, TINY))
    logits, found = before, probabilities
    for _ in range(ROUNDS):
        logits = before - STRENGTH * share * _distances(places, found)
        found = softmax(logits)
    return softmax(logits, 1 + DAMPING * share)


def information(probabilities: Array) -> float:
    """Mutual information of recording and emotion, in nats.

    Parameters
    ----------
    probabilities : ndarray, shape (n, 8)
    """
    return _entropy(probabilities.mean(axis=0)) - float(np.mean([*map(_entropy, probabilities)]))


def _fitness(probabilities: Array) -> float:
    """How far a folder is fit for refinement, 0 to 1."""
    many = (len(probabilities) - LEAST_RECORDINGS) / (ENOUGH_RECORDINGS - LEAST_RECORDINGS)
    if many <= 0:
        return 0.0
    spread = information(probabilities) - LEAST_INFORMATION
    varied = spread / (FULL_INFORMATION - LEAST_INFORMATION)
    return float(np.clip(many, 0, 1) * np.clip(varied, 0, 1))


def _distances(places: Array, probabilities: Array) -> Array:
    """Squared distance of each place from its prototype of each emotion, shape (n, 8)."""
    distances = np.empty(probabilities.shape)
    lengths = (places**2).sum(axis=1)
    for first in range(0, len(places), PIECE):
        own = places[first : first + PIECE]
        apart = lengths[first : first + PIECE, None] + lengths - 2 * own @ places.T
        nearness = np.exp(np.minimum(-apart / REACH, 0))
        for emotion, opinion in enumerate(probabilities.T):
            weights = nearness * opinion
            prototypes = weights @ places / weights.sum(axis=1)[:, None]
            column = ((own - prototypes) ** 2).sum(axis=1)
            distances[first : first + PIECE, emotion] = column
    return distances


def _entropy(probabilities: Array) -> float:
    return -float(probabilities @ np.log(np.maximum(probabilities, TINY)))
