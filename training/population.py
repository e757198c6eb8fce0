"""What the training speakers look like, and which features tell their emotions apart."""

import numpy as np
from numpy.typing import NDArray

from models.baseline import TINY, VARIANCE_FLOOR, Population
from models.labels import EMOTIONS
from models.preprocess import LARGEST_DEVIATION, Preprocessing
from training.moments import clip_moments
from training.recipe import Recipe
from training.table import Table

Array = NDArray[np.float64]
WITHIN_FLOOR = 0.05


def fitted_preprocessing(table: Table, recipe: Recipe) -> Preprocessing:
    """Scaler, population and relevance, from the clean rows of the training part.

    Parameters
    ----------
    table : Table
        Rows of the training clips only.
    recipe : Recipe
    """
    clean = table.rows(table.copy == 0)
    population = fitted_population(clean, recipe)
    relevance = fitted_relevance(clean, population, recipe.relevance_power)
    return Preprocessing(
        population=population,
        relevance=relevance,
        leaning_share=recipe.leaning_share,
        stranger_share=recipe.stranger_share,
    )


def fitted_population(clean: Table, recipe: Recipe) -> Population:
    """Mean over speakers, variance between them, and mean variance within them."""
    means, variances = [], []
    for clips in speakers(clean):
        known = clip_moments(clean, clips).complete()
        if not known.weight:
            continue
        means.append(known.mean)
        variances.append(known.variance)
    return Population(
        mean=np.mean(means, axis=0),
        between=np.var(means, axis=0),
        within=np.mean(variances, axis=0),
        prior_weight=recipe.prior_weight,
        variance_prior_weight=recipe.variance_prior_weight,
    )


def fitted_relevance(clean: Table, population: Population, power: float) -> Array:
    """Variance between emotions over that within them, raised to a power; mean square 1.

    Of whole clips of speech, each standardised by all of its speaker's clips; of song if all is.
    """
    left_out = clean.is_song & ~clean.is_song[clean.clip].all()
    deviations, labels = [], []
    for clips in speakers(clean):
        spoken = clips[~left_out[clips]]
        known = clip_moments(clean, spoken).complete()
        if not known.weight:
            continue
        scale = np.sqrt(known.variance + VARIANCE_FLOOR * population.within + TINY)
        rows = clean.rows(clean.is_whole & np.isin(clean.clip, spoken))
        found = (rows.levelled - known.mean) / scale
        deviations.append(np.clip(found, -LARGEST_DEVIATION, LARGEST_DEVIATION))
        labels.append(rows.labels)
    ratio = _f_ratio(np.concatenate(deviations), np.concatenate(labels))
    factors = ratio**power
    relevance: Array = factors / np.sqrt(np.mean(factors**2))
    return relevance


def _f_ratio(vectors: Array, labels: NDArray[np.int64]) -> Array:
    present = [vectors[labels == i] for i in range(len(EMOTIONS)) if (labels == i).any()]
    means = np.array([rows.mean(axis=0) for rows in present])
    within = np.mean([rows.var(axis=0) for rows in present], axis=0)
    ratio: Array = means.var(axis=0) / (within + WITHIN_FLOOR)
    return ratio


def speakers(table: Table) -> list[NDArray[np.intp]]:
    """Clips of each speaker that have rows."""
    clips = np.unique(table.clip)
    speaker = table.speaker[clips]
    return [clips[speaker == one] for one in np.unique(speaker)]
