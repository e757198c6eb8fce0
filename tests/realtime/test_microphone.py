"""A real PortAudio stream from a virtual microphone: what is played is what is heard."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from tests.capture import ROOT, Capture, is_kind
from tests.virtual_microphone import VirtualMicrophone, missing_programs, own_microphone

ALSA_FILE = """
</usr/share/alsa/alsa.conf>
pcm.exact {{
    type file
    slave.pcm null
    file /dev/null
    infile {folder}/in.raw
    format raw
    hint {{ show on }}
}}
"""
# The stream's first buffers, kept in its own thread: the reader would not keep up.
READ_BUFFERS = """
import sys, threading
from realtime.sources import devices, portaudio
from realtime.sources.intake import Intake

buffers, enough = [], threading.Event()

def keep(data, flagged):
    if len(buffers) < 22:
        buffers.append(bytes(data))
    else:
        enough.set()

device = devices.choose("exact", portaudio.inputs())
stream = portaudio.open_stream(device, 2, keep, enough.set)
assert enough.wait(10)
stream.close()
intake = Intake(device.rate, 2, None)
for buffer in buffers:
    intake.take(buffer, flagged=False)
with open(sys.argv[1], "wb") as out:
    for block in intake.read(1.0):
        out.write(block.samples.tobytes())
