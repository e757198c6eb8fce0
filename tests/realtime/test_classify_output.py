"""Where classify writes: what is replaced, what is spared, what a full disk leaves."""

import csv
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from numpy import float32
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.bundle import Bundle
from models.labels import EMOTIONS
from models.profile import save_profile
from realtime.classify_output import HEADER, FileResult
from realtime.cli import main
from tests.conftest import RunProgram
from tests.realtime.live_program import command_of
from tests.realtime.log_disk import small_disk
from tests.realtime.log_rows import fill

__all__ = ["small_disk"]

RATE = 48_000


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory, speech: NDArray[float32]) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    for name, start_s in {"a.wav": 0, "b.wav": 7}.items():
        soundfile.write(folder / name, speech[start_s * RATE : (start_s + 2) * RATE], RATE)
    return folder


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_json_and_csv_say_the_same_at_once(
    recordings: Path, synthetic_folder: Path, tmp_path: Path, run_realtime: RunProgram
) -> None:
    options = ("--model", synthetic_folder, "--jobs", "1")
    run = run_realtime("classify", recordings, *options, "--json", "--csv", "rows.csv")
    assert (run.returncode, run.stderr) == (0, "")
    objects = [json.loads(line) for line in run.stdout.splitlines()]
    path = tmp_path / "rows.csv"
    assert len(objects) == 2
    assert path.stat().st_mode & 0o777 == 0o600
    written = path.read_text()
    for row, item in zip(_rows(written), objects, strict=True):
        assert row == {key: "" if value is None else str(value) for key, value in item.items()}
    assert run_realtime("classify", recordings, *options).stdout == written


def test_an_existing_file_is_kept_unless_told_otherwise(
    recordings: Path, synthetic_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, other_name = tmp_path / "out.csv", tmp_path / "other_name.csv"
    path.write_text("precious")
    other_name.hardlink_to(path)
    common = ["classify", str(recordings / "a.wav"), "--model", str(synthetic_folder)]
    assert main([*common, "--csv", str(path)]) == 1
    assert path.read_text() == "precious"
    assert "--overwrite to replace it" in capfd.readouterr().err
    assert main([*common, "--csv", str(path), "--overwrite"]) == 0
    assert path.read_text().startswith("file,")
    assert other_name.read_text() == "precious"


@pytest.mark.parametrize("link", [None, Path.symlink_to, Path.hardlink_to])
@pytest.mark.parametrize("command", ["classify", "replay"])
def test_what_is_read_is_not_overwritten_under_any_name(
    command: str,
    *,
    link: Callable[[Path, Path], None] | None,
    recordings: Path,
    synthetic_folder: Path,
    tmp_path: Path,
    run_realtime: RunProgram,
) -> None:
    sound = tmp_path / "sound.wav"
    sound.write_bytes((recordings / "a.wav").read_bytes())
    output = sound
    if link is not None:
        output = tmp_path / "link.csv"
        link(output, sound)
    options = ("--model", synthetic_folder, "--csv", output, "--overwrite")
    run = run_realtime(command, "sound.wav", *options)
    assert run.returncode == 2
    assert "is what shall be read" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert sound.read_bytes() == (recordings / "a.wav").read_bytes()
    assert output.samefile(sound)


@pytest.mark.parametrize(
    "arguments",
    [
        ("classify", "sound.wav", "--config", "read", "--csv", "read"),
        ("replay", "sound.wav", "--config", "read", "--csv", "read"),
        ("replay", "sound.wav", "--config", "read.meta.json", "--csv", "read"),
        ("replay", "sound.wav", "--baseline", "me.json", "--csv", "me.json"),
        ("replay", "sound.wav.meta.json", "--csv", "sound.wav"),
        ("monitor", "--config", "read.wav", "--record", "read.wav"),
    ],
    ids=" ".join,
)
def test_no_file_that_a_run_reads_is_overwritten(
    arguments: tuple[str, ...],
    *,
    recordings: Path,
    synthetic_folder: Path,
    synthetic_bundle: Bundle,
    tmp_path: Path,
    run_realtime: RunProgram,
) -> None:
    for name in ("sound.wav", "sound.wav.meta.json"):
        (tmp_path / name).write_bytes((recordings / "a.wav").read_bytes())
    for name in ("read", "read.meta.json", "read.wav"):
        (tmp_path / name).write_text("[realtime]\nhop_s = 0.5\n")
    save_profile(tmp_path / "me.json", SpeakerBaseline(), synthetic_bundle, window_s=3.0)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    run = run_realtime(*arguments, "--model", synthetic_folder, "--overwrite")
    assert run.returncode == 2
    assert "is what shall be read" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("command", ["classify", "replay"])
def test_a_device_is_no_file_to_replace(
    command: str, recordings: Path, synthetic_folder: Path, run_realtime: RunProgram
) -> None:
    options = ("--model", synthetic_folder, "--csv", "/dev/full")
    run = run_realtime(command, recordings / "a.wav", *options)
    assert (run.returncode, "is not a plain file" in run.stderr) == (1, True)
    run = run_realtime(command, recordings / "a.wav", *options, "--overwrite")
    assert (run.returncode, "is not a plain file" in run.stderr) == (1, True)


def test_a_full_disk_is_said_and_the_rows_that_were_written_stay_whole(
    recordings: Path, synthetic_folder: Path, small_disk: Path, run_realtime: RunProgram
) -> None:
    path = small_disk / "rows.csv"
    folder = small_disk.parent / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:0200d}.wav").symlink_to(recordings / "a.wav")
    filler = fill(small_disk)
    with filler.open("r+b") as file:
        file.truncate(filler.stat().st_size - 4096)
    run = run_realtime("classify", folder, "--model", synthetic_folder, "--csv", path)
    assert run.returncode == 1
    assert "No space left on device): free some space" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    text = path.read_text()
    assert text.endswith("\n")
    assert len(_rows(text)) > 3
    assert all(line.count(",") == len(HEADER) - 1 for line in text.splitlines())


