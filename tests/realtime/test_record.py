import os
import stat
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import assume, example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import OutputError, UsageError
from realtime.log import sound_writer
from realtime.log.outage import LONGEST_WAIT_S
from realtime.log.record import (
    NOTICE,
    QUEUED_PIECES,
    Piece,
    Recorder,
    RecordSink,
    require_recordable,
    to_int16,
)
from realtime.log.sound_writer import FlacFile, WavFile
from realtime.sources.base import Block, Gap, Notice
from tests.realtime.log_disk import small_disk
from tests.realtime.log_rows import Clock, Notices, fill

__all__ = ["small_disk"]

RATE = 8000
HOP_S = 0.25
SUFFIXES = [".wav", ".flac"]


def noise(count: int, seed: int = 0) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-32768, 32767, count).astype(np.int16)


def read(path: Path) -> NDArray[np.int16]:
    samples: NDArray[np.int16]
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE
    return samples


def as_float(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    return samples.astype(np.float32) / np.float32(32768)


def block(samples: NDArray[np.int16], lost: int = 0) -> Block:
    return Block(samples=as_float(samples), rate=RATE, lost_samples=lost)


def piece(samples: NDArray[np.int16], silence: int = 0) -> Piece:
    return Piece(rate=RATE, silence_before=silence, samples=samples)


@given(sizes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 9000)), max_size=6))
@example(sizes=[(1, 0), (0, 4097), (0, 0), (4095, 1)])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_heard_is_what_is_stored_and_losses_are_silence(
    suffix: str, sizes: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assume(suffix == ".wav" or any(map(sum, sizes)))  # FLAC knows no empty recording
    path = tmp_path_factory.mktemp("record") / f"take{suffix}"
    recorder = Recorder(path, RATE, hop_s=HOP_S, notify=Notices().notify)
    expected = [np.zeros(0, np.int16)]
    for lost, count in sizes:
        recorder.put(block(noise(count), lost))
        expected += [np.zeros(lost, np.int16), noise(count)]
    recorder.close()
    recorder.close()
    assert recorder.problem is None
    np.testing.assert_array_equal(read(path), np.concatenate(expected))


@pytest.mark.parametrize("elapsed_s", [1.5, 1.4, 1.62])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_gap_takes_as_many_hops_as_it_has_rows(
    tmp_path: Path, suffix: str, elapsed_s: float
) -> None:
    path = tmp_path / f"take{suffix}"
    recorder = Recorder(path, RATE, hop_s=HOP_S, notify=Notices().notify)
    recorder.put(block(noise(100)))
    for so_far_s in (0.5, 1.0):
        recorder.put(Gap(elapsed_s=so_far_s, over=False, reason="unplugged"))
    recorder.put(Gap(elapsed_s=elapsed_s, over=True, reason="unplugged"))
    recorder.put(Notice(key="quiet", text=None))
    recorder.put(block(noise(100, 1), lost=3))
    recorder.close()
    silence = np.zeros(round(1.5 * RATE) + 3, np.int16)
    np.testing.assert_array_equal(read(path), np.concatenate([noise(100), silence, noise(100, 1)]))


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_recording_that_ends_in_a_gap_lasts_as_long_as_the_stream(
    tmp_path: Path, suffix: str, *, over: bool
) -> None:
    path = tmp_path / f"take{suffix}"
    recorder = Recorder(path, RATE, hop_s=HOP_S, notify=Notices().notify)
    recorder.put(block(noise(100)))
    recorder.put(Gap(elapsed_s=1.0, over=False, reason="unplugged"))
    recorder.put(Gap(elapsed_s=2.0, over=over, reason="unplugged"))
    recorder.close()
    recorder.close()
    silence = np.zeros(2 * RATE, np.int16)
    np.testing.assert_array_equal(read(path), np.concatenate([noise(100), silence]))


def test_what_a_full_disk_owes_lasts_as_long_at_another_rate(small_disk: Path) -> None:
    clock, notices = Clock(), Notices()
    sink = RecordSink(small_disk / "take.wav", RATE, notify=notices.notify, clock=clock)
    taken = fill(small_disk)
    sink.write(piece(noise(RATE)))
    sink.write(Piece(silence_before=0, samples=noise(RATE), rate=2 * RATE))
    assert "1.50 s of sound are missing" in (sink.problem or "")
    taken.unlink()
    clock.now_s += LONGEST_WAIT_S
    sink.write(Piece(silence_before=0, samples=noise(100), rate=2 * RATE))
    sink.close()
    after, rate = soundfile.read(small_disk / "take.0001.wav", dtype="int16")
    assert rate == 2 * RATE
    np.testing.assert_array_equal(after, np.concatenate([np.zeros(3 * RATE, np.int16), noise(100)]))


@given(samples=st.lists(st.floats(width=32), max_size=20))
def test_any_float_becomes_a_sample(samples: list[float]) -> None:
    values = np.array(samples, np.float32)
    stored = to_int16(values)
    sound = np.isfinite(values) & (np.abs(values) <= 32766 / 32768)
    np.testing.assert_allclose(stored[sound] / 32768, values[sound], atol=0.5001 / 32768)
    assert (stored[np.isnan(values)] == 0).all()
    assert (stored[values > 1] == 32767).all()
    assert (stored[values < -1] == -32768).all()


def test_sixteen_bits_come_back_as_they_were() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    np.testing.assert_array_equal(to_int16(as_float(every)), every)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_are_private_and_never_overwritten_unasked(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    before = os.umask(0)
    try:
        RecordSink(path, RATE, notify=Notices().notify).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    with pytest.raises(OutputError, match=r"exists already.*--overwrite"):
        RecordSink(path, RATE, notify=Notices().notify)
    assert path.read_bytes() == content
    sink = RecordSink(path, RATE, overwrite=True, notify=Notices().notify)
    sink.write(piece(noise(10)))
    sink.close()
    np.testing.assert_array_equal(read(path), noise(10))


def test_other_formats_and_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must end in \.wav or \.flac"):
        RecordSink(tmp_path / "take.mp3", RATE, notify=Notices().notify)
    with pytest.raises(OutputError, match="does not exist: make it first"):
        RecordSink(tmp_path / "nowhere/take.wav", RATE, notify=Notices().notify)


@pytest.mark.parametrize("target", ["nowhere/take.wav", "other.wav"])
def test_a_link_in_the_place_of_a_recording_is_found_at_once(tmp_path: Path, target: str) -> None:
    """Also one that leads to nothing: the name is taken, and the file would be made elsewhere."""
    (tmp_path / "other.wav").touch()
    path = tmp_path / "take.wav"
    path.symlink_to(tmp_path / target)
    with pytest.raises(OutputError, match="exists already"):
        require_recordable(path, None, overwrite=False)
    require_recordable(path, None, overwrite=True)


VICTIM = """
import os, signal, sys
from pathlib import Path
import numpy as np
from realtime.log.record import Piece, RecordSink
sink = RecordSink(Path(sys.argv[1]), 8000, notify=lambda *_: None)
for number in range(100):
    samples = np.random.default_rng(number).integers(-32768, 32767, 160).astype(np.int16)
    sink.write(Piece(rate=8000, silence_before=0, samples=samples))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_recording_can_be_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    killed = subprocess.run([sys.executable, "-c", VICTIM, str(path)], check=False)
    assert killed.returncode == -9
    whole = np.concatenate([noise(160, number) for number in range(100)])
    kept = read(path)
    # a FLAC encoder holds back at most a block of 4096 samples and what it gathers next
    assert len(kept) == len(whole) if suffix == ".wav" else len(kept) >= len(whole) - 2 * 4096
    np.testing.assert_array_equal(kept, whole[: len(kept)])


def test_strict_readers_read_a_wav_that_is_still_written(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    sink = RecordSink(path, RATE, notify=Notices().notify)
    for count in (10, 20):
        sink.write(piece(noise(10), silence=count - 10))
        with wave.open(str(path)) as reader:
            assert reader.getparams()[:3] == (1, 2, RATE)
            frames = reader.readframes(100)
        assert np.frombuffer(frames, "<i2")[-10:].tolist() == noise(10).tolist()
    sink.close()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_silence_costs_little_space(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    sink = RecordSink(path, RATE, notify=Notices().notify)
    sink.write(piece(noise(10), silence=600 * RATE))
    sink.close()
    assert path.stat().st_blocks * 512 < 100_000
    assert len(read(path)) == 600 * RATE + 10


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_turns_sound_into_silence_and_time_stays_right(
    small_disk: Path, suffix: str
) -> None:
    path = small_disk / f"take{suffix}"
    notices = Notices()
    clock = Clock()
    sink = RecordSink(path, RATE, notify=notices.notify, clock=clock)
    sent = [noise(1000, number) for number in range(60)]
    for samples in sent[:6]:
        sink.write(piece(samples))
    filler = fill(small_disk)
    for samples in sent[6:50]:
        sink.write(piece(samples))
    assert "No space left on device" in (notices[NOTICE] or "")
    filler.unlink()
    clock.now_s += LONGEST_WAIT_S
    for samples in sent[50:]:
        sink.write(piece(samples))
    sink.close()
    files = [path, *sorted(small_disk.glob("take.0*"))]
    assert len(files) == (1 if suffix == ".wav" else 2)
    heard = np.concatenate([read(file) for file in files])
    expected = np.concatenate(sent)
    assert heard.size == expected.size
    np.testing.assert_array_equal(heard[50_000:], expected[50_000:])
    is_heard = heard[:50_000] == expected[:50_000]
    assert is_heard[:4096].all()
    assert (heard[:50_000][~is_heard] == 0).all()
    assert "s of sound are missing" in (sink.problem or "")


def test_silence_that_the_disk_does_not_take_is_not_in_the_header(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "take.wav"
    clock = Clock()
    sink = RecordSink(path, RATE, notify=Notices().notify, clock=clock)
    sink.write(piece(noise(1000)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        sink.write(piece(noise(10, 1), silence=50_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with wave.open(str(path)) as reader:
        assert reader.getnframes() == 1000
    clock.now_s += LONGEST_WAIT_S
    sink.write(piece(noise(10, 2)))
    sink.close()
    silence = np.zeros(50_010, np.int16)
    np.testing.assert_array_equal(read(path), np.concatenate([noise(1000), silence, noise(10, 2)]))


def test_sound_that_the_disk_takes_in_part_is_taken_back(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "take.wav"
    sink = RecordSink(path, RATE, notify=Notices().notify, clock=Clock())
    sink.write(piece(noise(1000)))
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        sink.write(piece(noise(10_000, 1)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == whole
    sink.close()
    assert path.read_bytes() == whole


@pytest.mark.parametrize("count", [4097, 8191, 8192, 8193, 12_288, 12_289])
def test_a_flac_that_is_still_written_promises_the_blocks_it_holds(
    tmp_path: Path, count: int
) -> None:
    """A block is there as soon as the next one has begun."""
    path = tmp_path / "take.flac"
    file = FlacFile(path, RATE)
    file.write(noise(count))
    heard = read(path)
    file.close()
    assert heard.size == (count - 1) // 4096 * 4096
    np.testing.assert_array_equal(heard, noise(count)[: heard.size])


def test_the_longest_wav_has_a_header_that_can_say_so(tmp_path: Path) -> None:
    file = WavFile(tmp_path / "take.wav", RATE)
    file.samples = WavFile.most_samples
    header = file._header()
    file.close()
    riff, data = (int.from_bytes(header[at : at + 4], "little") for at in (4, 40))
    assert data == 2 * WavFile.most_samples
    assert riff == 36 + data


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_recording_begins_on_a_full_disk(small_disk: Path, suffix: str) -> None:
    fill(small_disk)
    with pytest.raises(OutputError):
        RecordSink(small_disk / f"take{suffix}", RATE, notify=Notices().notify)
    assert [file.name for file in small_disk.iterdir()] == ["filler"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_removed_recording_is_begun_again_and_reported(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    sink = RecordSink(path, RATE, notify=Notices().notify)
    sink.write(piece(noise(RATE)))
    path.unlink()
    sink.write(piece(noise(10, 1)))
    sink.close()
    np.testing.assert_array_equal(read(path), noise(10, 1))
    assert "1.00 s of sound are missing" in (sink.problem or "")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_file_is_followed_by_the_next(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_writer.FORMATS[suffix], "most_samples", 1000)
    path = tmp_path / f"take{suffix}"
    foreign = tmp_path / f"take.0001{suffix}"
    foreign.write_text("foreign")
    sink = RecordSink(path, RATE, notify=Notices().notify)
    for number in range(4):
        sink.write(piece(noise(300, number), silence=200))
    sink.close()
    foreign.unlink()
    heard = [read(file) for file in (path, *sorted(tmp_path.glob("take.0*")))]
    assert all(part.size <= 1000 for part in heard)
    zeros = np.zeros(200, np.int16)
    expected = [part for number in range(4) for part in (zeros, noise(300, number))]
    np.testing.assert_array_equal(np.concatenate(heard), np.concatenate(expected))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_device_that_returns_at_another_rate_is_recorded_at_that_rate(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"take{suffix}"
    recorder = Recorder(path, RATE, hop_s=HOP_S, notify=Notices().notify)
    recorder.put(block(noise(RATE)))
    recorder.put(Gap(elapsed_s=0.5, over=True, reason="unplugged"))
    recorder.put(Block(samples=as_float(noise(300, 1)), rate=2 * RATE, lost_samples=7))
    recorder.put(Block(samples=as_float(noise(300, 2)), rate=2 * RATE))
    recorder.close()
    assert recorder.problem is None
    np.testing.assert_array_equal(read(path), noise(RATE))
    heard, rate = soundfile.read(tmp_path / f"take.0001{suffix}", dtype="int16")
    assert rate == 2 * RATE
    silence = np.zeros(RATE + 7, np.int16)
    np.testing.assert_array_equal(heard, np.concatenate([silence, noise(300, 1), noise(300, 2)]))


def test_a_recorder_that_is_too_slow_says_so_and_keeps_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    may_write = threading.Event()
    write: Callable[[RecordSink, Piece], None] = RecordSink.write

    def slow_write(sink: RecordSink, item: Piece) -> None:
        may_write.wait()
        write(sink, item)

    monkeypatch.setattr(RecordSink, "write", slow_write)
    notices = Notices()
    recorder = Recorder(tmp_path / "take.wav", RATE, hop_s=HOP_S, notify=notices.notify)
    count = QUEUED_PIECES + 100
    for _ in range(count):
        recorder.put(block(noise(10)))
    may_write.set()
    deadline = threading.Event()
    while len(read(tmp_path / "take.wav")) < 10 * QUEUED_PIECES:
        deadline.wait(0.01)
    recorder.put(block(noise(10)))
    recorder.close()
    assert len(read(tmp_path / "take.wav")) == 10 * (count + 1)
    assert "pieces are missing" in (recorder.problem or "")