"""

pytestmark = pytest.mark.skipif(missing_programs() is not None, reason=str(missing_programs()))

Sound = NDArray[np.float64]


@pytest.fixture(scope="module")
def daemon() -> Iterator[VirtualMicrophone]:
    """One daemon with a microphone for each rate, the 48 kHz one the default."""
    with own_microphone() as microphone:
        for rate in (16_000, 44_100):
            microphone.add(f"at{rate}", rate=rate)
        microphone.add("stereo", channels=2)
        microphone.add("at48000")
        yield microphone


def spoken(rate: int, seconds: float = 1.5, seed: int = 5) -> Sound:
    """Band-limited noise with pauses, like syllables; the band is that of the narrowest path.

    It begins with a tenth of a second of silence, of which PulseAudio swallows a part.
    """
    rng = np.random.default_rng(seed)
    sound = soxr.resample(rng.normal(0, 0.15, round(seconds * 12_000)), 12_000, rate, "VHQ")
    seconds_in = np.arange(sound.size) / rate - 0.1
    return np.asarray(sound * np.clip(np.sin(2 * np.pi * 1.5 * seconds_in), 0, 1), np.float64)


def best_match(heard: Sound, rate: int, played: Sound, played_rate: int) -> tuple[float, float]:
    """Correlation at the best alignment, to a fraction of a sample, and the gain there."""
    wanted = soxr.resample(played, played_rate, rate, "VHQ")
    size = 1 << (heard.size + wanted.size).bit_length()
    cross = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    products = np.fft.irfft(cross, size)[: heard.size - wanted.size]
    lag = int(products.argmax())
    # The peak between samples is that of the band-limited curve through them.
    turns = np.exp(2j * np.pi * np.arange(cross.size) / size)
    shifts = np.arange(-5, 6) / 10
    curve = [2 / size * float((cross * turns ** (lag + shift)).real.sum()) for shift in shifts]
    product = float(np.polyval(np.polyfit(shifts, curve, 4), np.linspace(-0.5, 0.5, 101)).max())
    part = heard[lag : lag + wanted.size]
    correlation = product / float(np.linalg.norm(part) * np.linalg.norm(wanted))
    return correlation, product / float(wanted @ wanted)


def test_the_sound_played_is_the_sound_captured(daemon: VirtualMicrophone, tmp_path: Path) -> None:
    """Three sinks, each heard at its own rate and at another, all at once."""
    played = {rate: spoken(rate) for rate in (16_000, 44_100, 48_000)}
    for rate, sound in played.items():
        (sound * 32767).round().astype("<i2").tofile(tmp_path / f"{rate}.raw")
    pairs = [(16_000, 16_000), (44_100, 44_100), (48_000, 48_000), (48_000, 16_000)]
    with contextlib.ExitStack() as stack:
        captures = {
            (sink_rate, rate): stack.enter_context(
                Capture(
                    tmp_path / f"{sink_rate}-{rate}",
                    daemon.environment | {"PULSE_SOURCE": f"at{sink_rate}.monitor"},
                    "pulse",
                    rate=rate,
                )
            )
            for sink_rate, rate in pairs
        }
        for capture in captures.values():
            capture.until_heard(0.2)
        players = [
            daemon.play(tmp_path / f"{rate}.raw", sink=f"at{rate}", rate=rate) for rate in played
        ]
        for player in players:
            player.wait()
        for capture in captures.values():
            capture.until_heard(0.5)
            assert capture.stop() == 0
    for (sink_rate, rate), capture in captures.items():
        assert capture.of_kind("Source")[0]["rate"] == rate
        assert {block["rate"] for block in capture.of_kind("Block")} == {rate}
        assert not any(block["lost"] for block in capture.of_kind("Block"))
        assert not capture.of_kind("Gap")
        assert abs(capture.unaccounted_s()) < 0.15
        heard = capture.samples().astype(float)
        correlation, gain = best_match(heard, rate, played[sink_rate], sink_rate)
        assert correlation > 0.999, (sink_rate, rate)
        assert gain == pytest.approx(1, abs=0.01)


def test_channels_are_averaged_or_chosen(daemon: VirtualMicrophone, tmp_path: Path) -> None:
    left, right = spoken(48_000, 1.0), spoken(48_000, 1.0, seed=6)
    raw = tmp_path / "stereo.raw"
    (np.stack([left, right], axis=1) * 32767).round().astype("<i2").tofile(raw)
    environment = daemon.environment | {"PULSE_SOURCE": "stereo.monitor"}
    with contextlib.ExitStack() as stack:
        captures = [
            stack.enter_context(Capture(tmp_path / channel, environment, "pulse", channel))
            for channel in ("", "1", "2")
        ]
        for capture in captures:
            capture.until_heard(0.3)
        daemon.play(raw, sink="stereo", channels=2).wait()
        for capture in captures:
            capture.until_heard(0.5)
            capture.stop()
    rate = captures[0].of_kind("Source")[0]["rate"]
    heard = [capture.samples().astype(float) for capture in captures]
    for channel, expected in enumerate([(left + right) / 2, left, right]):
        correlation, gain = best_match(heard[channel], rate, expected, 48_000)
        assert correlation > 0.999
        assert gain == pytest.approx(1, abs=0.02)


def test_a_balanced_cable_in_a_stereo_input_is_told_live(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    left = spoken(48_000, 3.0)
    raw = tmp_path / "stereo.raw"
    cables = np.stack([np.tile(left, 2), np.concatenate([-left, left])], axis=1)
    (cables * 32767).round().astype("<i2").tofile(raw)
    environment = daemon.environment | {"PULSE_SOURCE": "stereo.monitor"}
    with Capture(tmp_path, environment, "pulse") as capture:
        capture.until_heard(0.3)
        playing = daemon.play(raw, sink="stereo", channels=2)
        told = capture.until(is_kind("Notice"))
        over = capture.until(is_kind("Notice"))
        playing.wait()
        capture.stop()
    assert told["key"] == over["key"] == "channels"
    assert "listen to one of them with --channel 1" in told["text"]
    assert over["text"] is None


def test_a_missing_channel_is_refused(daemon: VirtualMicrophone, tmp_path: Path) -> None:
    with Capture(tmp_path, daemon.environment, "pulse", "40") as capture:
        said = capture.until(is_kind("SerError"))["text"]
    assert "no channel 40: it has 32" in said


def test_a_rate_that_cannot_be_used_is_told(daemon: VirtualMicrophone, tmp_path: Path) -> None:
    with Capture(tmp_path, daemon.environment, "pulse", rate=4_000_000) as capture:
        said = capture.until(is_kind("SerError"))["text"]
    assert said.startswith("'pulse' runs at 4000000 Hz; 8000 to 192000 Hz can be used")


def test_the_list_shows_the_real_devices(daemon: VirtualMicrophone) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from realtime.device_list import devices_text; print(devices_text())",
        ],
        env=daemon.environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (default,) = [line for line in done.stdout.splitlines() if line.startswith("*  ")]
    assert "default" in default
    assert "8 16 22.05 32 44.1 48 96 192" in default


def test_a_changed_default_is_announced_and_followed(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    with Capture(tmp_path, daemon.environment) as capture:
        capture.until_heard(0.3)
        daemon.pactl("set-default-source", "at44100.monitor")
        notice = capture.until(is_kind("Notice"))
        daemon.pactl("set-default-source", "at48000.monitor")
        capture.until(is_kind("Notice"))
        capture.stop()
    assert notice["text"] == "The default microphone is now Monitor of at44100."
    assert not capture.of_kind("Gap")


def test_a_suspended_program_finds_all_sound_or_a_count_of_what_is_missing(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    with Capture(tmp_path, daemon.environment) as capture:
        capture.until_heard(2.5)
        capture.process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        capture.process.send_signal(signal.SIGCONT)
        capture.until_heard(3)
        capture.stop()
    assert not capture.of_kind("Gap")
    assert abs(capture.unaccounted_s()) < 0.15


def test_devices_are_looked_for_from_a_folder_with_models_of_its_own(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/__init__.py").touch()
    look = "from realtime.sources.fresh_look import fresh_inputs; print(len(fresh_inputs()))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", look],
        cwd=tmp_path,
        env=daemon.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0


def test_no_microphone_at_all_is_one_sentence(tmp_path: Path) -> None:
    nowhere = dict(os.environ) | {
        "PULSE_SERVER": f"unix:{tmp_path / 'nowhere'}",
        "HOME": str(tmp_path),
    }
    with Capture(tmp_path, nowhere) as capture:
        said = capture.until(is_kind("SerError"))["text"]
    assert "\n" not in said
    assert "scripts/run replay" in said


def test_a_sound_system_that_does_not_start_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".asoundrc").write_text("pcm.!default { type pulse\n")  # a bracket is missing
    with Capture(tmp_path, dict(os.environ) | {"HOME": str(tmp_path)}) as capture:
        said = capture.until(is_kind("SerError"))["text"]
    assert said.startswith("The sound system cannot be started (")
    assert "correct ~/.asoundrc" in said
    assert "scripts/run replay" in said
    assert "\n" not in said


def test_a_byte_exact_microphone_without_a_daemon(tmp_path: Path) -> None:
    """ALSA's `file` plug-in reads a file for the null device, far faster than time."""
    frames = np.random.default_rng(2).uniform(-1, 1, (20_000, 2)).astype(np.float32)
    (tmp_path / "in.raw").write_bytes(frames.tobytes())
    (tmp_path / "asound.conf").write_text(ALSA_FILE.format(folder=tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", READ_BUFFERS, str(tmp_path / "out.raw")],
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")},
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    heard = np.fromfile(tmp_path / "out.raw", np.float32)
    assert heard.size == 22 * 882
    assert np.array_equal(
        heard, (frames[: heard.size, 0] + frames[: heard.size, 1]) * np.float32(0.5)
    )


def test_importing_the_microphone_does_not_load_portaudio() -> None:
    program = "import sys, realtime.sources.microphone; print('sounddevice' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
