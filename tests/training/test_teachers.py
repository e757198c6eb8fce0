"""Teachers: each with a seed of its own, taught on clean copies, and known again."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.clean_recipe import CLEAN
from tests.training.hand_made import PLAIN_JUDGE, table_of
from training import teachers
from training.config import NetworkSettings
from training.fitted import Curves, EpochMaker, Fitted
from training.mlp import SklearnModel
from training.rows import RowMaker
from training.table import Table
from training.teachers import fitted_teachers

# The second copy is a telephone's: no clean one.
RECIPE = replace(CLEAN, speeds=(), narrow_share=0.3, teachers=3, teacher_epochs=2)


class _Model(SklearnModel):
    """Whose network is known without fitting."""

    def network(self) -> Any:
        return PLAIN_JUDGE.network


@pytest.fixture
def seeds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of the teachers, in the order in which they are asked for; none is fitted."""
    asked: list[int] = []

    def unfitted(epoch: EpochMaker, settings: NetworkSettings, *, seed: int) -> Fitted:
        assert len(epoch(np.random.default_rng(0)).inputs)
        assert settings.epochs == RECIPE.teacher_epochs
        asked.append(seed)
        return Fitted(model=_Model(None), curves=Curves(loss=()))

    monkeypatch.setattr(teachers, "_KNOWN", {})
    monkeypatch.setattr(teachers, "fit_mlp", unfitted)
    return asked


@pytest.fixture
def table() -> Table:
    return table_of([0, 0, 1, 1], emotion=[0, 3], copy=[0, 1] * 2, window_s=[0] * 4)


def test_no_teacher_has_the_seed_of_another_or_of_the_student(
    table: Table, seeds: list[int]
) -> None:
    for seed in (0, 7):
        fitted_teachers(table, PLAIN_JUDGE.preprocessing, RECIPE, seed=seed)
    assert len(set(seeds) | {0, 7}) == len(seeds) + 2 == 8


def test_teachers_are_known_again_by_rows_recipe_and_seed(table: Table, seeds: list[int]) -> None:
    fitted_teachers(table, PLAIN_JUDGE.preprocessing, RECIPE, seed=1)
    fitted_teachers(table, PLAIN_JUDGE.preprocessing, RECIPE, seed=1)
    assert len(seeds) == 3
    others = replace(table, levelled=table.levelled + np.float32(1))
    for changed, recipe, seed in (
        (others, RECIPE, 1),
        (table, replace(RECIPE, window_share=0.5), 1),
        (table, RECIPE, 2),
    ):
        before = len(seeds)
        fitted_teachers(changed, PLAIN_JUDGE.preprocessing, recipe, seed=seed)
        assert len(seeds) == before + 3


@pytest.mark.usefixtures("seeds")
def test_teachers_are_taught_on_clean_copies(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[NDArray[np.int32]] = []

    def maker(rows: Table, *given: Any) -> RowMaker:
        heard.append(rows.copy)
        return RowMaker(rows, *given)

    monkeypatch.setattr(teachers, "RowMaker", maker)
    fitted_teachers(table, PLAIN_JUDGE.preprocessing, RECIPE, seed=0)
    assert [copies.tolist() for copies in heard] == [[0, 0]]
    both_clean = replace(RECIPE, speeds=(0.9,))
    fitted_teachers(table, PLAIN_JUDGE.preprocessing, both_clean, seed=0)
    assert heard[1].tolist() == [0, 1, 0, 1]
