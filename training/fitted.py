"""What fitting a network yields, whichever framework did it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.network import Network
from training.config import NetworkSettings
from training.rows import Rows

EpochMaker = Callable[[np.random.Generator], Rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class Curves:
    """How the fit went, a number for each epoch or block of epochs; the held-out part may lack.

    Attributes
    ----------
    loss : tuple of float
        What was minimised: weighted cross-entropy in nats, and the penalty on the weights.
    held_out_loss : tuple of float
        Cross-entropy in nats.
    held_out_accuracy : tuple of float
    block_epochs : int
        Epochs of each number; the last block may be shorter.
    """

    loss: tuple[float, ...]
    held_out_loss: tuple[float, ...] = ()
    held_out_accuracy: tuple[float, ...] = ()
    block_epochs: int = 1


class FrameworkModel(Protocol):
    """A trained model in its own framework."""

    def save(self, path: Path) -> None:
        """Write the framework's own file, without the optimiser's state."""

    def network(self) -> Network:
        """The same weights for the live path."""

    def probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Softmax outputs, shape (n, 8), of preprocessed vectors, shape (n, 193)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """A trained model and its curves."""

    model: FrameworkModel
    curves: Curves


class Fitter(Protocol):
    """Fits the model of one framework."""

    def __call__(
        self,
        epoch: EpochMaker,
        settings: NetworkSettings,
        *,
        seed: int,
        held_out: Rows | None = None,
    ) -> Fitted:
        """Fit with fresh rows in every epoch.

        Parameters
        ----------
        epoch : callable
            Makes rows from a generator.
        settings : NetworkSettings
        seed : int
        held_out : Rows, optional
            Judged after every epoch, for the curves; nothing is chosen by it.
        """


class CurveLog:
    """Keeps the curves while a model is fitted.

    Parameters
    ----------
    held_out : Rows or None
    block_epochs : int
        Epochs between one `add` and the next.
    """

    def __init__(self, held_out: Rows | None, block_epochs: int = 1) -> None:
        self._held_out = held_out
        self._block_epochs = block_epochs
        self._loss: list[float] = []
        self._judged: list[tuple[float, float]] = []

    def add(self, loss: float, network: Callable[[], Network]) -> None:
        """Note the loss of an epoch, and judge the network as it is after it."""
        self._loss.append(loss)
        if self._held_out is not None:
            self._judged.append(cross_entropy(network(), self._held_out))

    def curves(self) -> Curves:
        """The curves so far."""
        return Curves(
            loss=tuple(self._loss),
            held_out_loss=tuple(loss for loss, _ in self._judged),
            held_out_accuracy=tuple(accuracy for _, accuracy in self._judged),
            block_epochs=self._block_epochs,
        )


def cosine_rate(start: float, epoch: int, epochs: int) -> float:
    """Learning rate that falls along half a cosine (Loshchilov & Hutter 2017)."""
    return float(start * 0.5 * (1 + np.cos(np.pi * epoch / epochs)))


def cross_entropy(network: Network, rows: Rows) -> tuple[float, float]:
    """Loss in nats and accuracy of a network on rows."""
    logits = network.logits(rows.inputs).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = -(rows.targets * logs).sum(axis=1).mean()
    right = logs.argmax(axis=1) == rows.targets.argmax(axis=1)
    return float(loss), float(right.mean())


def whole_batches(rows: Rows, batch_size: int) -> Rows:
    """As many rows as fill whole batches, at least one batch or all rows."""
    count = max(1, len(rows.inputs) // batch_size) * batch_size
    return Rows(
        inputs=rows.inputs[:count], targets=rows.targets[:count], weights=rows.weights[:count]
    )


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """Several epochs one below the other."""
    return Rows(
        inputs=np.concatenate([part.inputs for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
    )
