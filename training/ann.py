"""The Keras model: dense ReLU layers and a softmax; the only module that imports Keras."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import UsageError
from models.feature_table import FEATURE_COUNT
from models.labels import EMOTIONS
from models.network import Layer, Network
from training.config import NetworkSettings
from training.fitted import Curves, EpochMaker, Fitted, RowWeigher, cosine_rate, cross_entropy
from training.rows import Rows

STEPS_PER_EXECUTION = 25


def load_keras() -> Any:
    """Import Keras on TensorFlow, quietly and one-threaded: more threads, other roundings.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        import keras
        import tensorflow
    except ImportError as error:
        raise UsageError(
            f"The Keras model needs TensorFlow, which is not installed ({error}): install the "
            "`training` extra, or use --framework sklearn."
        ) from error
    if not _configured():
        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        tensorflow.config.experimental.enable_op_determinism()
    return keras


def _configured() -> bool:
    import tensorflow

    return bool(tensorflow.config.threading.get_intra_op_parallelism_threads() == 1)


class KerasModel:
    """A compiled Keras model of preprocessed vectors."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def save(self, path: Path) -> None:
        """Write a `.keras` file; `load` and `fit` train it further."""
        self.model.save(path)

    @classmethod
    def load(cls, path: Path) -> "KerasModel":
        """Read a `.keras` file by `load_model`."""
        return cls(load_keras().models.load_model(path))

    def network(self) -> Network:
        """The weights of the dense layers, float32."""
        dense = [layer.get_weights() for layer in self.model.layers if layer.get_weights()]
        return Network([Layer(weight=weight, bias=bias) for weight, bias in dense])

    def probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """The model's outputs, shape (n, 8)."""
        return np.asarray(self.model(inputs, training=False), np.float64)


def build(settings: NetworkSettings) -> Any:
    """An untrained, compiled Keras model of that shape."""
    keras = load_keras()
    layers = [keras.layers.Input((FEATURE_COUNT,))]
    penalty = keras.regularizers.L2(settings.weight_decay / 2)
    for i, units in enumerate(settings.hidden_layer_shape):
        layers.append(
            keras.layers.Dense(
                units, "relu", kernel_initializer="he_uniform", kernel_regularizer=penalty
            )
        )
        if i == 0 and settings.dropout:
            layers.append(keras.layers.Dropout(settings.dropout))
    layers.append(keras.layers.Dense(len(EMOTIONS), "softmax", kernel_regularizer=penalty))
    model = keras.Sequential(layers)
    _compile(model, settings)
    return model


def _compile(model: Any, settings: NetworkSettings) -> None:
    model.compile(
        optimizer=load_keras().optimizers.Adam(settings.learning_rate),
        loss="categorical_crossentropy",
        steps_per_execution=STEPS_PER_EXECUTION,
    )


def fit_ann(
    epoch: EpochMaker,
    weigh: RowWeigher,
    settings: NetworkSettings,
    *,
    seed: int,
    held_out: Rows | None = None,
) -> Fitted:
    """Fit the Keras model with fresh rows in every epoch.

    Parameters
    ----------
    epoch : callable
        Makes rows from a generator.
    weigh : callable
        Weight of each row.
    settings : NetworkSettings
    seed : int
    held_out : Rows, optional
        Judged after every epoch, for the curves; nothing is chosen by it.
    """
    keras = load_keras()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    wrapped = KerasModel(build(settings))
    loss: list[float] = []
    judged: list[tuple[float, float]] = []
    for number in range(settings.epochs):
        rows = epoch(rng)
        wrapped.model.optimizer.learning_rate = cosine_rate(
            settings.learning_rate, number, settings.epochs
        )
        run = wrapped.model.fit(
            rows.inputs,
            rows.targets,
            sample_weight=weigh(rows),
            batch_size=settings.batch_size,
            shuffle=False,
            verbose=0,
        )
        loss.append(float(run.history["loss"][0]))
        if held_out is not None:
            judged.append(cross_entropy(wrapped.network(), held_out))
    # A fresh optimiser: the file carries none of its state, and further training has a rate.
    _compile(wrapped.model, settings)
    return Fitted(
        model=wrapped,
        curves=Curves(
            loss=tuple(loss),
            held_out_loss=tuple(value for value, _ in judged),
            held_out_accuracy=tuple(value for _, value in judged),
        ),
    )
