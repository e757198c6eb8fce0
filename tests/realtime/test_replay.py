"""replay: the real program on real files, and one clear sentence for each bad one."""

import csv
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.bundle import Bundle
from models.labels import EMOTIONS
from models.profile import save_profile
from realtime.board import Board
from realtime.cli import main
from realtime.ending_signals import EndingSignals
from realtime.log.columns import HEADER
from realtime.worker import Worker
from tests.conftest import RunProgram
from tests.realtime.live_program import command_of
from tests.waiting import PATIENCE_S


def _replay(model: Path, *arguments: str | Path) -> int:
    return main(["replay", "--model", str(model), "--speed", "max", *map(str, arguments)])


def _objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_at_full_speed_gives_every_window_once(
    synthetic_folder: Path, demonstration: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    assert _replay(synthetic_folder, demonstration, "--csv", path) == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == HEADER.strip().split(",")
    assert [int(row["window"]) for row in rows] == list(range(120))
    assert [row["end_s"] for row in rows] == [f"{(i + 1) / 4:.3f}" for i in range(120)]
    assert {row["state"] for row in rows} <= {"speech", "no_speech", "unsure"}
    assert {row["latency_ms"] for row in rows} == {""}
    assert list(rows[0])[-1] == "time_utc"
    assert "120 windows in 30.0 s" in capsys.readouterr().err
    meta = json.loads((tmp_path / "log.csv.meta.json").read_text())
    assert meta["settings"]["window_s"] == 3.0


def test_json_has_the_same_fields_as_the_csv(
    synthetic_folder: Path, run_realtime: RunProgram
) -> None:
    run = run_realtime("replay", "--model", synthetic_folder, "--speed", "max", "--json")
    rows = _objects(run.stdout)
    assert run.returncode == 0
    assert len(rows) == 120
    assert list(rows[0]) == HEADER.strip().split(",")
    spoken = next(row for row in rows if row["state"] == "speech")
    assert math.isclose(sum(float(str(spoken[name])) for name in EMOTIONS), 1, abs_tol=1e-3)


def test_real_pace_takes_real_time_and_has_a_latency(
    synthetic_folder: Path, tmp_path: Path, speech: NDArray[np.float32], run_realtime: RunProgram
) -> None:
    soundfile.write(tmp_path / "short.wav", speech[: 2 * 48000], 48000)
    started = time.monotonic()
    run = run_realtime("replay", "short.wav", "--model", synthetic_folder, "--json")
    assert time.monotonic() - started >= 1.9
    latencies = [row["latency_ms"] for row in _objects(run.stdout)]
    assert len(latencies) == 8
    assert all(isinstance(latency, float) for latency in latencies)


def test_another_voice_under_the_name_of_a_profile_is_another_log(
    synthetic_folder: Path,
    synthetic_bundle: Bundle,
    demonstration: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    profile, log = tmp_path / "me.json", tmp_path / "log.csv"
    options = (demonstration, "--baseline", profile, "--csv", log, "--append")
    for weight, code in ((1.0, 0), (1.0, 0), (2.0, 1)):
        save_profile(profile, SpeakerBaseline(weight=weight), synthetic_bundle, window_s=3.0)
        assert _replay(synthetic_folder, *options) == code
    assert "profile_sha256 was" in capsys.readouterr().err
    assert len(json.loads((tmp_path / "log.csv.meta.json").read_text())["runs"]) == 2


def test_a_loop_goes_on_until_it_is_interrupted(
    synthetic_folder: Path, tmp_path: Path, speech: NDArray[np.float32]
) -> None:
    soundfile.write(tmp_path / "short.wav", speech[:48000], 48000)
    options = ("--loop", "--json", "--speed", "20", "--model", synthetic_folder)
    with subprocess.Popen(
        command_of("replay", "short.wav", *options),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as program:
        assert program.stdout is not None
        rows = [json.loads(program.stdout.readline()) for _ in range(10)]
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=20)
    assert rows[-1]["end_s"] == 2.5
    assert program.returncode == 130
    assert "windows in" in errors


@pytest.mark.parametrize(
    ("options", "code", "last"),
    [
        ("--json", 1, "ser-live: Standard output is closed: open it, or leave --json out."),
        ("--no-dashboard", 0, "120 windows in 30.0 s; "),
        ("", 0, "120 windows in 30.0 s; "),
    ],
)
def test_rows_go_nowhere_else_if_standard_output_is_closed(
    options: str, code: int, last: str, synthetic_folder: Path, tmp_path: Path
) -> None:
    command = f"{sys.executable} -P -m realtime replay --speed max {options}"
    run = subprocess.run(
        ["/bin/sh", "-c", f"{command} --model {synthetic_folder} >&-"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    (said,) = run.stderr.splitlines()
    assert said.startswith(last)
    assert run.returncode == code


def test_the_reader_of_standard_output_may_leave(synthetic_folder: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -P -m realtime replay --speed max --loop --json"
    pipeline = f"{command} --model {synthetic_folder} | head -n 3; exit ${{PIPESTATUS[0]}}"
    run = subprocess.run(
        ["/bin/bash", "-c", pipeline],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert len(run.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("rate", "channels"), [(8000, 1), (11025, 2), (44100, 2), (48000, 8), (96000, 1)]
)
def test_any_rate_and_any_number_of_channels_work(
    rate: int, channels: int, synthetic_folder: Path, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, (rate, channels))
    soundfile.write(tmp_path / "a.wav", noise, rate)
    assert _replay(synthetic_folder, tmp_path / "a.wav", "--json") == 0


@pytest.mark.parametrize("spoilt", ["clipped", "offset"])
def test_clipped_sound_and_a_constant_offset_are_heard(
    spoilt: str,
    synthetic_folder: Path,
    tmp_path: Path,
    speech: NDArray[np.float32],
    capfd: pytest.CaptureFixture[str],
) -> None:
    samples = np.clip(speech * 50, -1, 1) if spoilt == "clipped" else speech * 0.5 + 0.3
    soundfile.write(tmp_path / "a.wav", samples[: 12 * 48000], 48000, subtype="FLOAT")
    assert _replay(synthetic_folder, tmp_path / "a.wav", "--json") == 0
    rows = _objects(capfd.readouterr().out)
    assert any(row["state"] in ("speech", "unsure") for row in rows)
    clipped = max(float(str(row["clipped_ratio"])) for row in rows)
    assert (clipped > 0.1) == (spoilt == "clipped")


def _bad_files(folder: Path) -> dict[str, str]:
    """Write every kind of bad file; return a part of the sentence that each must get."""
    good = np.zeros(16000, np.float32)
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.wav").write_text("not a sound at all")
    soundfile.write(folder / "nothing.wav", good[:0], 16000)
    for name, value in (("nan", np.nan), ("infinite", np.inf)):
        soundfile.write(folder / f"{name}.wav", np.append(good, [value]), 16000, subtype="FLOAT")
    soundfile.write(folder / "slow.wav", good, 4000)
    (folder / "folder.wav").mkdir()
    return {
        "missing.wav": "missing.wav",
        "empty.wav": "empty.wav",
        "text.wav": "text.wav",
        "nothing.wav": "nothing.wav",
        "nan.wav": "nan.wav",
        "infinite.wav": "infinite.wav",
        "slow.wav": "4000",
        "folder.wav": "folder.wav",
    }


def test_each_bad_file_gets_one_clear_sentence_and_exit_code_1(
    synthetic_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, expected in _bad_files(tmp_path).items():
        assert _replay(synthetic_folder, tmp_path / name, "--json") == 1, name
        errors = capsys.readouterr().err.strip()
        assert expected in errors, name
        assert len(errors.splitlines()) == 1, name
        assert "Traceback" not in errors


def test_rows_before_a_fault_in_the_middle_stay(
    synthetic_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = np.zeros(5 * 16000, np.float32)
    samples[-8000] = np.nan
    soundfile.write(tmp_path / "late.wav", samples, 16000, subtype="FLOAT")
    path = tmp_path / "log.csv"
    assert _replay(synthetic_folder, tmp_path / "late.wav", "--csv", path) == 1
    assert "4.5" in capsys.readouterr().err
    assert len(path.read_text().splitlines()) >= 17


def _in_bash(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # What measures coverage would meet a limit of the script, too.
    environment = {name: value for name, value in os.environ.items() if "COV" not in name}
    return subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_disk_that_fills_ends_with_exit_code_1_and_keeps_what_was_written(
    synthetic_folder: Path, tmp_path: Path
) -> None:
    command = f"{sys.executable} -P -m realtime replay --speed max --csv log.csv"
    run = _in_bash(f"ulimit -f 4; {command} --model {synthetic_folder}", tmp_path)
    assert run.returncode == 1
    assert "log.csv" in run.stderr.splitlines()[-1]
    lines = (tmp_path / "log.csv").read_text().splitlines(keepends=True)
    assert 10 < len(lines) < 120
    assert all(line.endswith("\n") and line.count(",") == lines[0].count(",") for line in lines)


def test_a_reader_that_leaves_hides_no_rows_that_are_missing_elsewhere(
    synthetic_folder: Path, tmp_path: Path
) -> None:
    command = f"{sys.executable} -P -m realtime replay --speed max --loop --json --csv log.csv"
    limited = f"(ulimit -f 4; exec {command} --model {synthetic_folder})"
    run = _in_bash(f"{limited} | head -n 300 >/dev/null; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert run.returncode == 1
    assert "rows are missing in log.csv" in run.stderr.splitlines()[-1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_messages_that_cannot_be_written_stop_nothing(
    synthetic_folder: Path, tmp_path: Path
) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            command_of("replay", "--model", synthetic_folder, "--speed", "max", "--csv", "log.csv"),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=full,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 121


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--window", "1.5"], 2, "use one of 1, 2, 3"),
        (["--hop", "0.123"], 2, "multiple of 0.01"),
        (["--model", "svm"], 2, "neither `ann`, `mlp` nor a folder"),
        (["--baseline", "nobody"], 1, "no such file"),
        (["--overwrite", "--append"], 2, "exclude each other"),
        (["--rotate", "soon", "--csv", "x.csv"], 2, "soon"),
        (["--config", "none.toml"], 1, "none.toml cannot be read"),
        (["--csv", "no/such/folder/x.csv"], 1, "no/such/folder"),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_sentence(
    arguments: list[str],
    code: int,
    message: str,
    synthetic_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _replay(synthetic_folder, *arguments) == code
    errors = capsys.readouterr().err.strip()
    assert message in errors
    assert len(errors.splitlines()) == 1


def test_debug_shows_the_traceback(synthetic_folder: Path, run_realtime: RunProgram) -> None:
    run = run_realtime("replay", "none.wav", "--debug", "--model", synthetic_folder)
    assert run.returncode == 1
    assert "Traceback" in run.stderr


@pytest.mark.parametrize("arguments", [[], ["fly"], ["replay", "--speed", "-1"], ["classify"]])
def test_a_wrong_command_line_exits_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_the_working_directory_may_hold_a_package_named_models(
    synthetic_folder: Path, tmp_path: Path, run_realtime: RunProgram
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/__init__.py").write_text("raise SystemExit('the wrong package')")
    run = run_realtime("replay", "--model", synthetic_folder, "--speed", "max", "--json")
    assert run.returncode == 0, run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


@pytest.mark.parametrize(("baseline", "resets"), [("adaptive", 2), ("off", 0), ("me.json", 0)])
def test_r_forgets_the_voice_where_it_is_learnt_live(
    baseline: str,
    *,
    resets: int,
    synthetic_folder: Path,
    synthetic_bundle: Bundle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Upper or lower case, and no other key; without a terminal, a stand-in presses them."""
    save_profile(tmp_path / "me.json", SpeakerBaseline(weight=1.0), synthetic_bundle, window_s=3.0)
    soundfile.write(tmp_path / "sound.wav", np.zeros(8000), 16_000)
    asked = 0

    def reset(_: Worker) -> None:
        nonlocal asked
        asked += 1

    class Pressing:
        def __init__(self, _: Board, on_key: Callable[[str], None], *, refresh_hz: float) -> None:
            assert refresh_hz > 0
            self._on_key = on_key

        def run(self, stop: threading.Event, _: EndingSignals) -> None:
            for key in "rxR1":
                self._on_key(key)
            assert stop.wait(PATIENCE_S)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("realtime.run.Dashboard", Pressing)
    monkeypatch.setattr("realtime.run.can_draw", lambda: True)
    monkeypatch.setattr(Worker, "reset_speaker", reset)
    options = ("--speed", "max", "--model", str(synthetic_folder), "--baseline", baseline)
    assert main(["replay", "sound.wav", *options]) == 0
    assert asked == resets
