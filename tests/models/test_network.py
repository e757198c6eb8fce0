"""The plain network and its softmax."""

import numpy as np
import pytest

from models.feature_table import FEATURE_COUNT
from models.network import Layer, Network, softmax


def _layer(inputs: int, outputs: int, seed: int) -> Layer:
    rng = np.random.default_rng(seed)
    return Layer(
        weight=rng.normal(0, 0.1, (inputs, outputs)).astype(np.float32),
        bias=rng.normal(0, 0.1, outputs).astype(np.float32),
    )


def test_one_row_and_many_rows_agree_with_a_slow_retelling() -> None:
    layers = [_layer(FEATURE_COUNT, 20, 0), _layer(20, 8, 1)]
    rows = np.random.default_rng(2).normal(0, 1, (5, FEATURE_COUNT))
    network = Network(layers)
    hidden = np.maximum(rows @ layers[0].weight + layers[0].bias, 0)
    slow = hidden @ layers[1].weight + layers[1].bias
    np.testing.assert_allclose(network.logits(rows), slow, atol=1e-5)
    np.testing.assert_allclose(network.logits(rows[3]), slow[3], atol=1e-5)


@pytest.mark.parametrize("shapes", [[], [(FEATURE_COUNT, 7)], [(10, 8)]])
def test_shapes_that_do_not_fit_are_refused(shapes: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match=r"outputs|rows"):
        Network([_layer(*shape, seed=0) for shape in shapes])


def test_softmax_sums_to_one_and_survives_large_logits() -> None:
    probabilities = softmax(np.array([1000.0, 999.0, -1000.0]))
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities[0] == pytest.approx(1 / (1 + np.exp(-1)))


def test_a_higher_temperature_is_less_sure_and_keeps_the_order() -> None:
    logits = np.array([2.0, 1.0, 0.0])
    cold, hot = softmax(logits, 1.0), softmax(logits, 3.0)
    assert hot.max() < cold.max()
    np.testing.assert_array_equal(np.argsort(hot), np.argsort(cold))
