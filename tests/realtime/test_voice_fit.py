"""A voice that no longer fits the baseline is told; the same voice is not."""

import numpy as np
import pytest

from models.baseline import Population, SpeakerBaseline
from models.bundle import Bundle, load_bundle
from models.feature_table import FEATURE_COUNT
from models.shipped import bundle_folder
from realtime.estimator import Estimator, EstimatorSettings
from realtime.sources.base import Block
from realtime.speaker import Speaker
from realtime.voice_fit import FAMILIAR_BELOW, RECENT_WINDOWS, STRANGE_ABOVE, VoiceFit

POPULATION = Population(
    mean=np.zeros(FEATURE_COUNT),
    between=np.full(FEATURE_COUNT, 0.5),
    within=np.ones(FEATURE_COUNT),
    prior_weight=1.5,
    variance_prior_weight=10.0,
)


def _hear(fit: VoiceFit, baseline: SpeakerBaseline, voice: float, windows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(windows):
        levelled = rng.normal(voice, 1, FEATURE_COUNT)
        fit.push(levelled, 0.5, baseline)
        baseline.update(levelled, 0.5)


def test_the_same_voice_keeps_fitting() -> None:
    fit, baseline = VoiceFit(POPULATION), SpeakerBaseline()
    for seed in range(10):
        _hear(fit, baseline, 0.3, 20, seed)
        assert fit.fits


def test_another_voice_is_noticed_and_the_first_one_is_welcome_again() -> None:
    fit, baseline = VoiceFit(POPULATION), SpeakerBaseline()
    _hear(fit, baseline, 0.0, 40, 0)
    _hear(fit, baseline, 1.5, 12, 1)
    assert not fit.fits
    _hear(fit, baseline, 0.2, 40, 2)
    assert fit.fits


def test_between_the_bounds_nothing_is_told_anew() -> None:
    fit, baseline = VoiceFit(POPULATION), SpeakerBaseline(weight=100.0)
    between = (STRANGE_ABOVE + FAMILIAR_BELOW) / 2
    for distance, fits in (
        (0.0, True),
        (between, True),
        (1.01 * STRANGE_ABOVE, False),
        (between, False),
        (0.99 * FAMILIAR_BELOW, True),
    ):
        for _ in range(60):  # windows whose mean lies that far from the baseline's
            fit.push(np.full(FEATURE_COUNT, np.sqrt(distance)), RECENT_WINDOWS, baseline)
        assert fit.fits is fits


def test_too_little_is_known_at_first() -> None:
    fit, baseline = VoiceFit(POPULATION), SpeakerBaseline()
    _hear(fit, baseline, 0.0, 6, 0)
    _hear(fit, baseline, 5.0, 5, 1)
    assert fit.fits


def test_no_baseline_never_misfits() -> None:
    fit = VoiceFit(POPULATION)
    for voice in (0.0, 9.0):
        for _ in range(30):
            fit.push(np.full(FEATURE_COUNT, voice), 0.5, SpeakerBaseline())
    assert fit.fits


def test_reset_begins_anew() -> None:
    fit, baseline = VoiceFit(POPULATION), SpeakerBaseline()
    _hear(fit, baseline, 0.0, 40, 0)
    _hear(fit, baseline, 3.0, 12, 1)
    fit.reset()
    assert fit.fits


@pytest.mark.parametrize(("learns", "advice"), [(True, "press r"), (False, "profile")])
def test_the_sentence_says_what_to_do(*, learns: bool, advice: str) -> None:
    assert advice in Speaker(name="me", learns=learns).stranger


def test_one_actor_with_eight_emotions_is_one_voice(speech: np.ndarray) -> None:
    bundle: Bundle = load_bundle(bundle_folder("ann"))
    settings = EstimatorSettings(
        window_s=3.0, hop_s=0.25, smoothing_s=0.5, reset_after_silence_s=1.0
    )
    estimator = Estimator(bundle, settings, Speaker(name="adaptive", learns=True), 48000)
    for _ in range(3):
        estimator.push(Block(samples=speech, rate=48000))
        assert estimator.stranger is None


@pytest.mark.parametrize(("distance", "fits"), [(0.19, True), (0.21, False)])
def test_a_voice_is_strange_from_the_distance_that_was_found_on_recordings(
    distance: float, *, fits: bool
) -> None:
    fit, baseline = VoiceFit(POPULATION), SpeakerBaseline(weight=100.0)
    for _ in range(10):
        fit.push(np.full(FEATURE_COUNT, np.sqrt(distance)), 1.0, baseline)
    assert fit.fits is fits


def test_a_known_voice_may_begin_with_a_cry() -> None:
    """A saved profile knows enough at once; the windows that are compared have to be some too."""
    fit, profile = VoiceFit(POPULATION), SpeakerBaseline(weight=100.0)
    cry = np.full(FEATURE_COUNT, 3.0)
    told = []
    for _ in range(8):
        fit.push(cry, 0.5, profile)
        told.append(not fit.fits)
    assert told == [False] * 5 + [True] * 3
