"""The trained network in plain numpy: dense layers, ReLU between them, softmax at the end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.feature_table import FEATURE_COUNT
from models.labels import EMOTIONS


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One dense layer.

    Attributes
    ----------
    weight : ndarray, shape (inputs, outputs), float32
    bias : ndarray, shape (outputs,), float32
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


class Network:
    """A feed-forward classifier of preprocessed vectors.

    Parameters
    ----------
    layers : sequence of Layer
        From 193 inputs to 8 outputs.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        width = FEATURE_COUNT
        for i, layer in enumerate(layers):
            outputs = layer.bias.shape[0] if layer.bias.ndim == 1 else -1
            if layer.weight.shape != (width, outputs):
                raise ValueError(f"layer {i} has shape {layer.weight.shape}, expects {width} rows")
            width = outputs
        if not layers or width != len(EMOTIONS):
            raise ValueError(f"the network has {width} outputs, {len(EMOTIONS)} are needed")
        self.layers = tuple(layers)

    def logits(self, vectors: NDArray[np.floating]) -> NDArray[np.float32]:
        """Outputs before the softmax.

        Parameters
        ----------
        vectors : ndarray, shape (193,) or (n, 193)
            Preprocessed.

        Returns
        -------
        ndarray, shape (8,) or (n, 8), float32
        """
        return self.answers(self.hidden(vectors))

    def hidden(self, vectors: NDArray[np.floating]) -> NDArray[np.float32]:
        """What the first hidden layer makes of vectors; without one, the vectors.

        Parameters
        ----------
        vectors : ndarray, shape (193,) or (n, 193)
            Preprocessed.

        Returns
        -------
        ndarray, shape (units,) or (n, units), float32
        """
        values: NDArray[np.float32] = vectors.astype(np.float32)
        for layer in self.layers[:-1][:1]:
            values = _rectified(layer, values)
        return values

    def answers(self, hidden: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape (8,) or (n, 8), of what `hidden` gave."""
        values = hidden
        for layer in self.layers[1:-1]:
            values = _rectified(layer, values)
        return _weighted(self.layers[-1], values)


def _weighted(layer: Layer, values: NDArray[np.float32]) -> NDArray[np.float32]:
    sums: NDArray[np.float32] = np.dot(values, layer.weight)
    sums += layer.bias
    return sums


def _rectified(layer: Layer, values: NDArray[np.float32]) -> NDArray[np.float32]:
    sums = _weighted(layer, values)
    return np.maximum(sums, 0, out=sums)


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities of logits divided by a temperature (Guo et al. 2017), over the last axis."""
    scaled = logits.astype(np.float64)
    scaled /= temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    powers = np.exp(scaled, out=scaled)
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers
