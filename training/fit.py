"""One training: rows, scaler, network, calibration, each from the training part only.

::

    Table -> fitted_preprocessing, fitted_teachers -> RowMaker -> fit_ann | fit_mlp -> Trained
          -> inner folds by speaker -> held-out verdicts -> Calibration
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.preprocess import Preprocessing
from training.calibrate_probabilities import HeldOut
from training.config import TrainingSettings
from training.features import WINDOWS_S
from training.fitted import Curves, Fitter, FrameworkModel
from training.judge import Judge, cold, folder
from training.population import fitted_preprocessing
from training.rows import RowMaker, cold_rows
from training.table import Table
from training.teachers import fitted_teachers

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trained:
    """A trained model without its calibration.

    Attributes
    ----------
    kind : str
        `ann` or `mlp`.
    model : FrameworkModel
    preprocessing : Preprocessing
    curves : Curves
    """

    kind: str
    model: FrameworkModel
    preprocessing: Preprocessing
    curves: Curves

    @property
    def judge(self) -> Judge:
        """The model as the live path runs it."""
        return Judge(preprocessing=self.preprocessing, network=self.model.network())


def train(
    kind: str, table: Table, settings: TrainingSettings, *, held_out: Table | None = None
) -> Trained:
    """Fit one network.

    Parameters
    ----------
    kind : str
        `ann` (Keras) or `mlp` (scikit-learn).
    table : Table
        The training part, all copies.
    settings : TrainingSettings
    held_out : Table, optional
        Clean rows, judged cold after each epoch for the curves.
    """
    recipe, seed = settings.recipe, settings.seed
    preprocessing = fitted_preprocessing(table, recipe)
    teachers = fitted_teachers(table, preprocessing, recipe, seed=seed)
    network = settings.network(kind)
    maker = RowMaker(
        table, preprocessing, recipe, teachers, mixed_noise_share=network.mixed_noise_share
    )
    fitted = _fitter(kind)(
        maker.epoch,
        network,
        seed=seed,
        held_out=None if held_out is None else cold_rows(held_out, preprocessing),
    )
    return Trained(kind=kind, model=fitted.model, preprocessing=preprocessing, curves=fitted.curves)


def _fitter(kind: str) -> Fitter:
    if kind == "ann":
        from training.ann import fit_ann

        return fit_ann
    from training.mlp import fit_mlp

    return fit_mlp


def held_out_verdicts(judge: Judge, table: Table) -> dict[float, HeldOut]:
    """Verdicts on the clean windows of each length."""
    clean = table.rows(table.copy == 0)
    found = {}
    for window_s in WINDOWS_S:
        windows = clean.rows((clean.window_s == np.float32(window_s)) & clean.is_live)
        found[window_s] = HeldOut(cold=cold(judge, windows), known=folder(judge, windows))
    return found
