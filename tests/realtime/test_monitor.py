"""monitor: the real program listens to a real sound server."""

import csv
import json
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from tests.conftest import RunProgram
from tests.realtime.live_program import Program, Row, check_windows, command_of
from tests.virtual_microphone import VirtualMicrophone, missing_programs
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.skipif(missing_programs() is not None, reason=str(missing_programs()))

SINK_RATES = (16_000, 44_100, 48_000)
SPEECH_S = 4.0
LISTEN_S = 6.0
ATTEMPTS = 3
# Far enough above the last of 16 bits that rounding to it does not show.
FINE_DBFS = -60.0
# What is analysed: all that is not about the clock.
HEARD = ("state", "emotion", "raw_emotion")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """What was played, and what the monitor made of it."""

    played: NDArray[np.int16]
    rate: int
    program: Program

    @property
    def recording(self) -> Path:
        return self.program.folder / "heard.wav"

    def recorded(self) -> tuple[NDArray[np.int16], int]:
        sound, rate = soundfile.read(self.recording, dtype="int16")
        return sound, rate

    def is_undisturbed(self) -> bool:
        """Neither the monitor nor the player was starved by a busy machine."""
        rows = self.program.rows()
        sound, rate = self.recorded()
        spoken = np.flatnonzero(np.abs(sound) > 50)
        length_s = (spoken[-1] - spoken[0]) / rate if spoken.size else 0.0
        expected = np.flatnonzero(np.abs(self.played) > 50)
        expected_s = (expected[-1] - expected[0]) / self.rate
        return rows[-1]["dropped_samples"] == "0" and abs(length_s - expected_s) < 0.01


def _listen(folder: Path, rate: int, model: Path, speech: NDArray[np.float32]) -> Hearing:
    """Play to a sink of that rate while the monitor listens and records."""
    sound = soxr.resample(speech, 48_000, rate) if rate != 48_000 else speech
    played = np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2")
    (folder / "speech.raw").parent.mkdir(exist_ok=True)
    played.tofile(folder / "speech.raw")
    microphone = VirtualMicrophone(folder)
    try:
        microphone.start(microphone=False)
        microphone.add("virt", rate=rate)
        common = ("monitor", "--model", model, "--baseline", "off", "--no-dashboard")
        options = ("--duration", str(LISTEN_S), "--record", "heard.wav")
        program = Program(
            folder / "run", *common, *options, environment=microphone.environment, umask=0
        )
        with program:
            program.wait_for_rows(2)
            command = ["pacat", "--playback", f"--rate={rate}", "--channels=1", "--format=s16le"]
            # Half a second of buffer: a busy machine must not tear the sound itself.
            command += ["--raw", "--latency-msec=500", str(folder / "speech.raw")]
            with subprocess.Popen(command, env=microphone.environment) as player:
                assert program.end() == 0, program.messages()
                player.kill()
    finally:
        microphone.kill()
    return Hearing(played=played, rate=rate, program=program)


@pytest.fixture(scope="module")
def hearings(synthetic_folder: Path, speech: NDArray[np.float32]) -> Iterator[dict[int, Hearing]]:
    """The same speech through three sinks at once, again where the machine was too busy."""
    spoken = speech[: round(SPEECH_S * 48_000)]
    heard: dict[int, Hearing] = {}
    with tempfile.TemporaryDirectory(prefix="vm") as name, ThreadPoolExecutor() as pool:
        for attempt in range(ATTEMPTS):
            runs = {
                rate: pool.submit(
                    _listen, Path(name, f"{attempt}-{rate}"), rate, synthetic_folder, spoken
                )
                for rate in SINK_RATES
                if rate not in heard
            }
            for rate, run in runs.items():
                if run.result().is_undisturbed():
                    heard[rate] = run.result()
        yield heard


def _hearing(hearings: dict[int, Hearing], rate: int) -> Hearing:
    assert rate in hearings, f"the machine was too busy in {ATTEMPTS} attempts"
    return hearings[rate]


