"""classify: one row per file, baselines by file and folder, whatever the number of processes."""

import contextlib
import csv
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.errors import AudioError
from models.labels import EMOTIONS
from realtime.classify_output import HEADER, FileResult, Output
from realtime.cli import main
from realtime.processes import Processes, start_method
from realtime.sound_files import find_sound_files
from realtime.sources.file import FileSource
from tests.conftest import RunProgram

RATE = 48000
# Where four of the demonstration's emotions lie, in seconds.
PIECES = {"neutral": (0.0, 3.6), "happy": (7.2, 10.9), "angry": (14.5, 18.4), "sad": (22.6, 26.4)}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, speech: NDArray[np.float32]) -> Path:
    """Two folders of two pieces each, one silent file, one that is no sound, one to ignore."""
    folder = tmp_path_factory.mktemp("corpus")
    for i, (name, (start, end)) in enumerate(PIECES.items()):
        path = folder / f"speaker{i // 2}" / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, speech[int(start * RATE) : int(end * RATE)], RATE)
    soundfile.write(folder / "silent.flac", np.zeros(RATE), RATE)
    (folder / "broken.wav").write_bytes(b"this is no sound")
    (folder / "notes.txt").write_text("ignored")
    return folder


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def _classify(
    capfd: pytest.CaptureFixture[str], model: Path, *arguments: str | Path
) -> tuple[int, list[dict[str, str]], str]:
    code = main(["classify", "--model", str(model), "--jobs", "1", *map(str, arguments)])
    captured = capfd.readouterr()
    return code, _rows(captured.out), captured.err


