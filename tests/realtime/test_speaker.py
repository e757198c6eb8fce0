"""Whose voice a run starts from, and whether it learns."""

from pathlib import Path

import numpy as np
import pytest

from models.baseline import SpeakerBaseline
from models.bundle import Bundle
from models.feature_table import FEATURE_COUNT
from models.labels import EMOTIONS
from models.profile import save_profile
from realtime.speaker import Speaker, open_speaker


@pytest.fixture
def profiles(tmp_path: Path, synthetic_bundle: Bundle) -> Path:
    mean = np.arange(FEATURE_COUNT, dtype=float)
    baseline = SpeakerBaseline(weight=6.0, mean=mean, variance=np.ones(FEATURE_COUNT))
    save_profile(tmp_path / "me.json", baseline, synthetic_bundle, window_s=3.0)
    return tmp_path


@pytest.mark.parametrize(("choice", "learns"), [("off", False), ("adaptive", True)])
def test_only_an_adaptive_baseline_learns(
    choice: str, synthetic_bundle: Bundle, *, learns: bool
) -> None:
    speaker = open_speaker(choice, synthetic_bundle, None, window_s=3.0)
    assert (speaker.name, speaker.learns, speaker.profile) == (choice, learns, None)
    assert speaker.baseline.weight == 0
    assert _learnt(speaker, synthetic_bundle) == (0.5 if learns else 0)
    speaker.reset()
    assert speaker.baseline.weight == 0


@pytest.mark.parametrize("by_path", [False, True])
def test_a_profile_is_used_as_it_was_saved_and_stays_so(
    profiles: Path, synthetic_bundle: Bundle, *, by_path: bool
) -> None:
    choice = str(profiles / "me.json") if by_path else "me"
    speaker = open_speaker(choice, synthetic_bundle, profiles, window_s=2.0)
    assert (speaker.name, speaker.profile) == ("me", profiles / "me.json")
    assert speaker.baseline.weight == 9.0  # in windows of two seconds
    assert _learnt(speaker, synthetic_bundle) == 9.0
    speaker.reset()
    assert speaker.baseline.weight == 9.0
    np.testing.assert_array_equal(speaker.baseline.mean, np.arange(FEATURE_COUNT))
    assert "the profile me:" in speaker.stranger


def _learnt(speaker: Speaker, bundle: Bundle) -> float:
    """What is known after half a window more."""
    levelled, logits = np.zeros(FEATURE_COUNT), np.zeros(len(EMOTIONS))
    speaker.learn(bundle.preprocessing, levelled, logits, 0.5)
    return speaker.baseline.weight
