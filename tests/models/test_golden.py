"""Stored results guard features and answers against drift between library versions and machines.

The logits are written by ``python -m tests.models.test_golden``, with the argument ``windows`` the
windows before them. Renew the windows only with a change of the features, the logits only with one
of the shipped bundles or of what lies before their networks, and say why in the commit.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import models.baseline
import models.level_free
import models.preprocess
from models.baseline import SpeakerBaseline
from models.bundle import load_bundle
from models.feature_table import FEATURE_COUNT, SPANS
from models.filter_banks import make_filter_banks
from models.frames import FrameExtractor
from models.listener import Listener
from models.segment import SegmentStream
from models.shipped import SHIPPED, bundle_folder
from realtime.demonstration import demonstration_clip

GOLDEN = Path(__file__).with_name("golden_windows.npz")
GOLDEN_LOGITS = Path(__file__).with_name("golden_logits.npz")
EVERY = 6
# Other processors sum in another order; mel power spans ten decades, so it is compared in decibels.
TOLERANCES = {"mfcc": 2e-3, "chroma": 1e-4, "contrast": 2e-3, "tonnetz": 1e-4}
MEL_DECIBELS = 1e-3
# The windows are the stored ones, so that another order of sums moves no logit by more than 1e-5.
LOGITS_TOLERANCE = 1e-2
# Independent windows that each golden one counts as: soon the speaker is known.
EVIDENCE = 1.0


def _windows() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors of every sixth window of the demonstration clip, and all active frames."""
    samples, rate = soundfile.read(demonstration_clip(), dtype="float32")
    extractor = FrameExtractor(make_filter_banks())
    stream = SegmentStream(rate, extractor, window_samples=48000, hop_samples=4000)
    windows = stream.push(samples) + stream.push(samples[:0], last=True)
    vectors = [window.vector for window in windows if window.vector is not None]
    active = [window.active_frames for window in windows]
    return np.array(vectors[::EVERY], np.float32), np.array(active, np.int64)


@pytest.fixture(scope="module")
def found() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return _windows()


def test_the_same_frames_are_active(found: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    with np.load(GOLDEN) as golden:
        np.testing.assert_array_equal(found[1], golden["active_frames"])


def test_the_vectors_have_not_drifted(
    found: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    with np.load(GOLDEN) as golden:
        expected = golden["vectors"]
    for group, tolerance in TOLERANCES.items():
        span = SPANS[group]
        np.testing.assert_allclose(
            found[0][:, span], expected[:, span], atol=tolerance, err_msg=group
        )
    movement = slice(FEATURE_COUNT, None)
    np.testing.assert_allclose(
        found[0][:, movement], expected[:, movement], atol=TOLERANCES["mfcc"], err_msg="movement"
    )
    mel, golden_mel = (10 * np.log10(rows[:, SPANS["mel"]]) for rows in (found[0], expected))
    np.testing.assert_allclose(mel, golden_mel, atol=MEL_DECIBELS)


def _logits(model: str, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """What a shipped bundle answers to each of the windows, having learnt those before it."""
    bundle = load_bundle(bundle_folder(model))
    listener = Listener(preprocessing=bundle.preprocessing, network=bundle.network)
    baseline = SpeakerBaseline()
    answers = []
    for levelled in listener.preprocessing.levelled(vectors):
        logits = listener.logits(levelled, baseline)
        listener.preprocessing.learn(baseline, levelled, logits, EVIDENCE)
        answers.append(logits)
    return np.array(answers)


def _golden_and_now(model: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with np.load(GOLDEN) as golden, np.load(GOLDEN_LOGITS) as golden_logits:
        return golden_logits[model], _logits(model, golden["vectors"])


@pytest.mark.parametrize("model", SHIPPED)
def test_the_answers_of_the_shipped_bundles_have_not_drifted(model: str) -> None:
    expected, logits = _golden_and_now(model)
    np.testing.assert_allclose(logits, expected, rtol=0, atol=LOGITS_TOLERANCE)


@pytest.mark.parametrize("model", SHIPPED)
@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (models.preprocess, "LARGEST_DEVIATION", 6.0),
        (models.preprocess, "MATURITY_SCALE", 1.0),
        (models.baseline, "VARIANCE_FLOOR", 0.01),
        (models.level_free, "LEAST_DEVIATION", 0.01),
    ],
)
def test_a_constant_that_no_bundle_names_shows_in_the_answers(
    model: str, module: ModuleType, name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, value)
    expected, logits = _golden_and_now(model)
    assert np.abs(logits - expected).max() > 5 * LOGITS_TOLERANCE


if __name__ == "__main__":
    if "windows" in sys.argv[1:]:
        found_vectors, active_frames = _windows()
        np.savez_compressed(GOLDEN, vectors=found_vectors, active_frames=active_frames)
    with np.load(GOLDEN) as stored:
        every_logits: dict[str, Any] = {
            model: _logits(model, stored["vectors"]) for model in SHIPPED
        }
    np.savez_compressed(GOLDEN_LOGITS, **every_logits)
