"""Figures of merit against scikit-learn, and their laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as reference

from models.network import softmax
from training.calibrate_probabilities import fitted_temperature, unsure_threshold
from training.judge import pool
from training.metrics import (
    confusion,
    coverage_curve,
    ece,
    log_loss,
    macro_f1,
    named,
    recalls,
    reliability,
    scores,
    uar,
)

Rows = tuple[NDArray[np.float64], NDArray[np.int64]]


def random_rows(seed: int, count: int = 200, sharpness: float = 2.0) -> Rows:
    rng = np.random.default_rng(seed)
    logits = sharpness * rng.standard_normal((count, 8))
    probabilities = softmax(logits)
    labels = np.array([rng.choice(8, p=row) for row in probabilities])
    return probabilities, labels


@given(st.integers(0, 999))
def test_figures_equal_those_of_scikit_learn(seed: int) -> None:
    probabilities, labels = random_rows(seed)
    predicted = probabilities.argmax(axis=1)
    found = scores(probabilities, labels)
    assert found.accuracy == pytest.approx(reference.accuracy_score(labels, predicted))
    assert found.uar == pytest.approx(
        reference.recall_score(labels, predicted, average="macro", labels=np.unique(labels))
    )
    assert found.f1 == pytest.approx(
        reference.f1_score(labels, predicted, average="macro", labels=np.unique(labels))
    )
    assert found.log_loss == pytest.approx(
        reference.log_loss(labels, probabilities, labels=range(8))
    )
    counts = confusion(predicted, labels)
    np.testing.assert_array_equal(
        counts[:, :8], reference.confusion_matrix(labels, predicted, labels=range(8))
    )


@settings(max_examples=20)
@given(st.integers(0, 99))
def test_figures_equal_those_of_scikit_learn_where_some_rows_name_no_emotion(seed: int) -> None:
    probabilities, labels = random_rows(seed)
    probabilities[::3] = 1 / 8
    labels[labels == 7] = 6  # one is absent, and yet named
    predicted = named(probabilities)
    assert set(predicted[::3].tolist()) == {-1}
    kinds = {"average": "macro", "labels": np.unique(labels)}
    found = scores(probabilities, labels)
    assert found.accuracy == pytest.approx(reference.accuracy_score(labels, predicted))
    assert found.uar == pytest.approx(reference.recall_score(labels, predicted, **kinds))
    assert found.f1 == pytest.approx(reference.f1_score(labels, predicted, **kinds))


def test_emotions_that_are_absent_do_not_count() -> None:
    probabilities = np.eye(8)[[0, 1]]
    labels = np.array([0, 1])
    counts = confusion(named(probabilities), labels)
    assert uar(counts) == 1
    assert macro_f1(counts) == 1
    assert np.isnan(recalls(counts)[2:]).all()


def test_a_row_that_names_no_emotion_is_wrong() -> None:
    even = np.full((1, 8), 1 / 8)
    found = scores(np.concatenate([even, np.eye(8)[:1]]), np.array([0, 0]))
    assert found.accuracy == 0.5
    assert confusion(named(even), np.array([0]))[0, -1] == 1
    assert ece(even, np.array([0])) == 1 / 8


def test_the_calibration_error_is_that_of_fifteen_bins() -> None:
    # Confidences in the bins from 6/15, 7/15 and 13/15: gaps of .41, .49 and .1 in the mean.
    confidence = np.array([0.41, 0.49, 0.88, 0.92])
    probabilities = np.column_stack([confidence, *[(1 - confidence) / 7] * 7])
    assert ece(probabilities, np.array([1, 1, 0, 0])) == pytest.approx((0.41 + 0.49 + 0.2) / 4)
    # One bin from 7/15 to 8/15 for both, where the one is right and the other wrong.
    pair = np.array([0.47, 0.53])
    probabilities = np.column_stack([pair, *[(1 - pair) / 7] * 7])
    assert ece(probabilities, np.array([0, 1])) == pytest.approx(0)


def test_a_calibrated_model_has_a_small_error_and_a_boastful_one_a_large_one() -> None:
    probabilities, labels = random_rows(0, count=20_000)
    assert ece(probabilities, labels) < 0.01
    boastful = softmax(np.log(probabilities), 0.3)
    assert ece(boastful, labels) > 0.1


def test_reliability_counts_each_row_once() -> None:
    probabilities, labels = random_rows(1)
    _, _, share = reliability(probabilities, labels)
    assert share.sum() == pytest.approx(1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_rows_boastful_is_found_again(temperature: float) -> None:
    probabilities, labels = random_rows(2, count=5000)
    logits = np.log(probabilities) * temperature
    assert fitted_temperature(logits, labels) == pytest.approx(temperature, rel=0.06)


def test_log_loss_bears_a_probability_of_zero() -> None:
    assert np.isfinite(log_loss(np.eye(8)[[0]], np.array([1])))


def test_coverage_falls_with_the_threshold_and_accuracy_rises() -> None:
    probabilities, labels = random_rows(3, count=5000)
    _, coverage, accuracy = coverage_curve(probabilities, labels)
    assert (np.diff(coverage) <= 0).all()
    assert coverage[0] == 1
    assert accuracy[60] > accuracy[0]


def test_the_threshold_keeps_nine_windows_of_ten() -> None:
    probabilities, labels = random_rows(4, count=5000)
    threshold = unsure_threshold(probabilities, labels)
    kept = probabilities.max(axis=1) >= threshold
    assert 0.9 <= kept.mean() < 0.95


@given(st.integers(0, 99))
def test_pooling_equally_full_windows_is_a_normalised_geometric_mean(seed: int) -> None:
    probabilities, _ = random_rows(seed, count=5)
    found = pool(probabilities, np.full(5, 100))
    expected = probabilities.prod(axis=0) ** (1 / 5)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-3, atol=1e-4)


def test_there_is_nothing_to_pool_without_windows() -> None:
    with pytest.raises(ValueError, match="no window"):
        pool(np.zeros((0, 8)), np.zeros(0, np.int64))
