"""How right a trained model is, by protocol, baseline and what is scored."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration, WindowCalibration
from models.network import softmax
from training.judge import Judge, Verdicts, after_clips, cold, folder, pooled
from training.metrics import Scores, scores
from training.table import Table

ENROLMENT_CLIPS = 8
DRAWS = 10
MODES = ("cold", "after_8_clips", "folder")
UNITS = ("window", "clip")
LIVE_WINDOW_S = 3.0
Array = NDArray[np.float64]
Judged = tuple[Array, NDArray[np.int64]]


def verdicts_by_mode(judge: Judge, windows: Table, *, seed: int) -> dict[str, Verdicts]:
    """Judge windows of one length with each kind of baseline."""
    rng = np.random.default_rng(seed)
    return {
        "cold": cold(judge, windows),
        "after_8_clips": after_clips(judge, windows, ENROLMENT_CLIPS, rng, draws=DRAWS),
        "folder": folder(judge, windows),
    }


def windows_of(table: Table, window_s: float) -> Table:
    """The clean windows of one length."""
    return table.rows((table.copy == 0) & (table.window_s == np.float32(window_s)))


def calibrated_probabilities(
    verdicts: Verdicts, calibration: WindowCalibration, prior_weight: float
) -> Array:
    """Probabilities as the live path gives them, shape (n, 8)."""
    share = verdicts.weight / (verdicts.weight + prior_weight)
    rise = calibration.temperature_known - calibration.temperature_cold
    temperature = calibration.temperature_cold + share * rise
    return softmax(verdicts.logits / temperature[:, None])


def both_units(verdicts: Verdicts, probabilities: Array) -> dict[str, Judged]:
    """Probabilities and labels per window and per clip."""
    return {
        "window": (probabilities[verdicts.is_live], verdicts.labels[verdicts.is_live]),
        "clip": pooled(verdicts, probabilities),
    }


def summary(
    parts: Sequence[tuple[Judge, Calibration, Table]], *, seed: int, window_s: float = LIVE_WINDOW_S
) -> dict[str, dict[str, Scores]]:
    """Scores by mode and unit over folds; each part is a model and what it never heard."""
    gathered: dict[str, dict[str, list[Judged]]] = {}
    for judge, calibration, table in parts:
        found = verdicts_by_mode(judge, windows_of(table, window_s), seed=seed)
        for mode, verdicts in found.items():
            probabilities = calibrated_probabilities(
                verdicts, calibration.for_window(window_s), judge.preprocessing.prior_weight
            )
            for unit, rows in both_units(verdicts, probabilities).items():
                gathered.setdefault(mode, {}).setdefault(unit, []).append(rows)
    return {
        mode: {unit: _scores(rows) for unit, rows in units.items()}
        for mode, units in gathered.items()
    }


def _scores(rows: Iterable[Judged]) -> Scores:
    every = list(rows)
    return scores(
        np.concatenate([probabilities for probabilities, _ in every]),
        np.concatenate([labels for _, labels in every]),
    )


def as_json(found: Mapping[str, Mapping[str, Scores]]) -> dict[str, dict[str, dict[str, float]]]:
    """Plain data."""
    return {
        mode: {unit: one.as_json() for unit, one in units.items()} for mode, units in found.items()
    }
