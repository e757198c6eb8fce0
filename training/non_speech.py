"""What a bundle says about sounds that are no speech, by the live path as a whole."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.bundle import Bundle
from realtime.config import RealtimeSettings
from realtime.estimate import State
from realtime.estimator import Estimator, EstimatorSettings
from realtime.sound_files import find_sound_files
from realtime.sources.base import Block
from realtime.speaker import ADAPTIVE, Speaker
from training.augment import pink_noise
from training.sound import read_sound

SYNTHETIC_S = 20
LEVELS_DBFS = (-60, -50, -40, -30, -20)
HUM_HZ = 50.0
Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class NonSpeech:
    """Windows of one kind of sound.

    Attributes
    ----------
    sound : str
    windows : int
    named : int
        Windows that got an emotion.
    unsure : int
        Windows taken for speech, without an emotion.
    """

    sound: str
    windows: int
    named: int
    unsure: int

    def as_json(self) -> dict[str, int | str]:
        """Plain data."""
        return asdict(self)


def synthetic_sounds(seed: int) -> dict[str, Array]:
    """Silence, hum, and white and pink noise at several levels; 16 kHz."""
    rng = np.random.default_rng(seed)
    count = SYNTHETIC_S * SAMPLE_RATE
    time_s = np.arange(count) / SAMPLE_RATE
    hum = sum(np.sin(2 * np.pi * HUM_HZ * k * time_s) / k for k in (1, 2, 3, 5))
    sounds = {"digital silence": np.zeros(count, np.float32)}
    kinds = {
        "hum": np.asarray(hum, np.float32),
        "white noise": rng.standard_normal(count).astype(np.float32),
        "pink noise": pink_noise(count, rng),
    }
    for name, kind in kinds.items():
        shape = kind / np.sqrt(np.mean(kind**2))
        for level_dbfs in LEVELS_DBFS:
            sounds[f"{name}, {level_dbfs} dBFS"] = shape * np.float32(10 ** (level_dbfs / 20))
    return sounds


def judge_non_speech(bundle: Bundle, noise_dir: Path | None, *, seed: int) -> Iterator[NonSpeech]:
    """Count states: one line per synthetic sound, and one for all recordings of a folder."""
    for name, samples in synthetic_sounds(seed).items():
        yield _line(name, _states(bundle, samples, SAMPLE_RATE))
    if noise_dir is None:
        return
    states: Counter[State] = Counter()
    for path in find_sound_files([noise_dir]).files:
        states += _states(bundle, *read_sound(path))
    yield _line(f"recordings in {noise_dir.name}", states)


def _line(name: str, states: Counter[State]) -> NonSpeech:
    return NonSpeech(
        sound=name,
        windows=states.total(),
        named=states[State.SPEECH],
        unsure=states[State.UNSURE],
    )


def _states(bundle: Bundle, samples: Array, rate: int) -> Counter[State]:
    default = RealtimeSettings()
    settings = EstimatorSettings(
        window_s=default.window_s,
        hop_s=default.hop_s,
        smoothing_s=default.smoothing_s,
        reset_after_silence_s=default.reset_after_silence_s,
    )
    estimator = Estimator(bundle, settings, Speaker(name=ADAPTIVE, learns=True), rate)
    rows = estimator.push(Block(samples=samples, rate=rate)) + estimator.finish()
    return Counter(row.state for row in rows)
