"""Channels that cancel each other are told, others are not."""

from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.audio import to_mono
from models.bundle import load_bundle
from models.shipped import SHIPPED, bundle_folder
from realtime.recording import analyse
from realtime.sources.base import Notice
from realtime.sources.cancelling import Cancelling
from realtime.sources.file import FileSource
from realtime.sources.intake import Intake

RATE = 16_000
VOICE = np.random.default_rng(3).normal(0, 0.05, 4 * RATE).astype(np.float32)
OTHER = np.random.default_rng(4).normal(0, 0.05, 4 * RATE).astype(np.float32)
Samples = NDArray[np.float32]


def stereo(left: Samples, right: Samples) -> Samples:
    return np.stack([left, right], axis=1)


def is_told(frames: Samples, block: int = 800) -> bool:
    cancelling = Cancelling(RATE)
    for start in range(0, len(frames), block):
        part = frames[start : start + block]
        cancelling.push(part, to_mono(part))
    return cancelling.is_heard


@pytest.mark.parametrize("block", [1, 160, 4 * RATE])
def test_a_voice_that_is_upside_down_on_one_channel_is_told(block: int) -> None:
    assert is_told(stereo(VOICE[: 2 * RATE], -VOICE[: 2 * RATE]), block)
    assert is_told(stereo(VOICE[: 2 * RATE], -0.8 * VOICE[: 2 * RATE]), block)


@pytest.mark.parametrize(
    "frames",
    [
        stereo(VOICE, VOICE),
        stereo(VOICE, 0 * VOICE),
        stereo(VOICE, OTHER),
        stereo(VOICE, -0.5 * VOICE),
        stereo(0.02 * VOICE, -0.02 * VOICE),
        stereo(0 * VOICE, 0 * VOICE),
        np.eye(1, 16, 5, dtype=np.float32) * VOICE[:, None],
        np.random.default_rng(5).normal(0, 0.05, (RATE, 16)).astype(np.float32),
    ],
    ids=["same", "one dead", "two voices", "weaker", "silence", "zeros", "one of 16", "16 noises"],
)
def test_other_channels_are_not_told_of(frames: Samples) -> None:
    assert not is_told(frames)


def test_a_cable_that_is_changed_is_seen_when_somebody_speaks() -> None:
    wrong, right, silence = stereo(VOICE, -VOICE), stereo(VOICE, VOICE), stereo(VOICE, VOICE) * 0
    assert is_told(np.concatenate([wrong, *[silence] * 10]))
    assert not is_told(np.concatenate([wrong, right]))
    assert not is_told(np.concatenate([wrong, *[silence] * 10, right]))


def test_a_knock_that_reaches_the_channels_apart_is_not_told_of() -> None:
    knock = stereo(4 * VOICE[:800], -4 * VOICE[:800])
    voice = stereo(0.1 * VOICE, 0.1 * VOICE)
    assert not is_told(knock)
    assert not is_told(np.concatenate([knock, voice, knock, voice, knock, voice, knock]))


@pytest.mark.parametrize(("channel", "expected"), [(None, True), (1, False)])
def test_a_channel_that_is_chosen_is_not_averaged(channel: int | None, expected: bool) -> None:  # noqa: FBT001 - what is expected
    intake = Intake(RATE, 2, channel)
    intake.take(stereo(VOICE, -VOICE).tobytes(), flagged=False)
    assert intake.cancelling.is_heard is expected


def test_a_file_tells_once_and_takes_it_back(tmp_path: Path) -> None:
    path = tmp_path / "cable.wav"
    voice = np.tile(VOICE, 3)
    soundfile.write(path, np.concatenate([stereo(voice, -voice), stereo(voice, voice)]), RATE)
    items = list(FileSource(path, speed=None).items(Event()))
    told, over = [item for item in items if isinstance(item, Notice)]
    assert told.text is not None
    assert told.text.startswith("The channels of cable.wav cancel each other: keep one of them")
    assert over.text is None


def test_a_recording_without_speech_says_why(tmp_path: Path) -> None:
    banks = load_bundle(bundle_folder(SHIPPED[0])).banks
    errors = []
    for sign in (1, -1):
        path = tmp_path / "voice.wav"
        soundfile.write(path, stereo(VOICE, sign * VOICE), RATE, subtype="FLOAT")
        errors.append(analyse(path, banks, window_s=3.0, hop_s=0.25, folder=tmp_path).error)
    assert errors[0] == ""
    assert "cancel each other" in errors[1]
