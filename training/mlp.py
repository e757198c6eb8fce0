"""The scikit-learn model: an `MLPClassifier`, fitted epoch by epoch and pickled without ballast."""

import pickle
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.labels import EMOTIONS
from models.network import Layer, Network
from training.config import NetworkSettings
from training.fitted import Curves, EpochMaker, Fitted, RowWeigher, cosine_rate, cross_entropy
from training.rows import Rows

PICKLE_PROTOCOL = 4
# Three quarters of the file: made afresh by the next partial_fit, or kept for early stopping only.
BALLAST = ("_optimizer", "_best_coefs", "_best_intercepts")


class SklearnModel:
    """An `MLPClassifier` whose classes are positions in `EMOTIONS`."""

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def save(self, path: Path) -> None:
        """Pickle the classifier alone; `load` and `fit` or `partial_fit` train it further."""
        state = dict(vars(self.classifier))
        for name in BALLAST:
            state.pop(name, None)
        light = copy(self.classifier)
        light.__dict__ = state
        path.write_bytes(pickle.dumps(light, protocol=PICKLE_PROTOCOL))

    @classmethod
    def load(cls, path: Path) -> "SklearnModel":
        """Read what `save` wrote; executes code, so only for files that were checked."""
        return cls(pickle.loads(path.read_bytes()))  # noqa: S301 - the sha256 was compared

    def network(self) -> Network:
        """The weights, float32."""
        pairs = zip(self.classifier.coefs_, self.classifier.intercepts_, strict=True)
        return Network(
            [
                Layer(weight=weight.astype(np.float32), bias=bias.astype(np.float32))
                for weight, bias in pairs
            ]
        )

    def probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """`predict_proba`, shape (n, 8)."""
        outputs: NDArray[np.float64] = self.classifier.predict_proba(inputs).astype(np.float64)
        return outputs


def fit_mlp(
    epoch: EpochMaker,
    weigh: RowWeigher,
    settings: NetworkSettings,
    *,
    seed: int,
    held_out: Rows | None = None,
) -> Fitted:
    """Fit an `MLPClassifier` with fresh rows in every epoch.

    Targets that are no certainties are sampled afresh each epoch, which has the same mean
    gradient: the classifier itself takes labels only.

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
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(seed)
    classifier = MLPClassifier(
        hidden_layer_sizes=settings.hidden_layer_shape,
        batch_size=settings.batch_size,
        learning_rate_init=settings.learning_rate,
        # scikit-learn divides its penalty by the rows of a batch.
        alpha=settings.weight_decay * settings.batch_size,
        shuffle=False,
        random_state=seed,
    )
    model = SklearnModel(classifier)
    loss: list[float] = []
    judged: list[tuple[float, float]] = []
    for number in range(settings.epochs):
        rows = epoch(rng)
        if number:
            rate = cosine_rate(settings.learning_rate, number, settings.epochs)
            classifier._optimizer.learning_rate_init = rate  # noqa: SLF001 - no public schedule for Adam
        classifier.partial_fit(
            rows.inputs,
            _sampled(rows.targets, rng),
            classes=np.arange(len(EMOTIONS)),
            sample_weight=weigh(rows),
        )
        loss.append(float(classifier.loss_))
        if held_out is not None:
            judged.append(cross_entropy(model.network(), held_out))
    return Fitted(
        model=model,
        curves=Curves(
            loss=tuple(loss),
            held_out_loss=tuple(value for value, _ in judged),
            held_out_accuracy=tuple(value for _, value in judged),
        ),
    )


def _sampled(targets: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.int64]:
    """A label for each row, drawn from its target."""
    edges = np.cumsum(targets.astype(np.float64), axis=1)
    draw = rng.random((len(targets), 1)) * edges[:, -1:]
    drawn: NDArray[np.int64] = (draw >= edges).sum(axis=1).clip(max=targets.shape[1] - 1)
    return drawn
