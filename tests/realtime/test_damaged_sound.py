"""Sound before damage is heard to the last, and damage is told alike at every speed."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.errors import AudioError
from realtime.sources.base import Block
from realtime.sources.file import BLOCK_S, FileSource
from tests.conftest import RunProgram

RATE = 48_000
SPEEDS = (1.0, 0.3, 4.0, 1000.0, None)
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) * 3 // 5],
    "changed": lambda content: (
        content[: len(content) // 2]
        + bytes(255 - byte for byte in content[len(content) // 2 :][:600])
        + content[len(content) // 2 + 600 :]
    ),
}
SOUND_S = 10


def _spoilt(folder: Path, kind: str, damage: str, speech: NDArray[np.float32]) -> Path:
    path = folder / f"{damage}.{kind}"
    soundfile.write(path, speech[: SOUND_S * RATE], RATE)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    return path


def _heard(path: Path, speed: float | None) -> tuple[NDArray[np.float32], str]:
    """The sound that comes out, and the sentence at the end."""
    source = FileSource(path, speed=speed, wait=lambda *_: False)
    blocks = []
    sentence = ""
    try:
        for item in source.items(Event()):
            assert isinstance(item, Block)
            blocks.append(item.samples)
    except AudioError as error:
        sentence = str(error)
    source.close()
    return np.concatenate([np.zeros(0, np.float32), *blocks]), sentence


def _readable(path: Path) -> int:
    """Frames that come out before the first error."""
    frames = 0
    with soundfile.SoundFile(path) as file, contextlib.suppress(soundfile.SoundFileError):
        while read := len(file.read(100)):
            frames += read
    return frames


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", ["flac", "mp3", "ogg", "wav"])
def test_every_speed_hears_as_much_and_says_the_same(
    kind: str, damage: str, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _spoilt(tmp_path, kind, damage, speech)
    first, sentence = _heard(path, SPEEDS[0])
    assert first.size > RATE
    for speed in SPEEDS[1:]:
        sound, also = _heard(path, speed)
        assert np.array_equal(sound, first), speed
        assert also == sentence, speed


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_sound_before_damage_is_the_sound_that_was(
    damage: str, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _spoilt(tmp_path, "flac", damage, speech)
    readable = _readable(path)
    sound, sentence = _heard(path, None)
    assert f"cannot be read beyond {sound.size / RATE:.1f} s" in sentence
    assert readable - BLOCK_S * RATE < sound.size <= readable
    assert np.allclose(sound, speech[: sound.size], atol=1e-4)


def test_rows_before_damage_are_the_same_at_every_speed(
    speech: NDArray[np.float32],
    synthetic_folder: Path,
    tmp_path: Path,
    run_realtime: RunProgram,
) -> None:
    path = _spoilt(tmp_path, "flac", "cut", speech[: 3 * RATE])
    outputs = []
    for speed in ("1", "max"):
        options = ("--model", synthetic_folder, "--no-dashboard", "--speed", speed)
        run = run_realtime("replay", path, *options)
        assert run.returncode == 1
        assert "cannot be read beyond" in run.stderr
        outputs.append((run.stdout, run.stderr))
    assert outputs[0] == outputs[1]
    assert outputs[0][0]


def test_a_damaged_file_that_is_taken_away_is_told(
    speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _spoilt(tmp_path, "flac", "changed", speech)
    items = FileSource(path, speed=None).items(Event())
    next(items)
    path.unlink()
    with pytest.raises(AudioError, match="or was taken away"):
        list(items)


# --- MP3 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", SPEEDS)
def test_an_mp3_is_heard_as_it_is_read_in_one_piece(
    speed: float | None, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, speech[: SOUND_S * RATE], RATE)
    sound, sentence = _heard(path, speed)
    assert sentence == ""
    assert np.array_equal(sound, soundfile.read(path, dtype="float32")[0])


def _encoded(folder: Path, how: str, speech: NDArray[np.float32], name: str = "whole.mp3") -> Path:
    """An MP3 of soundfile's, by bit rate mode, or of ffmpeg's, by its options."""
    path = folder / name
    sound = speech[: 5 * RATE + 777]
    if how.isupper():
        stereo = np.stack([sound, sound * 0.5], axis=1)
        soundfile.write(path, stereo, RATE, bitrate_mode=how)
        return path
    if (ffmpeg := shutil.which("ffmpeg")) is None:
        pytest.skip("ffmpeg is not installed")
    source = str(folder / "whole.wav")
    soundfile.write(source, sound, RATE)
    command = [ffmpeg, "-loglevel", "error", "-i", source, *how.split(), str(path)]
    subprocess.run(command, check=True)
    return path


COUNTED = (
    *("CONSTANT", "VARIABLE", "AVERAGE"),
    *("-b:a 32k -ar 8000", "-b:a 64k -ac 2", "-q:a 4 -ar 22050", "-q:a 9", "-abr 1 -b:a 48k"),
    *("-q:a 4 -id3v2_version 0", "-q:a 4 -write_id3v1 1 -metadata title=long", "-c:a libshine"),
)
UNCOUNTED = ("-b:a 64k -write_xing 0", "-q:a 4 -write_xing 0")


@pytest.mark.parametrize("how", [*COUNTED, *UNCOUNTED])
def test_of_a_whole_mp3_nothing_bad_is_said(
    how: str, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    sound, sentence = _heard(_encoded(tmp_path, how, speech), None)
    assert sentence == ""
    assert sound.size > 0


@pytest.mark.parametrize("how", COUNTED)
def test_an_mp3_that_ends_before_its_count_is_told(
    how: str, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _encoded(tmp_path, how, speech)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sound, sentence = _heard(path, None)
    assert sound.size > 0
    assert "though its header promises 5.0 s: the file is truncated" in sentence


@pytest.mark.parametrize("words", [100, 300, 20_000])
def test_the_count_of_an_mp3_is_found_behind_a_tag_of_any_length(
    words: int, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _encoded(tmp_path, "CONSTANT", speech)
    content = path.read_bytes()
    size = bytes(words >> shift & 0x7F for shift in (21, 14, 7, 0))
    tag = b"ID3\4\0\0" + size + bytes(words)
    path.write_bytes(tag + content[: len(content) // 2])
    assert "though its header promises 5.0 s" in _heard(path, None)[1]


def test_a_count_that_was_never_filled_in_promises_nothing(
    speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _encoded(tmp_path, "VARIABLE", speech)
    content = bytearray(path.read_bytes())
    count = content.index(b"Xing") + 8
    content[count : count + 4] = bytes(4)
    path.write_bytes(content[: len(content) // 2])
    assert _heard(path, None)[1] == ""


@pytest.mark.parametrize("how", ["CONSTANT", "VARIABLE", "-b:a 64k -ac 2", "-q:a 4 -ar 22050"])
def test_an_mp3_that_goes_on_with_another_recording_is_told(
    how: str, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _encoded(tmp_path, how, speech)
    whole, _ = _heard(path, None)
    path.write_bytes(path.read_bytes() * 2)
    sound, sentence = _heard(path, None)
    np.testing.assert_array_equal(sound, whole)
    assert "goes on after 5.0 s with another recording" in sentence


@pytest.mark.parametrize("tag", [b"TAG", b"APETAGEX", b"ID3\4\0\0\0\3\0\0"])
def test_a_tag_behind_an_mp3_is_no_other_recording(
    tag: bytes, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _encoded(tmp_path, "CONSTANT", speech)
    path.write_bytes(path.read_bytes() + tag + bytes(3 << 14))
    assert _heard(path, None)[1] == ""


def test_a_wav_that_holds_an_mp3_is_whole_though_its_header_counts_the_padding(
    speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = _encoded(tmp_path, "-c:a libmp3lame", speech, "holds_mp3.wav")
    assert soundfile.info(path).subtype == "MPEG_LAYER_III"
    assert _heard(path, None)[1] == ""


# --- Ogg -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.999])
def test_an_ogg_that_breaks_off_within_a_page_is_told(
    kept: float, subtype: str, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    path = tmp_path / "whole.ogg"
    soundfile.write(path, speech[: SOUND_S * RATE], RATE, subtype=subtype)
    whole, sentence = _heard(path, None)
    assert sentence == ""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    sound, sentence = _heard(path, None)
    assert 0 < sound.size < whole.size
    assert f"breaks off after {sound.size / RATE:.1f} s: the file is truncated" in sentence


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_that_goes_on_with_another_recording_is_told(
    subtype: str, speech: NDArray[np.float32], tmp_path: Path
) -> None:
    pages = []
    for name in ("first.ogg", "second.ogg"):
        soundfile.write(tmp_path / name, speech[: 3 * RATE], RATE, subtype=subtype)
        assert _heard(tmp_path / name, None)[1] == ""
        pages.append((tmp_path / name).read_bytes())
    path = tmp_path / "chained.ogg"
    path.write_bytes(b"".join(pages))
    sound, sentence = _heard(path, None)
    np.testing.assert_array_equal(sound, _heard(tmp_path / "first.ogg", None)[0])
    assert "goes on after 3.0 s with another recording" in sentence


@pytest.mark.parametrize("damage", [None, *DAMAGE])
def test_a_replay_of_an_mp3_says_nothing_in_the_words_of_its_decoder(
    damage: str | None,
    speech: NDArray[np.float32],
    synthetic_folder: Path,
    tmp_path: Path,
    run_realtime: RunProgram,
) -> None:
    path = _encoded(tmp_path, "CONSTANT", speech)
    if damage is not None:
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    options = ("--model", synthetic_folder, "--speed", "max", "--json", "--baseline", "off")
    run = run_realtime("replay", path, *options)
    assert run.returncode == (damage is not None)
    (line,) = run.stderr.splitlines()
    assert line.startswith("ser-live: " if damage is not None else "20 windows in"), line
