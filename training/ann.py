"""The Keras model: dense ReLU layers and a softmax; the only module that imports Keras."""

import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import UsageError
from models.feature_table import FEATURE_COUNT
from models.labels import EMOTIONS
from models.network import Layer, Network
from training.config import NetworkSettings
from training.fitted import CurveLog, EpochMaker, Fitted, joined_rows, whole_batches
from training.rows import Rows

STEPS_PER_EXECUTION = 25
BLOCK_EPOCHS = 10
WARMUP_STEPS = 50


def load_keras() -> Any:
    """Import Keras on TensorFlow, quietly and one-threaded: more threads, other roundings.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"  # it may be exported for something else
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
    tensorflow.get_logger().setLevel("ERROR")
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
        # Keras warns when it loads an optimiser that was never built.
        self.model.optimizer.build(self.model.trainable_variables)
        self.model.save(path)
        _compress(path)

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


def _compress(path: Path) -> None:
    """Deflate the archive, which Keras only stores: a new optimiser is all zeros.

    Equal models become equal files: without times of day and addresses in memory.
    """
    draft = path.with_suffix(".part")
    with zipfile.ZipFile(path) as stored, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in stored.infolist():
            fresh = zipfile.ZipInfo(entry.filename)
            content = stored.read(entry)
            if entry.filename.endswith(".json"):
                content = _lasting(content)
            new.writestr(fresh, content, zipfile.ZIP_DEFLATED)
    draft.replace(path)


def _lasting(content: bytes) -> bytes:
    """JSON of Keras, without what changes from one run to the next."""
    numbers: dict[bytes, bytes] = {}
    content = re.sub(
        rb'(?<="shared_object_id": )\d+',
        lambda found: numbers.setdefault(found[0], b"%d" % (len(numbers) + 1)),
        content,
    )
    return re.sub(rb', "date_saved": "[^"]*"', b"", content)


def build(settings: NetworkSettings) -> Any:
    """An untrained, compiled Keras model of that shape."""
    keras = load_keras()
    layers = [keras.layers.Input((FEATURE_COUNT,))]
    if settings.input_dropout:
        layers.append(keras.layers.Dropout(settings.input_dropout))
    penalty = keras.regularizers.L2(settings.weight_decay / 2)
    for i, units in enumerate(settings.hidden_layer_shape):
        layers.append(
            keras.layers.Dense(
                units, "relu", kernel_initializer="he_normal", kernel_regularizer=penalty
            )
        )
        if i == 0 and settings.dropout:
            layers.append(keras.layers.Dropout(settings.dropout))
    layers.append(keras.layers.Dense(len(EMOTIONS), "softmax", kernel_regularizer=penalty))
    model = keras.Sequential(layers)
    _compile(model, settings.learning_rate)
    return model


def _falling(start: float, steps: int) -> Any:
    """A rate that rises in a few steps and falls to zero along half a cosine."""
    warmup = min(WARMUP_STEPS, steps // 10)
    return load_keras().optimizers.schedules.CosineDecay(
        start / 50, steps - warmup, warmup_target=start, warmup_steps=warmup
    )


def _blocks(epochs: int) -> list[int]:
    """Epochs of each call of Keras, which takes long to begin."""
    return [min(BLOCK_EPOCHS, epochs - first) for first in range(0, epochs, BLOCK_EPOCHS)]


def _compile(model: Any, rate: Any) -> None:
    model.compile(
        optimizer=load_keras().optimizers.Adam(rate),
        loss="categorical_crossentropy",
        steps_per_execution=STEPS_PER_EXECUTION,
    )


def fit_ann(
    epoch: EpochMaker, settings: NetworkSettings, *, seed: int, held_out: Rows | None = None
) -> Fitted:
    """Fit the Keras model, see `training.fitted.Fitter`."""
    keras = load_keras()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    wrapped = KerasModel(build(settings))
    log = CurveLog(held_out, BLOCK_EPOCHS)
    for number, passes in enumerate(_blocks(settings.epochs)):
        rows = whole_batches(joined_rows([epoch(rng) for _ in range(passes)]), settings.batch_size)
        if not number:
            steps = settings.epochs * len(rows.inputs) // (passes * settings.batch_size)
            _compile(wrapped.model, _falling(settings.learning_rate, max(1, steps)))
        run = wrapped.model.fit(
            rows.inputs,
            rows.targets,
            sample_weight=rows.weights,
            batch_size=settings.batch_size,
            shuffle=False,
            verbose=0,
        )
        log.add(float(run.history["loss"][0]), wrapped.network)
    # A fresh optimiser: the file carries none of its state, and further training has a rate.
    _compile(wrapped.model, settings.learning_rate)
    return Fitted(model=wrapped, curves=log.curves())
