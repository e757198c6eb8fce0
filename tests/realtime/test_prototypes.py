"""Prototypes: a folder's own clusters correct weak opinions, and unfit folders are left alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.labels import EMOTIONS
from realtime import prototypes
from realtime.prototypes import FULL_INFORMATION, LEAST_RECORDINGS, information, refined

Array = NDArray[np.float64]
EACH, UNITS = 8, 40


@pytest.fixture(scope="module")
def voice() -> tuple[Array, Array, NDArray[np.int64]]:
    """Opinions that are right in half of the cases, on recordings that lie in clear clusters."""
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(len(EMOTIONS)), EACH)
    hidden = rng.normal(size=(len(EMOTIONS), UNITS))[labels]
    hidden = hidden + 0.4 * rng.normal(size=(labels.size, UNITS))
    logits = 2.0 * np.eye(len(EMOTIONS))[labels] + 1.6 * rng.normal(size=(labels.size, 8))
    return _softmax(logits), hidden, labels


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits)
    found: Array = powers / powers.sum(axis=1, keepdims=True)
    return found


def _right(probabilities: Array, labels: NDArray[np.int64]) -> float:
    return float((probabilities.argmax(axis=1) == labels).mean())


def test_clusters_correct_weak_opinions(voice: tuple[Array, Array, NDArray[np.int64]]) -> None:
    probabilities, hidden, labels = voice
    found = refined(probabilities, hidden)
    assert found.sum(axis=1) == pytest.approx(1)
    assert _right(probabilities, labels) < 0.7
    assert _right(found, labels) > 0.95


def test_neither_order_nor_scale_nor_offset_of_the_layer_matters(
    voice: tuple[Array, Array, NDArray[np.int64]],
) -> None:
    probabilities, hidden, _ = voice
    found = refined(probabilities, hidden)
    order = np.random.default_rng(1).permutation(len(hidden))
    assert refined(probabilities[order], hidden[order]) == pytest.approx(found[order], abs=1e-9)
    assert refined(probabilities, 7 * hidden - 3) == pytest.approx(found, abs=1e-6)


def test_large_folders_are_taken_in_pieces_that_change_nothing(
    voice: tuple[Array, Array, NDArray[np.int64]], monkeypatch: pytest.MonkeyPatch
) -> None:
    probabilities, hidden, _ = voice
    whole = refined(probabilities, hidden)
    monkeypatch.setattr(prototypes, "PIECE", 7)
    assert refined(probabilities, hidden) == pytest.approx(whole, abs=1e-12)


def test_each_recording_has_prototypes_of_its_own(
    voice: tuple[Array, Array, NDArray[np.int64]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The voice speaks and sings, which differ more than any two emotions do.
    probabilities, hidden, labels = voice
    sung = np.arange(len(hidden)) % 2 == 0
    places = hidden + np.outer(sung, np.full(UNITS, 2.5))
    own = _right(refined(probabilities, places), labels)
    monkeypatch.setattr(prototypes, "REACH", 1e9)
    common = _right(refined(probabilities, places), labels)
    assert own > _right(probabilities, labels) + 0.2
    assert common < _right(probabilities, labels)


def test_few_recordings_are_left_as_they_are(
    voice: tuple[Array, Array, NDArray[np.int64]],
) -> None:
    probabilities, hidden, _ = voice
    few = slice(0, None, 7)
    assert len(hidden[few]) == LEAST_RECORDINGS
    assert np.array_equal(refined(probabilities[few], hidden[few]), probabilities[few])


def test_a_folder_of_one_emotion_is_not_torn_apart(
    voice: tuple[Array, Array, NDArray[np.int64]],
) -> None:
    _, hidden, labels = voice
    rng = np.random.default_rng(2)
    one = np.flatnonzero(labels == 3)
    recordings = rng.choice(one, 30)
    opinions = _softmax(np.eye(8)[labels[recordings]] + 0.3 * rng.normal(size=(30, 8)))
    assert np.array_equal(refined(opinions, hidden[recordings]), opinions)


def test_identical_recordings_stay_identical() -> None:
    opinions = np.tile(_softmax(np.arange(8.0)[None]), (25, 1))
    assert np.array_equal(refined(opinions, np.ones((25, UNITS))), opinions)


def test_information_lies_between_nothing_and_the_number_of_emotions() -> None:
    assert information(np.full((20, 8), 1 / 8)) == pytest.approx(0, abs=1e-12)
    assert information(np.tile(np.eye(8), (5, 1))) == pytest.approx(np.log(8))
    assert information(np.eye(8)[[2] * 9]) == pytest.approx(0, abs=1e-9)
    assert np.log(8) > FULL_INFORMATION


def test_a_folder_that_is_hardly_fit_is_hardly_changed(
    voice: tuple[Array, Array, NDArray[np.int64]],
) -> None:
    """Between left alone and judged again lies no step."""
    probabilities, hidden, _ = voice
    hardly = _with_information(0.402, probabilities)
    found = refined(hardly, hidden)
    assert not np.array_equal(found, hardly)
    assert np.abs(found - hardly).max() < 0.1


def test_what_distances_repeat_makes_no_opinion_much_surer() -> None:
    """These places are what the probabilities are made of: there is nothing new in them."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(len(EMOTIONS)), EACH)
    logits = 3.0 * np.eye(len(EMOTIONS))[labels] + 1.6 * rng.normal(size=(labels.size, 8))
    opinions = _softmax(logits)
    found = refined(opinions, logits)
    assert found.max(axis=1).mean() < opinions.max(axis=1).mean() + 0.1


def _with_information(nats: float, probabilities: Array) -> Array:
    """The same opinions, as vague as it takes."""
    shares = np.linspace(0, 1, 1001).tolist()
    vague: list[Array] = [share * probabilities + (1 - share) / 8 for share in shares]
    return next(opinions for opinions in vague if information(opinions) >= nats)


@pytest.mark.parametrize(
    ("nats", "fitness"), [(0.1, 0), (0.3, 0), (0.39, 0), (0.475, 0.5), (0.56, 1)]
)
def test_a_folder_is_fit_in_so_far_as_its_recordings_differ(
    nats: float, fitness: float, voice: tuple[Array, Array, NDArray[np.int64]]
) -> None:
    opinions = _with_information(nats, voice[0])
    assert prototypes._fitness(opinions) == pytest.approx(fitness, abs=0.02)


def test_a_unit_that_is_loud_does_not_drown_the_others(
    voice: tuple[Array, Array, NDArray[np.int64]],
) -> None:
    probabilities, hidden, labels = voice
    loud = np.column_stack([hidden, 20 * np.random.default_rng(0).normal(size=len(hidden))])
    assert _right(refined(probabilities, loud), labels) > 0.85
