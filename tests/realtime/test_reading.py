"""calibrate with a microphone: how long a person reads, and what they are told meanwhile."""

import itertools
import os
import re
import signal
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.bundle import Bundle
from models.frames import FrameExtractor
from models.profile import load_profile
from realtime import calibrate
from realtime.calibrate import READING, Learner
from realtime.cli import main
from realtime.ending_signals import ENDING
from realtime.judge import Judge
from realtime.sources.base import Block, Gap, SourceItem
from realtime.sources.memory import MemorySource

RATE = 48_000
GAP = Gap(elapsed_s=1.0, over=True, reason="it was disconnected")
Samples = NDArray[np.float32]
Read = Callable[..., int]


@pytest.fixture
def learner(synthetic_bundle: Bundle) -> Callable[..., Learner]:
    def learnt(*items: Block | Gap) -> Learner:
        judge = Judge(synthetic_bundle, 3.0, 0.25)
        learner = Learner(judge, FrameExtractor(synthetic_bundle.banks), 3.0, 0.25)
        for item in items:
            learner.push(item)
        learner.finish()
        learner.finish()
        return learner

    return learnt


def block(samples: Samples, **facts: object) -> Block:
    return Block(samples=samples, rate=RATE, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("cause", ["gap", "loss", "another beginning"])
def test_no_window_reaches_over_what_is_missing_and_all_speech_counts(
    cause: str, learner: Callable[..., Learner], speech: Samples
) -> None:
    first, second = speech[: 3 * RATE], speech[7 * RATE : 10 * RATE]
    interrupted = {
        "gap": (block(first), GAP, block(second)),
        "loss": (block(first), block(second, lost_samples=1)),
        "another beginning": (block(first), block(second, starts_segment=True)),
    }[cause]
    found, whole = learner(*interrupted), learner(block(first), block(second))
    parts = learner(block(first)), learner(block(second))
    assert found.speech_s == pytest.approx(sum(part.speech_s for part in parts))
    assert found.baseline.weight == pytest.approx(sum(part.baseline.weight for part in parts))
    assert found.baseline.weight != pytest.approx(whole.baseline.weight)


@pytest.fixture(autouse=True)
def heard_signals() -> Iterator[None]:
    """A program that was interrupted is deaf to further signals; the next test is not."""
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def read(
    synthetic_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., int]:
    """Calibrate with a microphone that hears these items; a reading of three seconds will do."""

    def run(items: Iterable[SourceItem], *options: str) -> int:
        def opened(device: str | None, channel: int | None) -> MemorySource:
            assert (device, channel) == (("headset", 2) if options else (None, None))
            return MemorySource(items, RATE)

        monkeypatch.setattr("realtime.sources.microphone.MicrophoneSource", opened)
        path = str(tmp_path / "me.json")
        return main(["calibrate", path, "--model", str(synthetic_folder), *options])

    monkeypatch.setattr(calibrate, "ENOUGH_SPEECH_S", 3.0)
    monkeypatch.setattr(calibrate, "LEAST_SPEECH_S", 1.0)
    return run


def spoken(speech: Samples, *, end_s: float | None = None) -> Iterator[Block]:
    """Half a second after the other; Ctrl-C after `end_s` of them."""
    for begin in range(0, speech.size, RATE // 2):
        if end_s is not None and begin >= end_s * RATE:
            os.kill(os.getpid(), signal.SIGINT)
        yield block(speech[begin : begin + RATE // 2])


@pytest.mark.parametrize("options", [(), ("--device", "headset", "--channel", "2")])
def test_a_reading_ends_as_soon_as_enough_was_heard(
    options: tuple[str, ...],
    *,
    read: Read,
    speech: Samples,
    synthetic_bundle: Bundle,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = spoken(speech)
    assert read(asked, *options) == 0
    said = capsys.readouterr().err
    assert said.startswith(READING)
    assert said.count("That is enough, thank you.") == 1
    assert "Learnt from 3 s of speech" in said
    assert len(list(asked)) > 40  # of 60 half seconds
    assert load_profile(tmp_path / "me.json", synthetic_bundle, window_s=3.0).weight > 0.5


@pytest.mark.parametrize(("end_s", "code"), [(4.0, 0), (1.0, 1)])
def test_who_stops_reading_early_is_learnt_from_if_that_was_long_enough(
    end_s: float,
    code: int,
    *,
    read: Read,
    speech: Samples,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = spoken(speech, end_s=end_s)
    assert read(asked) == code
    said = capsys.readouterr().err
    assert "That is enough" not in said
    assert ("Learnt from" in said) is (code == 0)
    assert ("nothing was saved; speak longer or closer" in said) is (code == 1)
    assert (tmp_path / "me.json").exists() is (code == 0)


@pytest.mark.parametrize("place", ["microphone", "file"])
def test_the_window_that_ends_with_the_sound_is_learnt_from_too(
    place: str,
    *,
    read: Read,
    learner: Callable[..., Learner],
    speech: Samples,
    synthetic_bundle: Bundle,
    tmp_path: Path,
) -> None:
    heard = speech[: 5 * RATE]
    soundfile.write(tmp_path / "heard.wav", heard, RATE)
    options = ("--from", str(tmp_path / "heard.wav")) if place == "file" else ()
    assert read(spoken(heard), *options) == 0
    saved = load_profile(tmp_path / "me.json", synthetic_bundle, window_s=3.0)
    assert saved.weight == pytest.approx(learner(block(heard)).baseline.weight)


def test_what_keeps_the_reading_from_being_heard_is_told_once_each_time(
    read: Read, speech: Samples, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = [Gap(elapsed_s=part, over=part == 0.3, reason="it is gone") for part in (0.1, 0.2, 0.3)]
    muted = block(np.zeros(RATE, np.float32))
    read([*[muted] * 4, *lost, *[muted] * 4, *lost, *spoken(speech)])
    said = capsys.readouterr().err
    assert said.count("exact silence") == 2
    assert said.count("it is gone") == 2


def test_a_person_sees_how_much_of_the_reading_is_done(
    read: Read, speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, str]] = []
    monkeypatch.setattr(calibrate, "draw", lambda share, text, _: drawn.append((share, text)))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    read(spoken(speech))
    shares = [share for share, _ in drawn]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert 1.0 <= shares[-1] < 1.2
    assert all(text == f"{3 * share:4.1f} of 3 s of speech" for share, text in drawn)


def test_a_reading_lasts_three_quarters_of_a_minute_and_nothing_is_saved_of_no_window(
    synthetic_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard: list[object] = []
    second = block(np.zeros(RATE, np.float32))
    microphone = MemorySource(itertools.repeat(second), RATE)
    monkeypatch.setattr("realtime.sources.microphone.MicrophoneSource", lambda *_, **__: microphone)
    monkeypatch.setattr(Learner, "push", lambda _, item: heard.append(item))
    monkeypatch.setattr(Learner, "speech_s", property(lambda _: float(len(heard))))
    path = tmp_path / "me.json"
    assert main(["calibrate", str(path), "--model", str(synthetic_folder)]) == 1
    assert len(heard) == 45
    assert "nothing was saved" in capsys.readouterr().err
    assert not path.exists()


def test_a_few_seconds_of_speech_make_no_profile(
    synthetic_folder: Path,
    speech: Samples,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sound, path = tmp_path / "short.wav", tmp_path / "me.json"
    soundfile.write(sound, speech[: 10 * RATE], RATE)
    command = ["calibrate", str(path), "--from", str(sound), "--model", str(synthetic_folder)]
    assert main(command) == 1
    assert re.search(r"Only [45]\.\d s of speech were heard, at least 6 s", capsys.readouterr().err)
    assert not path.exists()
