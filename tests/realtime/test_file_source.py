"""Files as streams: what is played, when, and what is said of files that cannot be played."""

import contextlib
import itertools
import os
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import AudioError
from realtime.sources.base import Block
from realtime.sources.file import BLOCK_S, FileSource

RATE = 16_000


def noise(samples: int = RATE, channels: int = 1) -> NDArray[np.float32]:
    sound = np.random.default_rng(7).normal(0, 0.1, (samples, channels)).astype(np.float32)
    return sound if channels > 1 else sound[:, 0]


def written(path: Path, sound: NDArray[np.float32], rate: int = RATE, **how: str) -> Path:
    soundfile.write(path, sound, rate, **how)
    return path


def blocks(source: FileSource, stop: Event | None = None) -> list[Block]:
    found = []
    for item in source.items(stop or Event()):
        assert isinstance(item, Block)
        found.append(item)
    source.close()
    source.close()
    return found


def joined(found: list[Block]) -> NDArray[np.float32]:
    return np.concatenate([block.samples for block in found])


class Clock:
    """Time passes only in waiting, and where a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.now_s

    def wait(self, stop: Event, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now_s += seconds
        return stop.is_set()


def at_pace(path: Path, clock: Clock, speed: float | None = 1.0) -> FileSource:
    return FileSource(path, speed=speed, now=clock.now, wait=clock.wait)


@pytest.mark.parametrize("kind", ["wav", "flac", "aiff", "w64", "caf", "au"])
def test_lossless_formats_are_played_sample_by_sample(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / f"a.{kind}", noise(), subtype="PCM_16")
    expected, _ = soundfile.read(path, dtype="float32")
    found = blocks(FileSource(path, speed=None))
    assert np.array_equal(joined(found), expected)
    assert not any(block.lost_samples or block.starts_segment for block in found)


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be removed there")
@pytest.mark.parametrize("kind", ["wav", "ogg"])
def test_a_file_that_is_removed_while_it_plays_is_played_to_its_end(
    tmp_path: Path, kind: str
) -> None:
    source = FileSource(written(tmp_path / f"a.{kind}", noise()), speed=None)
    (tmp_path / f"a.{kind}").unlink()
    assert joined(blocks(source)).size == RATE


@pytest.mark.parametrize("kind", ["ogg", "mp3"])
def test_compressed_formats_are_played(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / f"a.{kind}", noise(44_100), 44_100)
    expected, _ = soundfile.read(path, dtype="float32")
    assert np.allclose(joined(blocks(FileSource(path, speed=None))), expected, atol=1e-6)


def test_channels_are_averaged(tmp_path: Path) -> None:
    sound = noise(5000, channels=8)
    path = written(tmp_path / "surround.wav", sound, subtype="FLOAT")
    found = joined(blocks(FileSource(path, speed=None)))
    assert np.allclose(found, sound.mean(axis=1), atol=1e-7)


def test_pace_is_that_of_time_and_does_not_drift(tmp_path: Path) -> None:
    # 11025 / 20 is no whole number: rounding a block's length must not shift the schedule.
    path = written(tmp_path / "a.wav", noise(11_025 * 3), 11_025)
    clock = Clock()
    source = at_pace(path, clock)
    assert source.paced
    played = 0
    for item in source.items(Event()):
        assert isinstance(item, Block)
        played += item.samples.size
        assert item.arrived_s == pytest.approx(100 + played / 11_025)
        assert clock.now_s == pytest.approx(item.arrived_s)
        clock.now_s += 0.001
    assert played == 11_025 * 3
    assert max(clock.waits) <= BLOCK_S + 1e-4


def test_a_reader_that_falls_behind_finds_its_blocks_waiting(tmp_path: Path) -> None:
    clock = Clock()
    source = at_pace(written(tmp_path / "a.wav", noise()), clock)
    for number, item in enumerate(source.items(Event())):
        assert isinstance(item, Block)
        assert item.arrived_s == pytest.approx(100 + (number + 1) * BLOCK_S)
        clock.now_s += 0.3 if number == 10 else 0.0
    assert clock.now_s == pytest.approx(101)


def test_a_suspended_program_plays_the_rest_later(tmp_path: Path) -> None:
    clock = Clock()
    source = at_pace(written(tmp_path / "a.wav", noise()), clock)
    for number, item in enumerate(source.items(Event())):
        assert isinstance(item, Block)
        assert item.arrived_s == pytest.approx(clock.now_s)
        clock.now_s += 60.0 if number == 9 else 0.0
    assert clock.now_s == pytest.approx(161 - BLOCK_S)


@pytest.mark.parametrize(("speed", "seconds"), [(4.0, 0.25), (0.5, 2.0), (1000.0, 0.001)])
def test_other_speeds_are_timed_but_not_paced(tmp_path: Path, speed: float, seconds: float) -> None:
    clock = Clock()
    source = at_pace(written(tmp_path / "a.wav", noise()), clock, speed)
    found = blocks(source)
    assert not source.paced
    assert clock.now_s - 100 == pytest.approx(seconds)
    assert all(block.arrived_s is None for block in found)


def test_full_speed_waits_for_nothing(tmp_path: Path) -> None:
    clock = Clock()
    found = blocks(at_pace(written(tmp_path / "a.wav", noise(3 * RATE)), clock, None))
    assert clock.waits == []
    assert [block.samples.size for block in found] == [2 * RATE, RATE]


@pytest.mark.parametrize(("suffix", "subtype"), [("wav", "GSM610"), ("au", "G721_32")])
def test_a_loop_goes_on_where_nothing_can_be_sought(
    suffix: str, subtype: str, tmp_path: Path
) -> None:
    path = written(tmp_path / f"telephone.{suffix}", noise(8000), 8000, subtype=subtype)
    once = joined(blocks(FileSource(path, speed=None)))
    rounds = FileSource(path, speed=None, loop=True)
    heard = list(itertools.islice(rounds.items(Event()), 3))
    rounds.close()
    assert all(isinstance(item, Block) and np.array_equal(item.samples, once) for item in heard)


def test_each_round_of_a_loop_starts_a_segment(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", noise(80_000), subtype="FLOAT")
    stop = Event()
    found: list[Block] = []
    for item in FileSource(path, speed=None, loop=True).items(stop):
        assert isinstance(item, Block)
        found.append(item)
        if len(found) == 7:
            stop.set()
    assert [block.starts_segment for block in found] == [
        False,
        False,
        False,
        True,
        False,
        False,
        True,
    ]
    assert np.array_equal(joined(found[:3]), joined(found[3:6]))


@pytest.mark.parametrize("speed", [None, 1.0])
def test_stop_ends_it_before_the_next_block(tmp_path: Path, speed: float | None) -> None:
    stop = Event()
    stop.set()
    assert blocks(FileSource(written(tmp_path / "a.wav", noise()), speed=speed), stop) == []


def taken_until_it_fails(path: Path) -> tuple[list[Block], str]:
    found: list[Block] = []
    try:
        for item in FileSource(path, speed=None).items(Event()):
            assert isinstance(item, Block)
            found.append(item)
    except AudioError as error:
        return found, str(error)
    return found, ""


def message(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        blocks(FileSource(path, speed=None))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "check the path" in message(tmp_path / "absent.wav")
    assert "is a folder" in message(tmp_path)
    (tmp_path / "empty.wav").touch()
    assert "0 bytes" in message(tmp_path / "empty.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    assert "not a regular file" in message(tmp_path / "pipe.wav")
    assert "check the path" in message(Path("nul\0byte.wav"))


@pytest.mark.parametrize("name", ["poem.wav", "poem.raw", "poem.mp3", "poem"])
def test_what_is_no_sound_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Shall I compare thee to a summer's day?\n" * 20)
    assert "not a sound file" in message(path)


def test_sound_without_samples_or_of_a_strange_rate_is_refused(tmp_path: Path) -> None:
    assert "No sound is in it" in message(written(tmp_path / "none.wav", noise(0)))
    assert "4000 Hz" in message(written(tmp_path / "slow.wav", noise(), 4000))
    assert "384000 Hz" in message(written(tmp_path / "fast.wav", noise(), 384_000))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_numbers_are_located(tmp_path: Path, bad: float) -> None:
    sound = noise(4 * RATE, channels=2)
    sound[3 * RATE + 160, 1] = bad
    path = written(tmp_path / "bad.wav", sound, subtype="FLOAT")
    found, failure = taken_until_it_fails(path)
    assert "the first at 3.010 s" in failure
    assert np.array_equal(joined(found), sound[: 3 * RATE + 160].mean(axis=1, dtype=np.float32))


@pytest.mark.parametrize("kind", ["wav", "flac", "aiff", "w64", "au"])
def test_a_truncated_file_is_played_as_far_as_it_goes(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / f"cut.{kind}", noise(10 * RATE), subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found, failure = taken_until_it_fails(path)
    assert "truncated" in failure or "damaged" in failure
    assert 3 * RATE < joined(found).size < 6 * RATE


def test_an_mp3_whose_length_is_only_estimated_is_complete(tmp_path: Path) -> None:
    swelling = noise(20 * 44_100) * np.linspace(0, 1, 20 * 44_100, dtype=np.float32) ** 3
    path = tmp_path / "vbr.mp3"
    soundfile.write(path, swelling, 44_100, bitrate_mode="VARIABLE")
    content = path.read_bytes()
    second_frame = content.index(content[:2], 10)
    path.write_bytes(content[second_frame:])
    assert joined(blocks(FileSource(path, speed=None))).size >= 20 * 44_100


def test_a_streamed_file_of_unknown_length_is_complete(tmp_path: Path) -> None:
    path = written(tmp_path / "streamed.wav", noise(), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = content[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert joined(blocks(FileSource(path, speed=None))).size == RATE


def test_a_streamed_flac_of_unknown_length_is_complete_in_every_round(tmp_path: Path) -> None:
    path = written(tmp_path / "streamed.flac", noise(), subtype="PCM_16")
    expected, _ = soundfile.read(path, dtype="float32")
    content = bytearray(path.read_bytes())
    # STREAMINFO follows 8 bytes; the last 36 bits before its checksum count the samples.
    assert (content[21] & 0x0F, int.from_bytes(content[22:26])) == (0, RATE)
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert np.array_equal(joined(blocks(FileSource(path, speed=None))), expected)
    rounds = FileSource(path, speed=None, loop=True)
    heard = list(itertools.islice(rounds.items(Event()), 3))
    rounds.close()
    assert all(isinstance(item, Block) and np.array_equal(item.samples, expected) for item in heard)


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "shrinks.wav", noise(10 * RATE), subtype="PCM_16")
    source = FileSource(path, speed=None)
    items = source.items(Event())
    next(items)
    os.truncate(path, 100)
    with pytest.raises(AudioError, match=r"truncated|damaged"):
        list(items)


def test_a_loop_ends_where_a_round_gives_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "emptied.mp3", noise(30 * 48_000), 48_000)
    items = FileSource(path, speed=None, loop=True).items(Event())
    next(items)
    os.truncate(path, 0)
    with pytest.raises(AudioError, match="gives no sound from its start"):
        list(items)


def test_where_no_sound_came_none_is_said_to_have_been_analysed(tmp_path: Path) -> None:
    path = written(tmp_path / "emptied.wav", noise(10 * RATE), subtype="PCM_16")
    source = FileSource(path, speed=None)
    os.truncate(path, 0)
    with pytest.raises(AudioError, match="gives no sound from its start"):
        blocks(source)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_brings_out_anything_but_the_projects_own_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["wav", "flac", "ogg", "aiff", "w64", "au", "mp3"]))
    folder = tmp_path_factory.getbasetemp()
    whole = folder / f"whole.{kind}"
    if not whole.exists():
        written(whole, noise(4000), 8000)
    content = bytearray(whole.read_bytes())
    places = st.integers(0, min(len(content), 300) - 1)
    for place in data.draw(st.lists(places, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(1, len(content)))
    path = folder / f"damaged.{kind}"
    path.write_bytes(content[:end])
    # An AudioError passes; whatever else comes out fails the test.
    with contextlib.suppress(AudioError):
        for item in itertools.islice(FileSource(path, speed=None).items(Event()), 100):
            assert isinstance(item, Block)
            assert np.isfinite(item.samples).all()