def test_a_temporary_folder_without_room_costs_the_long_recordings_only(
    recordings: Path,
    demonstration: Path,
    synthetic_folder: Path,
    small_disk: Path,
    run_realtime: RunProgram,
) -> None:
    named = (recordings / "a.wav", demonstration, recordings / "b.wav")
    environment = {**os.environ, "TMPDIR": str(small_disk)}
    options = ("--model", synthetic_folder, "--jobs", "2")
    run = run_realtime("classify", *named, *options, environment=environment)
    assert run.returncode == 1
    before, without_room, after = _rows(run.stdout)
    assert (before["error"], after["error"]) == ("", "")
    assert "No space left on device): make some" in without_room["error"]
    assert "TMPDIR" in without_room["error"]
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_standard_output_that_takes_nothing_is_told_in_a_sentence(
    where: str, recordings: Path, synthetic_folder: Path
) -> None:
    command = command_of("classify", recordings / "a.wav", "--model", synthetic_folder)
    run = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {where}', "sh", *command],
        capture_output=True,
        check=False,
        text=True,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("ser-live: Standard output ")
    assert len(run.stderr.splitlines()) == 1


def test_the_reader_of_standard_output_may_leave(recordings: Path, synthetic_folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = subprocess.run(
            command_of("classify", recordings, "--model", synthetic_folder, "--jobs", "2"),
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)
    assert (run.returncode, run.stderr) == (0, b"")


def test_no_name_is_a_formula_to_a_spreadsheet(
    synthetic_folder: Path, tmp_path: Path, run_realtime: RunProgram
) -> None:
    names = {"=1+1.wav", "+1.wav", "-1.wav", "@SUM(1).wav", "\tx.wav"}
    for name in names:
        (tmp_path / name).touch()
    options = (".", "--model", synthetic_folder, "--jobs", "1")
    rows = _rows(run_realtime("classify", *options).stdout)
    assert {(tmp_path / row["file"]).name for row in rows} == names
    cells = [cell for row in rows for cell in row.values() if cell]
    assert all(cell[0].isalnum() or cell.startswith("./") for cell in cells)
    objects = run_realtime("classify", *options, "--json").stdout.splitlines()
    assert {json.loads(line)["file"] for line in objects} == names


def test_a_name_that_is_no_utf_8_has_its_row_too(
    recordings: Path, synthetic_folder: Path, tmp_path: Path, run_realtime: RunProgram
) -> None:
    name = os.fsdecode(b"\xe9t\xe9.wav")
    try:
        (tmp_path / name).write_bytes((recordings / "a.wav").read_bytes())
    except OSError:
        pytest.skip("this disk knows UTF-8 only")
    run = run_realtime("classify", ".", "--model", synthetic_folder, "--csv", "rows.csv")
    assert len(run.stderr.splitlines()) == run.returncode
    assert b"\n\xe9t\xe9.wav," in (tmp_path / "rows.csv").read_bytes()


def test_a_row_says_no_more_digits_than_there_are() -> None:
    shares = (0.87654321, *[0.0176366541] * 7)
    row = FileResult(
        file=Path("a.wav"),
        duration_s=3.70312,
        speech_s=2.34567,
        windows=14,
        emotion=EMOTIONS[0],
        probabilities=shares,
    ).as_dict()
    assert (row["duration_s"], row["speech_s"]) == (3.703, 2.35)
    assert (row["confidence"], row["neutral"], row["calm"]) == (0.8765, 0.8765, 0.0176)
