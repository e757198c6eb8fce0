"""What a network answers to a voice that it knows, and to a stranger."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.baseline import SpeakerBaseline
from models.bundle import load_bundle
from models.feature_table import FEATURE_COUNT
from models.listener import Listener
from tests.synthetic_bundle import write_bundle

LEVELLED = np.random.default_rng(0).normal(0, 5, (5, FEATURE_COUNT))
KNOWN = SpeakerBaseline(
    weight=6.0, mean=np.full(FEATURE_COUNT, 2.0), variance=np.full(FEATURE_COUNT, 3.0)
)


@pytest.fixture
def listener(tmp_path: Path) -> Listener:
    bundle = load_bundle(write_bundle(tmp_path))
    return Listener(preprocessing=bundle.preprocessing, network=bundle.network)


def taken_for(listener: Listener, baseline: SpeakerBaseline) -> np.ndarray:
    return listener.network.logits(listener.preprocessing.standardised(LEVELLED, baseline))


def test_a_stranger_is_answered_as_the_network_does(listener: Listener) -> None:
    stranger = SpeakerBaseline()
    np.testing.assert_allclose(
        listener.logits(LEVELLED, stranger), taken_for(listener, stranger), atol=1e-5
    )


@pytest.mark.parametrize("share", [0.0, 0.35, 1.0])
def test_a_known_voice_is_answered_by_a_share_of_what_a_stranger_is(
    listener: Listener, share: float
) -> None:
    changed = replace(listener.preprocessing, stranger_share=share)
    listener = Listener(preprocessing=changed, network=listener.network)
    expected = (1 - share) * taken_for(listener, KNOWN) + share * taken_for(
        listener, SpeakerBaseline()
    )
    np.testing.assert_allclose(listener.logits(LEVELLED, KNOWN), expected, atol=1e-5)


def test_a_window_alone_and_among_others_is_answered_alike(listener: Listener) -> None:
    every, hidden = listener.heard(LEVELLED, KNOWN)
    one, its_hidden = listener.heard(LEVELLED[2], KNOWN)
    np.testing.assert_allclose(one, every[2], atol=1e-5)
    np.testing.assert_allclose(its_hidden, hidden[2], atol=1e-5)


def test_the_hidden_layer_is_that_of_the_known_voice(listener: Listener) -> None:
    _, hidden = listener.heard(LEVELLED, KNOWN)
    inputs = listener.preprocessing.standardised(LEVELLED, KNOWN)
    np.testing.assert_allclose(hidden, listener.network.hidden(inputs), atol=1e-5)
