"""Tables, a network and its calibration made by hand: whose figures are known beforehand."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.baseline import Population
from models.calibration import Calibration, WindowCalibration
from models.feature_table import FEATURE_COUNT
from models.labels import EMOTIONS
from models.network import Layer, Network
from models.preprocess import Preprocessing
from training.judge import Judge
from training.table import Table

CALIBRATION = Calibration(
    windows=(
        WindowCalibration(
            window_s=3.0, temperature_cold=2.0, temperature_known=1.0, unsure_below=0.3
        ),
    )
)


def table_of(
    clip: Sequence[int],
    *,
    emotion: Sequence[int],
    speaker: Sequence[int] | None = None,
    copy: Sequence[int] | int = 0,
    window_s: Sequence[float] | float = 3.0,
    active_s: Sequence[float] | float = 2.0,
) -> Table:
    """One row for each number in `clip`, of which `PLAIN_JUDGE` names the clip's emotion."""
    rows, labels = len(clip), np.array(emotion, np.int64)
    return Table(
        levelled=vectors_of(labels[np.array(clip)]),
        clip=np.array(clip, np.int32),
        copy=np.broadcast_to(np.array(copy, np.int32), rows),
        window_s=np.broadcast_to(np.array(window_s, np.float32), rows),
        active_s=np.broadcast_to(np.array(active_s, np.float64), rows),
        emotion=labels,
        speaker=np.zeros_like(labels) if speaker is None else np.array(speaker, np.int64),
        is_song=np.zeros(labels.size, np.bool_),
    )


def vectors_of(labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Vectors, each another, whose place of the emotion stands out."""
    vectors = np.random.default_rng(0).normal(0, 0.1, (labels.size, FEATURE_COUNT))
    vectors[np.arange(labels.size), labels] += 3
    return vectors.astype(np.float32)


def _picking(inputs: int, factor: float) -> Layer:
    weight = factor * np.eye(inputs, len(EMOTIONS), dtype=np.float32)
    return Layer(weight=weight, bias=np.zeros(len(EMOTIONS), np.float32))


# Names the emotion at whose place, among the first eight, a vector is highest.
PLAIN_JUDGE = Judge(
    preprocessing=Preprocessing(
        population=Population(
            mean=np.zeros(FEATURE_COUNT),
            between=np.ones(FEATURE_COUNT),
            within=np.ones(FEATURE_COUNT),
            prior_weight=1.5,
            variance_prior_weight=10.0,
        ),
        relevance=np.ones(FEATURE_COUNT),
        leaning_share=0.5,
        stranger_share=0.35,
    ),
    network=Network([_picking(FEATURE_COUNT, 1.0), _picking(len(EMOTIONS), 2.0)]),
)
