"""Which rows tell what tells emotions apart, and what comes of them by hand."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.clean_recipe import CLEAN
from training.corpus import Corpus
from training.features import WHOLE_CLIP_S
from training.population import _f_ratio, fitted_population, fitted_relevance
from training.table import Table

Mask = NDArray[np.bool_]


@pytest.fixture(scope="module")
def table(tiny_corpus: Corpus) -> Table:
    """Clean rows; the second statement is sung."""
    clean = tiny_corpus.table.rows(tiny_corpus.table.copy == 0)
    sung = [clip.statement == 2 for clip in tiny_corpus.clips]
    return replace(clean, is_song=np.array(sung))


def of_song(table: Table) -> Mask:
    return table.is_song[table.clip]


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (of_song, False),
        (lambda table: ~of_song(table) & (table.window_s == 1), False),
        (lambda table: ~of_song(table) & (table.window_s == 3), True),
        (lambda table: ~of_song(table) & (table.window_s == WHOLE_CLIP_S), True),
    ],
)
def test_relevance_comes_from_whole_clips_of_speech_and_the_windows_a_baseline_learns_from(
    table: Table, rows: Callable[[Table], Mask], *, counts: bool
) -> None:
    population = fitted_population(table, CLEAN)
    levelled = table.levelled.copy()
    noise = np.random.default_rng(0).standard_normal(levelled.shape).astype(np.float32)
    levelled[rows(table)] += 10 * noise[rows(table)]
    before, after = (
        fitted_relevance(one, population, CLEAN.relevance_power)
        for one in (table, replace(table, levelled=levelled))
    )
    assert np.array_equal(before, after) is not counts


def test_a_feature_tells_emotions_apart_by_its_variance_between_them_over_that_within() -> None:
    vectors = np.array([[0, 0, 0], [2, 0, 1], [4, 1, 0], [6, 1, 1]], np.float64)
    ratio = _f_ratio(vectors, np.array([2, 2, 5, 5]))
    # A twentieth is added within, so that what never varies there is not beyond all measure.
    np.testing.assert_allclose(ratio, [4 / 1.05, 0.25 / 0.05, 0])
