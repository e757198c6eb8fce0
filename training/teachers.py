"""Several networks with dropout whose mean opinion the released network learns.

One network without dropout that learns the mean of several reaches what they reach together
(Hinton, Vinyals & Dean 2015), at the cost of one.
"""

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.network import Network, softmax
from models.preprocess import Preprocessing
from training.config import NetworkSettings
from training.mlp import fit_mlp
from training.recipe import Recipe
from training.rows import RowMaker
from training.table import Table

# Both frameworks' networks learn from the same teachers on the same part of a corpus.
MOST_KNOWN = 16
_KNOWN: dict[tuple[int, Recipe, int], "Teachers"] = {}
TEACHER = NetworkSettings(
    hidden_layer_shape=(300,),
    batch_size=256,
    learning_rate=6e-3,
    input_dropout=0.1,
    dropout=0.5,
)


class Teachers:
    """The mean probability of several networks.

    Parameters
    ----------
    networks : sequence of Network
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks

    def __call__(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities, shape (n, 8), of preprocessed vectors, shape (n, 193)."""
        mean: NDArray[np.float64] = np.mean(
            [softmax(network.logits(inputs)) for network in self._networks], axis=0
        )
        return mean


def fitted_teachers(
    table: Table, preprocessing: Preprocessing, recipe: Recipe, *, seed: int
) -> Teachers | None:
    """Train the teachers on clean copies and labels; None where the recipe has none.

    Parameters
    ----------
    table : Table
        Rows of the training clips only.
    preprocessing : Preprocessing
        Fitted on the same.
    recipe : Recipe
    seed : int
    """
    if not recipe.teachers:
        return None
    clean = table.rows(table.copy < len(recipe.clean_copies()))
    key = (zlib.crc32(clean.levelled.tobytes()), recipe, seed)
    if key not in _KNOWN:
        while len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.pop(next(iter(_KNOWN)))
        _KNOWN[key] = _fitted(clean, preprocessing, recipe, seed)
    return _KNOWN[key]


def _fitted(clean: Table, preprocessing: Preprocessing, recipe: Recipe, seed: int) -> Teachers:
    maker = RowMaker(clean, preprocessing, recipe)
    settings = replace(TEACHER, epochs=recipe.teacher_epochs)
    # Seeds apart from each other and from the student's own.
    seeds = [1000 * (1 + number) + seed for number in range(recipe.teachers)]
    fitted = [fit_mlp(maker.epoch, settings, seed=one) for one in seeds]
    return Teachers([one.model.network() for one in fitted])
