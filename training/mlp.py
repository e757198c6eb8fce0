"""The scikit-learn model: an `MLPClassifier`, fitted epoch by epoch and pickled without ballast.

The mean of the logits of networks with one hidden layer is such a network, which has the units of
them all. So a model can be made of members that are trained apart, at the cost of one.
"""

import pickle
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.labels import EMOTIONS
from models.network import Layer, Network
from training.config import NetworkSettings
from training.fitted import CurveLog, EpochMaker, Fitted, cosine_rate, whole_batches
from training.rows import Rows

PICKLE_PROTOCOL = 4
# Three quarters of the file: made afresh by the next partial_fit, or kept for early stopping only.
BALLAST = ("_optimizer", "_best_coefs", "_best_intercepts")
# Between the seeds of members: a prime, far from what other seeds differ by.
SEED_STEP = 7919


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


class _Member:
    """One network in training, on rows of its own.

    Parameters
    ----------
    settings : NetworkSettings
        Of all members together.
    seed : int
    """

    def __init__(self, settings: NetworkSettings, seed: int) -> None:
        self._settings = settings
        self._rng = np.random.default_rng(seed)
        self.classifier = _untrained(settings, seed)

    def learn(self, epoch: EpochMaker, number: int) -> float:
        """Pass over the rows of one epoch; returns their mean loss in nats."""
        settings = self._settings
        rows = whole_batches(epoch(self._rng), settings.batch_size)
        if not number:
            batch_size = min(settings.batch_size, len(rows.inputs))
            self.classifier.set_params(batch_size=batch_size)
        else:
            # scikit-learn has no schedule for Adam in its public interface.
            rate = cosine_rate(settings.learning_rate, number, settings.epochs)
            self.classifier._optimizer.learning_rate_init = rate  # noqa: SLF001
        self.classifier.soft_targets = rows.targets
        self.classifier.partial_fit(
            dropped_out(rows.inputs, settings.input_dropout, self._rng),
            rows.targets.argmax(axis=1),
            classes=np.arange(len(EMOTIONS)),
            sample_weight=rows.weights,
        )
        return float(self.classifier.loss_)


def fit_mlp(
    epoch: EpochMaker, settings: NetworkSettings, *, seed: int, held_out: Rows | None = None
) -> Fitted:
    """Fit an `MLPClassifier`, see `training.fitted.Fitter`; of several members, their mean."""
    members = [_Member(settings, seed + SEED_STEP * i) for i in range(settings.members)]
    log = CurveLog(held_out)
    for number in range(settings.epochs):
        losses = [member.learn(epoch, number) for member in members]
        log.add(float(np.mean(losses)), lambda: _joined(members, settings).network())
    return Fitted(model=_joined(members, settings), curves=log.curves())


def _joined(members: Sequence[_Member], settings: NetworkSettings) -> SklearnModel:
    """The network whose logits are the mean of the members'."""
    classifiers = [member.classifier for member in members]
    plain = _plain(classifiers[0])
    if len(members) > 1:
        first, last = zip(*(each.coefs_ for each in classifiers), strict=True)
        biases, last_biases = zip(*(each.intercepts_ for each in classifiers), strict=True)
        plain.coefs_ = [np.hstack(first), np.vstack(last) / np.float32(len(members))]
        plain.intercepts_ = [np.hstack(biases), np.mean(last_biases, axis=0)]
        plain.set_params(hidden_layer_sizes=settings.hidden_layer_shape)
        plain.loss_curve_ = np.mean([each.loss_curve_ for each in classifiers], axis=0).tolist()
        plain.loss_ = plain.loss_curve_[-1]
        for name in BALLAST:
            vars(plain).pop(name, None)
    return SklearnModel(plain)


def _untrained(settings: NetworkSettings, seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    dropout_rng = np.random.default_rng([seed, 1])

    class SoftClassifier(MLPClassifier):  # type: ignore[misc]
        """An `MLPClassifier` that learns probabilities, and leaves out hidden units meanwhile.

        The gradient passes where an activation is not zero, so units left out get none; it
        lacks the constant factor of those kept, which Adam divides out.
        """

        soft_targets: NDArray[np.float32]

        def _validate_input(self, *given: Any, **named: Any) -> tuple[Any, NDArray[np.float32]]:
            inputs, _ = super()._validate_input(*given, **named)
            return inputs, self.soft_targets

        def _forward_pass(self, activations: list[Any]) -> list[Any]:
            for i, (weight, bias) in enumerate(zip(self.coefs_, self.intercepts_, strict=True)):
                values = activations[i] @ weight + bias
                if i == len(self.coefs_) - 1:
                    activations[i + 1] = _softmax(values)
                else:
                    share = settings.dropout if i == 0 else 0.0
                    activations[i + 1] = dropped_out(np.maximum(values, 0), share, dropout_rng)
            return activations

    return SoftClassifier(
        hidden_layer_sizes=tuple(
            units // settings.members for units in settings.hidden_layer_shape
        ),
        batch_size=settings.batch_size,
        learning_rate_init=settings.learning_rate,
        # scikit-learn divides its penalty by the rows of a batch.
        alpha=settings.weight_decay * settings.batch_size,
        shuffle=False,
        random_state=seed,
    )


def _plain(classifier: Any) -> Any:
    """The same classifier as a plain `MLPClassifier`, which any scikit-learn can unpickle."""
    from sklearn.neural_network import MLPClassifier

    plain = MLPClassifier(**classifier.get_params())
    vars(plain).update(vars(classifier))
    del plain.soft_targets
    return plain


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def dropped_out(
    values: NDArray[np.float32], share: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Zero a share of the values and raise the others so that the mean stays."""
    if not share:
        return values
    kept = rng.random(values.shape, np.float32) >= share
    raised: NDArray[np.float32] = values * kept * np.float32(1 / (1 - share))
    return raised
