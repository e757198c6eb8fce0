"""Damaged sound files: nothing but the project's own errors comes out, in bounded memory and time.

Bytes at random rarely get past the first check of a format; so real headers are damaged field by
field, with the values that break readers: zero, one, the largest, the negative.
"""

import contextlib
import itertools
import json
import struct
import tracemalloc
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import AudioError, SerError
from realtime.cli import main
from realtime.sources.base import Block
from realtime.sources.file import FileSource

HEADER_BYTES = 120
EXTREMES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF)
MOST_BLOCKS = 200
# Half a second of eight channels at the highest rate, and as much again for the work on it.
MOST_BYTES = 32 * 2**20
FEW = settings(
    max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A short sound in each format and coding that people have."""
    folder = tmp_path_factory.mktemp("whole")
    sound = np.random.default_rng(3).normal(0, 0.1, (4000, 2)).astype(np.float32)
    contents = {}
    for kind, subtype in [
        ("wav", "PCM_16"),
        ("wav", "FLOAT"),
        ("wav", "MS_ADPCM"),
        ("wav", "ULAW"),
        ("flac", "PCM_24"),
        ("aiff", "PCM_16"),
        ("w64", "PCM_16"),
        ("au", "PCM_16"),
        ("caf", "PCM_16"),
        ("rf64", "PCM_16"),
    ]:
        path = folder / f"{subtype}.{kind}"
        soundfile.write(path, sound, 16_000, subtype=subtype, format=kind.upper())
        contents[f"{subtype}.{kind}"] = path.read_bytes()
    return contents


@st.composite
def _damage(draw: st.DrawFn, content: bytes) -> bytes:
    """Overwrite fields of a header with extreme numbers, double or drop a piece, cut the end."""
    damaged = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, min(HEADER_BYTES, len(damaged) - 4)))
        number = draw(st.sampled_from(EXTREMES) | st.integers(0, 0xFFFF_FFFF))
        field = draw(st.sampled_from(("<I", ">I", "<H", ">H", "B")))
        limit = 256 ** struct.calcsize(field)
        struct.pack_into(field, damaged, place, number % limit)
    piece = draw(st.integers(0, HEADER_BYTES))
    match draw(st.sampled_from(("keep", "double", "drop", "cut"))):
        case "double":
            damaged[piece:piece] = damaged[piece : piece + 40]
        case "drop":
            del damaged[piece : piece + draw(st.integers(1, 40))]
        case "cut":
            del damaged[draw(st.integers(1, len(damaged))) :]
    return bytes(damaged)


def _play(path: Path) -> int:
    """Bytes of the largest block that came before the end, an error or enough blocks."""
    largest = 0
    with contextlib.suppress(AudioError):
        source = FileSource(path, speed=None)
        with contextlib.closing(source):
            for item in itertools.islice(source.items(Event()), MOST_BLOCKS):
                assert isinstance(item, Block)
                assert np.isfinite(item.samples).all()
                assert item.samples.ndim == 1
                largest = max(largest, item.samples.nbytes)
    return largest


@FEW
@given(data=st.data())
def test_a_damaged_header_brings_out_our_own_error_in_bounded_memory(
    data: st.DataObject, whole: dict[str, bytes], tmp_path: Path
) -> None:
    name = data.draw(st.sampled_from(sorted(whole)))
    path = tmp_path / name
    path.write_bytes(data.draw(_damage(whole[name])))
    tracemalloc.start()
    try:
        _play(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES


def test_a_thousand_channels_take_no_more_memory_than_eight(tmp_path: Path) -> None:
    path = tmp_path / "many.wav"
    sound = np.zeros((60_000, 1000), np.int16)
    sound[:, ::2] = 16_384
    soundfile.write(path, sound, 192_000)
    del sound
    tracemalloc.start()
    try:
        assert _play(path) > 0
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_the_program_says_one_sentence_about_a_damaged_file(
    data: st.DataObject,
    whole: dict[str, bytes],
    synthetic_folder: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    name = data.draw(st.sampled_from(sorted(whole)))
    path = tmp_path / name
    path.write_bytes(data.draw(_damage(whole[name])))
    common = ["--model", str(synthetic_folder), "--json"]
    code = main(["replay", str(path), "--speed", "max", *common])
    errors = capfd.readouterr().err.strip().splitlines()
    assert code in {0, 1}
    assert "Traceback" not in "".join(errors)
    assert len(errors) == 1
    assert main(["classify", str(path), "--jobs", "1", *common]) == code
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(rows) == 1
    assert bool(rows[0]["error"]) == (code == 1)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(name=st.text(min_size=1, max_size=40), content=st.binary(max_size=64))
def test_no_name_of_a_file_brings_out_anything_else(
    name: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / name
    with contextlib.suppress(OSError, ValueError):
        path.write_bytes(content)
    with contextlib.suppress(SerError):
        FileSource(path, speed=None).close()