def _replayed(sound: Path, model: Path) -> list[Row]:
    path = sound.with_suffix(".csv")
    subprocess.run(
        [
            *command_of("replay", sound, "--model", model, "--baseline", "off", "--speed", "max"),
            *("--no-dashboard", "--csv", str(path), "--overwrite"),
        ],
        check=True,
        capture_output=True,
    )
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _columns(rows: list[Row], *names: str) -> list[tuple[str, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_at_the_devices_own_rate_the_recording_is_what_was_played(
    hearings: dict[int, Hearing],
) -> None:
    hearing = _hearing(hearings, 44_100)
    sound, rate = hearing.recorded()
    assert rate == 44_100
    begin = int(np.flatnonzero(sound)[0] - np.flatnonzero(hearing.played)[0])
    assert np.array_equal(sound[begin : begin + hearing.played.size], hearing.played)
    assert not sound[: max(0, begin)].any()
    assert not sound[begin + hearing.played.size :].any()


@pytest.mark.parametrize("rate", SINK_RATES)
def test_the_sound_played_is_the_sound_analysed(
    rate: int, hearings: dict[int, Hearing], synthetic_folder: Path
) -> None:
    hearing = _hearing(hearings, rate)
    sound, own_rate = hearing.recorded()
    length = round(hearing.played.size / rate * own_rate)
    place = _place(soxr.resample(hearing.played.astype(float), rate, own_rate), sound)
    lead = np.zeros(round(place / own_rate * rate), np.int16)
    rest = np.zeros(round((sound.size - place - length) / own_rate * rate), np.int16)
    path = hearing.program.folder / "played.wav"
    soundfile.write(path, np.concatenate([lead, hearing.played, rest]), rate)
    live, offline = hearing.program.rows(), _replayed(path, synthetic_folder)
    assert len(offline) >= len(live)
    assert sum(row["state"] != "no_speech" for row in live) > 8
    if rate == own_rate:
        assert _columns(live, *HEARD) == _columns(offline, *HEARD)[: len(live)]
        return
    # Another resampler: a window on the edge of speech, or between two emotions, may differ.
    pairs = list(zip(live, offline, strict=False))
    spoken = [(mine["raw_emotion"] != "", other["raw_emotion"] != "") for mine, other in pairs]
    assert sum(mine != other for mine, other in spoken) <= 2
    named = [(mine["raw_emotion"], other["raw_emotion"]) for mine, other in pairs]
    assert sum(mine == other for mine, other in named) > 0.75 * len(named)


def _place(played: NDArray[np.float64], sound: NDArray[np.int16]) -> int:
    """Where in the sound the played part begins, by correlation."""
    size = 1 << (played.size + sound.size).bit_length()
    found = np.fft.rfft(sound.astype(float), size) * np.conj(np.fft.rfft(played, size))
    return int(np.fft.irfft(found, size)[: sound.size].argmax())


@pytest.mark.parametrize("rate", SINK_RATES)
def test_a_replay_of_the_recording_gives_the_same_rows(
    rate: int, hearings: dict[int, Hearing], synthetic_folder: Path
) -> None:
    hearing = _hearing(hearings, rate)
    live, offline = hearing.program.rows(), _replayed(hearing.recording, synthetic_folder)
    check_windows(live)
    names = ("window", "start_s", "end_s", "state")
    assert _columns(live, *names) == _columns(offline, *names)[: len(live)]
    # Where the sound server resampled, the recording has 16 bits of it and the monitor more: the
    # bands above its filter hold nothing but that rounding, which the network hears too.
    tolerances = {"speech_ratio": 0.02, "level_dbfs": 0.02, "confidence": 0.1}
    for mine, other in zip(live, offline, strict=False):
        for name, tolerance in tolerances.items():
            if mine[name] and float(mine["level_dbfs"]) > FINE_DBFS:
                assert float(mine[name]) == pytest.approx(float(other[name]), abs=tolerance), name


@pytest.mark.parametrize("rate", SINK_RATES)
def test_a_duration_is_kept_to_the_window(rate: int, hearings: dict[int, Hearing]) -> None:
    rows = _hearing(hearings, rate).program.rows()
    assert len(rows) == LISTEN_S * 4
    assert float(rows[-1]["end_s"]) == LISTEN_S
    assert all(row["latency_ms"] for row in rows[1:-1])


def test_log_description_and_recording_are_private(hearings: dict[int, Hearing]) -> None:
    folder = _hearing(hearings, 48_000).program.folder
    for name in ("log.csv", "log.csv.meta.json", "heard.wav"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600, name


def test_json_goes_to_standard_output_and_messages_do_not(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path
) -> None:
    options = ("--model", synthetic_folder, "--json", "--duration", "3", "--device", "puls")
    with Program(tmp_path / "run", "monitor", *options, environment=microphone.environment) as run:
        assert run.end() == 0, run.messages()
    rows = [json.loads(line) for line in run.lines()]
    assert [row["window"] for row in rows] == list(range(12))
    assert list(rows[0]) == list(run.rows()[0])
    assert "12 windows in 3.0 s" in run.messages()
    # Nothing was played: exact zeros for two seconds.
    assert "The microphone delivers exact silence" in run.messages()
    assert json.loads((run.folder / "log.csv.meta.json").read_text())["source"] == "pulse"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--device", "gramophone"], "No input is called 'gramophone'"),
        (["--device", "ul"], "'ul' fits several inputs"),
        (["--device", "77"], "No input has the number 77"),
        (["--channel", "99"], "has no channel 99"),
    ],
)
def test_a_device_that_cannot_be_meant_is_said_in_a_sentence(
    options: list[str],
    sentence: str,
    microphone: VirtualMicrophone,
    synthetic_folder: Path,
    run_realtime: RunProgram,
) -> None:
    command = ("monitor", "--model", synthetic_folder, *options)
    run = run_realtime(*command, environment=microphone.environment)
    assert run.returncode == 1
    assert sentence in run.stderr
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize("server", ["no server", "a server without a source"])
@pytest.mark.parametrize("command", ["monitor", "calibrate nobody"])
def test_without_a_microphone_one_sentence_says_what_to_do(
    server: str, command: str, synthetic_folder: Path, run_realtime: RunProgram
) -> None:
    words = (*shlex.split(command), "--model", synthetic_folder)
    with tempfile.TemporaryDirectory(prefix="vm") as name:
        microphone = VirtualMicrophone(Path(name))
        if server != "no server":
            microphone.start(microphone=False)
        try:
            run = run_realtime(*words, environment=microphone.environment)
        finally:
            microphone.kill()
    assert run.returncode == 1
    *_, last = run.stderr.splitlines()
    assert last.startswith("ser-live: ")
    assert "`scripts/run replay` plays the demonstration" in last
    # What ALSA and PortAudio print is in the log of native noise.
    assert "Expression" not in run.stderr
    assert "ALSA" not in run.stderr


def test_a_reading_that_nobody_hears_is_told_why(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path
) -> None:
    command = command_of("calibrate", "me", "--model", synthetic_folder)
    said = tmp_path / "said"
    with (
        said.open("wb") as err,
        subprocess.Popen(command, env=microphone.environment, cwd=tmp_path, stderr=err) as reading,
    ):
        wait_until(lambda: "exact silence" in said.read_text(), "a hint")
        microphone.kill()
        wait_until(lambda: "Waiting for default" in said.read_text(), "a notice")
        reading.send_signal(signal.SIGINT)
        assert reading.wait(PATIENCE_S) == 1
    assert said.read_text().count("exact silence") == 1
    assert said.read_text().count("Waiting for default: it was disconnected") == 1
    assert "nothing was saved" in said.read_text()


def test_a_log_that_exists_is_spared(
    microphone: VirtualMicrophone,
    synthetic_folder: Path,
    tmp_path: Path,
    run_realtime: RunProgram,
) -> None:
    (tmp_path / "log.csv").write_text("precious")
    command = ("monitor", "--csv", "log.csv", "--model", synthetic_folder)
    run = run_realtime(*command, environment=microphone.environment)
    assert run.returncode == 1
    assert "log.csv" in run.stderr
    assert (tmp_path / "log.csv").read_text() == "precious"


@pytest.mark.parametrize(
    "refused",
    [
        ("heard.mp3", "must end in .wav or .flac", 2),
        ("log.wav", "--record and --csv both name", 2),
        ("folder.wav", "is a folder", 1),
        ("nowhere/heard.wav", "does not exist: make it first", 1),
        ("parted.wav", "parted.0002.wav is there already", 1),
    ],
    ids=lambda refused: refused[0],
)
def test_a_recording_that_cannot_begin_costs_no_log(
    refused: tuple[str, str, int],
    microphone: VirtualMicrophone,
    synthetic_folder: Path,
    tmp_path: Path,
    run_realtime: RunProgram,
) -> None:
    record, sentence, code = refused
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "parted.0002.wav").touch()
    (tmp_path / "log.wav").write_text("precious")
    options = ("--csv", "log.wav", "--overwrite", "--record", record, "--duration", "1")
    command = ("monitor", "--no-dashboard", "--model", synthetic_folder, *options)
    run = run_realtime(*command, environment=microphone.environment)
    assert run.returncode == code
    assert sentence in run.stderr
    assert (tmp_path / "log.wav").read_text() == "precious"


def test_a_recording_that_exists_is_told_before_a_log_begins(
    microphone: VirtualMicrophone,
    synthetic_folder: Path,
    tmp_path: Path,
    run_realtime: RunProgram,
) -> None:
    (tmp_path / "heard.wav").write_text("precious")
    options = ("--csv", "log.csv", "--record", "heard.wav", "--duration", "1")
    command = ("monitor", "--no-dashboard", "--model", synthetic_folder, *options)
    run = run_realtime(*command, environment=microphone.environment)
    assert run.returncode == 1
    assert "heard.wav exists already" in run.stderr
    assert not (tmp_path / "log.csv").exists()
