"""Figures of merit, from probabilities and labels; classes are positions in `EMOTIONS`."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from models.labels import EMOTIONS

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
ECE_BINS = 15
LEAST_PROBABILITY = 1e-12
NONE_NAMED = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """The figures of one set of rows.

    Attributes
    ----------
    rows : int
    uar : float
        Unweighted average recall: mean recall of the emotions present.
    accuracy, f1 : float
        F1 is the mean over the emotions present.
    log_loss : float
        In nats.
    ece : float
        Expected calibration error, 15 bins (Guo et al. 2017).
    """

    rows: int
    uar: float
    accuracy: float
    f1: float
    log_loss: float
    ece: float

    def as_json(self) -> dict[str, float]:
        """Plain data."""
        return asdict(self)


def named(probabilities: Array) -> Labels:
    """The most probable emotion of each row; -1 where all are equal, which names none."""
    best = probabilities.argmax(axis=1)
    even = probabilities.max(axis=1) <= 1 / len(EMOTIONS) + 1e-9
    return np.where(even, NONE_NAMED, best)


def confusion(predicted: Labels, labels: Labels) -> NDArray[np.int64]:
    """Counts, shape (8, 9): rows are true emotions, columns named ones, the last column none."""
    counts = np.zeros((len(EMOTIONS), len(EMOTIONS) + 1), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def recalls(counts: NDArray[np.int64]) -> Array:
    """Recall of each emotion, shape (8,), NaN where it is absent."""
    total = counts.sum(axis=1)
    return np.where(total > 0, np.diag(counts) / np.maximum(total, 1), np.nan)


def uar(counts: NDArray[np.int64]) -> float:
    """Unweighted average recall of a confusion matrix."""
    return float(np.nanmean(recalls(counts)))


def macro_f1(counts: NDArray[np.int64]) -> float:
    """Mean F1 of the emotions present in the labels."""
    true, guessed = counts.sum(axis=1), counts.sum(axis=0)[:-1]
    f1 = 2 * np.diag(counts) / np.maximum(true + guessed, 1)
    return float(f1[true > 0].mean())


def log_loss(probabilities: Array, labels: Labels) -> float:
    """Mean negative log probability of the label, nats."""
    of_label = probabilities[np.arange(labels.size), labels]
    return float(-np.log(np.maximum(of_label, LEAST_PROBABILITY)).mean())


def reliability(probabilities: Array, labels: Labels) -> tuple[Array, Array, Array]:
    """Mean confidence, accuracy and share of the rows in each of 15 bins of confidence.

    Empty bins hold NaN, NaN and 0.
    """
    confidence = probabilities.max(axis=1)
    right = named(probabilities) == labels
    place = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    count = np.bincount(place, minlength=ECE_BINS)
    filled = np.where(count > 0, count, np.nan)
    return (
        np.bincount(place, confidence, ECE_BINS) / filled,
        np.bincount(place, right, ECE_BINS) / filled,
        count / labels.size,
    )


def ece(probabilities: Array, labels: Labels) -> float:
    """Expected calibration error: mean gap between confidence and accuracy over the bins."""
    confidence, accuracy, share = reliability(probabilities, labels)
    return float(np.nansum(np.abs(confidence - accuracy) * share))


def scores(probabilities: Array, labels: Labels) -> Scores:
    """All figures of rows, shape (n, 8) and (n,)."""
    counts = confusion(named(probabilities), labels)
    return Scores(
        rows=labels.size,
        uar=uar(counts),
        accuracy=float(np.diag(counts).sum() / labels.size),
        f1=macro_f1(counts),
        log_loss=log_loss(probabilities, labels),
        ece=ece(probabilities, labels),
    )


def coverage_curve(probabilities: Array, labels: Labels) -> tuple[Array, Array, Array]:
    """Share of rows kept and their accuracy for each threshold on the confidence, 0 to 1."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    thresholds = np.linspace(0, 1, 101)
    kept = confidence[None] >= thresholds[:, None]
    count = kept.sum(axis=1)
    accuracy = np.where(count > 0, (kept & right).sum(axis=1) / np.maximum(count, 1), np.nan)
    return thresholds, count / labels.size, accuracy