def test_one_row_per_file_in_the_fixed_columns(
    corpus: Path, synthetic_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, rows, errors = _classify(capfd, synthetic_folder, corpus)
    assert code == 1
    assert "1 of 6 files could not be read" in errors
    assert tuple(rows[0]) == HEADER
    by_name = {Path(row["file"]).name: row for row in rows}
    assert set(by_name) == {f"{name}.wav" for name in PIECES} | {"silent.flac", "broken.wav"}
    happy = by_name["happy.wav"]
    assert happy["emotion"] in EMOTIONS
    assert float(happy["confidence"]) == max(float(happy[name]) for name in EMOTIONS)
    assert float(happy["duration_s"]) == pytest.approx(3.7, abs=0.01)
    assert 0.5 < float(happy["speech_s"]) < 3.7
    silent = by_name["silent.flac"]
    assert (silent["windows"], silent["emotion"], silent["error"]) == ("0", "", "")
    broken = by_name["broken.wav"]
    assert broken["error"]
    assert not any(value for key, value in broken.items() if key not in ("file", "error"))


def test_more_processes_give_the_same_rows(
    corpus: Path, synthetic_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, alone, _ = _classify(capfd, synthetic_folder, corpus, "--baseline", "folder")
    arguments = ["classify", "--model", str(synthetic_folder), "--jobs", "2"]
    main([*arguments, "--baseline", "folder", str(corpus)])
    assert _rows(capfd.readouterr().out) == alone


def test_only_a_process_without_threads_forks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.processes.THREADS", tmp_path / "absent")
    assert start_method() == "spawn"
    monkeypatch.setattr("realtime.processes.THREADS", tmp_path)
    (tmp_path / "1").touch()
    assert start_method() == "fork"
    (tmp_path / "2").touch()
    assert start_method() == "spawn"


@pytest.mark.parametrize("options", [(), ("--hop", "3")])
def test_a_recording_shorter_than_a_hop_is_judged_too(
    synthetic_folder: Path,
    tmp_path: Path,
    speech: NDArray[np.float32],
    capfd: pytest.CaptureFixture[str],
    options: tuple[str, ...],
) -> None:
    """Each has 0.3 s of speech or more; no hop of its own ends in one of them."""
    seconds = 2.9 if options else 0.49
    begin = round(16.5 * RATE)
    samples = speech[begin : begin + round(seconds * RATE)]
    soundfile.write(tmp_path / "short.wav", samples, RATE)
    code, rows, _ = _classify(capfd, synthetic_folder, *options, tmp_path / "short.wav")
    assert code == 0
    (row,) = rows
    assert float(row["speech_s"]) >= 0.3
    assert row["windows"] == "1"
    assert row["emotion"]


def test_an_error_in_another_process_is_told_as_in_this_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(100), 16000)
    with Processes(2, _fail, tmp_path / "spool") as processes:
        answers = processes.answers([tmp_path / "a.wav", tmp_path / "b.wav"])
        with pytest.raises(RuntimeError, match="is at fault") as caught:
            next(answers)
    assert "in _fail" in "".join(caught.value.__notes__)


def _fail(path: Path) -> None:
    raise RuntimeError(f"{path.name} is at fault")


def test_a_folder_is_one_speaker(
    corpus: Path, synthetic_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def confidences(baseline: str, *paths: Path) -> dict[str, str]:
        _, rows, _ = _classify(capfd, synthetic_folder, "--baseline", baseline, *paths)
        return {Path(row["file"]).name: row["confidence"] for row in rows}

    one, two = corpus / "speaker0", corpus / "speaker1"
    together = confidences("folder", one, two)
    assert together == {**confidences("folder", one), **confidences("folder", two)}
    assert together != confidences("off", one, two)
    assert together != confidences("file", one, two)


@pytest.mark.parametrize(
    "case",
    [
        (["nowhere"], 1, "no file or folder nowhere"),
        (["."], 1, "no sound file"),
        ([".", "--baseline", "adaptive"], 2, "choose one of off, file, folder"),
        ([".", "--window", "1.5"], 2, "use one of 1, 2, 3"),
        ([".", "--csv", "no/such/folder/x.csv"], 1, "no/such/folder"),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_sentence(
    case: tuple[list[str], int, str],
    synthetic_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    arguments, code, message = case
    if "--csv" in arguments:
        soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000)
    monkeypatch.chdir(tmp_path)
    found, _, errors = _classify(capfd, synthetic_folder, *arguments)
    assert found == code
    assert message in errors
    assert len(errors.strip().splitlines()) == 1


def test_files_are_found_once_folder_by_folder(corpus: Path) -> None:
    found = find_sound_files([corpus, corpus / "silent.flac"]).files
    names = [path.relative_to(corpus).as_posix() for path in found]
    assert names == [
        "broken.wav",
        "silent.flac",
        "speaker0/happy.wav",
        "speaker0/neutral.wav",
        "speaker1/angry.wav",
        "speaker1/sad.wav",
    ]


def test_what_macos_keeps_beside_a_recording_is_tried_only_where_it_is_named(
    corpus: Path, synthetic_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(corpus / "speaker0/happy.wav", tmp_path / "x.wav")
    beside = tmp_path / "._x.wav"
    beside.write_bytes(b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ")
    code, rows, errors = _classify(capfd, synthetic_folder, tmp_path)
    assert (code, errors) == (0, "")
    assert [row["file"] for row in rows] == [str(tmp_path / "x.wav")]
    code, rows, _ = _classify(capfd, synthetic_folder, beside, tmp_path)
    assert code == 1
    assert [bool(row["error"]) for row in rows] == [True, False]


@pytest.mark.parametrize("baseline", ["off", "folder"])
def test_of_a_file_cut_short_the_row_tells_what_is_there(
    baseline: str,
    synthetic_folder: Path,
    speech: NDArray[np.float32],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    there, damaged = tmp_path / "there", tmp_path / "damaged"
    there.mkdir()
    damaged.mkdir()
    soundfile.write(there / "a.wav", speech[: 4 * RATE], RATE)
    soundfile.write(damaged / "a.wav", speech[: 9 * RATE], RATE)
    content = (damaged / "a.wav").read_bytes()
    (damaged / "a.wav").write_bytes(content[: (there / "a.wav").stat().st_size])
    options = ("--baseline", baseline)
    code, (whole,), _ = _classify(capfd, synthetic_folder, there, *options)
    assert (code, whole["error"]) == (0, "")
    code, (cut,), errors = _classify(capfd, synthetic_folder, damaged, *options)
    assert code == 1
    assert "1 of 1 files could not be read, or not to the end" in errors
    assert "was analysed" in cut["error"]
    different = {key for key in cut if cut[key] != whole[key]}
    assert different == {"file", "error"}


def test_of_a_flac_cut_short_the_row_tells_what_is_there(
    synthetic_folder: Path,
    demonstration: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    content = demonstration.read_bytes()
    (tmp_path / "cut.flac").write_bytes(content[: len(content) // 2])
    code, (row,), _ = _classify(capfd, synthetic_folder, tmp_path)
    assert code == 1
    assert row["error"]
    assert row["emotion"] in EMOTIONS
    assert 5 < float(row["duration_s"]) < 25


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_damaged_mp3_is_read_without_a_word_of_its_decoder(
    jobs: int,
    synthetic_folder: Path,
    speech: NDArray[np.float32],
    tmp_path: Path,
    run_realtime: RunProgram,
) -> None:
    for name in ("a.mp3", "b.mp3"):
        soundfile.write(tmp_path / name, speech[: 5 * RATE], RATE, format="MP3")
        content = bytearray((tmp_path / name).read_bytes())
        for place in range(4000, len(content), 1000):
            content[place] ^= 0xFF
        (tmp_path / name).write_bytes(content)
    (tmp_path / "c.mp3").write_bytes(b"")
    run = run_realtime("classify", ".", "--jobs", str(jobs), "--model", synthetic_folder)
    assert len(_rows(run.stdout)) == 3
    assert [line[:9] for line in run.stderr.splitlines()] == ["ser-live:"]


def test_a_folder_is_one_speaker_in_whatever_order_its_files_are_named(
    corpus: Path,
    synthetic_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(corpus / "speaker0")
    options = ("--baseline", "folder")
    _, together, _ = _classify(
        capfd, synthetic_folder, *options, corpus / "speaker0", "../speaker1"
    )
    mixed = ("happy.wav", "../speaker1/angry.wav", "./../speaker0/neutral.wav")
    other = ("../speaker1/angry.wav", corpus / "speaker1/sad.wav", "happy.wav")
    _, interleaved, _ = _classify(capfd, synthetic_folder, *options, *mixed, *other)
    assert [row["file"] for row in interleaved] == [
        "happy.wav",
        "../speaker0/neutral.wav",
        "../speaker1/angry.wav",
        str(corpus / "speaker1/sad.wav"),
    ]
    for one, another in zip(together, interleaved, strict=True):
        assert {**one, "file": ""} == {**another, "file": ""}


def test_a_file_is_judged_once_however_it_is_spelled(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = corpus / "speaker0"
    monkeypatch.chdir(folder)
    (tmp_path / "link").symlink_to(folder)
    spelled = [Path("happy.wav"), folder / "happy.wav", Path("../speaker0/happy.wav")]
    found = find_sound_files([*spelled, tmp_path / "link/happy.wav"])
    assert found.files == (Path("happy.wav"),)
    found = find_sound_files([Path(), *spelled, tmp_path / "link"])
    assert found.files == (Path("happy.wav"), Path("neutral.wav"))


def test_linked_folders_are_looked_into_once(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    (folder / "b").mkdir(parents=True)
    (folder / "b/happy.wav").write_bytes(b"")
    (folder / "a").symlink_to(corpus / "speaker1")
    (folder / "again").symlink_to(folder / "b")
    (folder / "b/up").symlink_to(folder)
    (folder / "nowhere").symlink_to(tmp_path / "missing")
    found = find_sound_files([folder]).files
    names = [path.relative_to(folder).as_posix() for path in found]
    assert names == ["b/happy.wav", "a/angry.wav", "a/sad.wav"]


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder with a sound that may not be looked into, beside one sound that may be read."""
    if os.name != "posix":
        pytest.skip("needs the permissions of POSIX")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "closed")
        folder.mkdir()
        for path in (folder / "a.wav", Path(name, "b.wav")):
            soundfile.write(path, np.zeros(RATE), RATE)
        Path(name).chmod(0o755)
        folder.chmod(0)
        yield folder
        folder.chmod(0o700)


@contextlib.contextmanager
def _nobody() -> Iterator[None]:
    """Be a user to whom folders can be closed, as they cannot be to root."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_that_may_not_be_looked_into_is_told(closed: Path) -> None:
    with _nobody():
        with pytest.raises(AudioError, match="could not be looked into"):
            find_sound_files([closed])
        (sentence,) = find_sound_files([closed.parent]).left_out()
        assert f"The folder {closed} could not be looked into" in sentence
    closed.chmod(0o700)
    assert not find_sound_files([closed.parent, closed / "a.wav"]).left_out()


def test_a_sound_that_may_not_be_read_costs_its_own_row_only(closed: Path) -> None:
    hidden, readable = closed / "a.wav", closed.parent / "b.wav"
    secret = closed.parent / "c.wav"
    shutil.copy(readable, secret)
    secret.chmod(0)
    with _nobody():
        assert find_sound_files([hidden, readable, secret]).files == (hidden, readable, secret)
        FileSource(readable).close()
        for path in (hidden, secret):
            with pytest.raises(AudioError) as caught:
                FileSource(path)
            assert str(caught.value) == (
                f"{path} cannot be opened (Permission denied): allow reading it, or choose another."
            )


def test_recordings_that_have_to_be_converted_are_counted(
    corpus: Path, synthetic_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "memos").mkdir()
    for name in ("a.m4a", "B.M4A", "c.webm", "._d.m4a", "notes.txt"):
        (tmp_path / "memos" / name).write_bytes(b"no matter")
    code, _, errors = _classify(capfd, synthetic_folder, tmp_path)
    assert code == 1
    assert "but .m4a, .webm: convert them first" in errors
    sound = corpus / "speaker0/happy.wav"
    code, rows, errors = _classify(capfd, synthetic_folder, sound, tmp_path, tmp_path / "memos")
    assert (code, len(rows)) == (0, 1)
    assert "3 recordings were skipped, since .m4a, .webm cannot be read" in errors
    assert "ffmpeg -i" in errors
    assert len(errors.splitlines()) == 1
    code, rows, errors = _classify(capfd, synthetic_folder, tmp_path, tmp_path / "memos/a.m4a")
    assert (code, len(rows)) == (1, 1)
    assert "2 recordings were skipped" in errors


@pytest.mark.parametrize("baseline", ["off", "file"])
def test_what_is_kept_of_a_recording_goes_when_it_has_been_judged(
    baseline: str,
    *,
    corpus: Path,
    synthetic_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Of a thousand recordings, the temporary folder holds the next one and no other."""
    kept: list[int] = []
    write = Output.write

    def counted(output: Output, result: FileResult) -> None:
        kept.append(len(list(tmp_path.iterdir())))
        write(output, result)

    monkeypatch.setattr("realtime.classify.spool_folder", lambda: contextlib.nullcontext(tmp_path))
    monkeypatch.setattr(Output, "write", counted)
    sounds = corpus / "speaker0", corpus / "speaker1"
    _, rows, _ = _classify(capfd, synthetic_folder, "--baseline", baseline, *sounds)
    assert len(rows) == len(kept) == 4
    assert max(kept) == 1
    assert list(tmp_path.iterdir()) == []
