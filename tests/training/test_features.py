"""Features of a corpus: the live path's own, cached by all that they depend on."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models import windows
from models.audio import SAMPLE_RATE
from models.errors import AudioError, OutputError
from models.level_free import level_free
from models.segment import SegmentStream
from models.window_vector import WINDOW_VECTOR_SIZE
from tests.training.hand_made import table_of
from training import corpus_vectors as corpus_vectors_module
from training import feature_cache
from training.augment import AS_IT_IS, Copy, make_copy
from training.codecs import CODECS
from training.corpus_vectors import corpus_vectors
from training.feature_cache import cache_name, cached_vectors
from training.features import (
    HOP_S,
    LEAST_ACTIVE_FRAMES,
    WHOLE_CLIP_S,
    WINDOWS_S,
    SoundVectors,
    frame_extractor,
    sound_vectors,
)
from training.sound import read_sound


@pytest.fixture(scope="module")
def clips(tiny_data: Path) -> list[Path]:
    return sorted(tiny_data.rglob("*.flac"))[:3]


@pytest.mark.parametrize("window_s", WINDOWS_S)
def test_windows_equal_those_of_the_live_path_in_small_blocks(
    demonstration: Path, window_s: float
) -> None:
    samples, rate = read_sound(demonstration)
    samples = samples[: 6 * rate]
    stream = SegmentStream(
        rate,
        frame_extractor(),
        window_samples=round(window_s * SAMPLE_RATE),
        hop_samples=round(HOP_S * SAMPLE_RATE),
        least_active_frames=LEAST_ACTIVE_FRAMES,
    )
    blocks = np.array_split(samples, 300)
    live = [window for block in blocks for window in stream.push(block)]
    live += stream.push(np.zeros(0, np.float32), last=True)
    spoken = [window for window in live if window.vector is not None]
    found = sound_vectors(samples, rate, frame_extractor())
    of_length = found.window_s == np.float32(window_s)
    assert found.end[of_length].tolist() == [window.end for window in spoken]
    assert found.active_frames[of_length].tolist() == [w.active_frames for w in spoken]
    for row, window in zip(found.vectors[of_length], spoken, strict=True):
        assert window.vector is not None
        # Trends are differences of means; of MFCC 0, some -600, float32 keeps 6e-5.
        np.testing.assert_allclose(row, window.vector, rtol=1e-5, atol=1e-4)


def test_a_clip_as_a_whole_has_one_row(clips: list[Path]) -> None:
    found = sound_vectors(*read_sound(clips[0]), frame_extractor())
    assert (found.window_s == WHOLE_CLIP_S).sum() == 1


def test_a_recording_with_less_speech_than_a_live_window_needs_has_rows_that_are_not_live(
    demonstration: Path,
) -> None:
    samples, rate = read_sound(demonstration)
    piece = samples[rate : rate + rate // 2]
    found = sound_vectors(np.concatenate([piece, np.zeros_like(piece)]), rate, frame_extractor())
    (frames,) = found.active_frames[found.window_s == WHOLE_CLIP_S].tolist()
    assert 30 <= frames < windows.LEAST_ACTIVE_FRAMES
    assert set(found.window_s.tolist()) == {WHOLE_CLIP_S, *WINDOWS_S}


def test_live_is_half_a_second_of_speech_in_a_window_and_never_a_whole_clip() -> None:
    table = table_of(
        [0] * 4, emotion=[0], window_s=[3, 3, 1, WHOLE_CLIP_S], active_s=[0.49, 0.5, 0.9, 2.0]
    )
    assert table.is_live.tolist() == [False, True, True, False]


def test_silence_and_a_sound_shorter_than_a_frame_have_no_rows() -> None:
    for count in (SAMPLE_RATE, 100, 0):
        found = sound_vectors(np.zeros(count, np.float32), SAMPLE_RATE, frame_extractor())
        assert found.vectors.shape == (0, WINDOW_VECTOR_SIZE)


def test_the_cache_gives_what_was_computed(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = corpus_vectors(clips, cache_dir=tmp_path, jobs=1)
    monkeypatch.setattr(feature_cache, "sound_vectors", None)  # from here on, only the cache works
    again = corpus_vectors(clips, cache_dir=tmp_path, jobs=1)
    for name in ("vectors", "window_s", "active_frames", "clip", "copy"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


def test_a_damaged_cache_file_is_made_again(clips: list[Path], tmp_path: Path) -> None:
    (first,) = cached_vectors(clips[0], [AS_IT_IS], tmp_path)
    (stored,) = tmp_path.iterdir()
    stored.write_bytes(stored.read_bytes()[:1000])
    (again,) = cached_vectors(clips[0], [AS_IT_IS], tmp_path)
    np.testing.assert_array_equal(first.vectors, again.vectors)


@pytest.mark.parametrize("place", [0, 30, 5000, -1])
def test_a_single_bit_of_the_cache_is_missed(clips: list[Path], tmp_path: Path, place: int) -> None:
    (first,) = cached_vectors(clips[0], [AS_IT_IS], tmp_path)
    (stored,) = tmp_path.iterdir()
    content = bytearray(stored.read_bytes())
    content[place] ^= 1
    stored.write_bytes(content)
    (again,) = cached_vectors(clips[0], [AS_IT_IS], tmp_path)
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert stored.read_bytes() != content


def test_what_is_kept_is_private(clips: list[Path], tmp_path: Path) -> None:
    cached_vectors(clips[0], [AS_IT_IS], tmp_path / "made/cache")
    (stored,) = (tmp_path / "made/cache").iterdir()
    modes = [path.stat().st_mode & 0o777 for path in (stored, stored.parent, stored.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_of_what_is_missing_in_the_cache_only_that_is_made(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = [AS_IT_IS, Copy(gain_db=6)]
    (plain,) = cached_vectors(clips[0], copies[:1], tmp_path)
    made: list[Copy] = []

    def counted(
        samples: NDArray[np.float32], rate: int, copy: Copy, place: int
    ) -> tuple[object, int]:
        made.append(copy)
        return make_copy(samples, rate, copy, place)

    monkeypatch.setattr(feature_cache, "make_copy", counted)
    both = cached_vectors(clips[0], copies, tmp_path)
    assert made == copies[1:]
    np.testing.assert_array_equal(both[0].vectors, plain.vectors)


def test_the_cache_key_knows_sound_copy_and_signal_path(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {cache_name(b"a", AS_IT_IS), cache_name(b"b", AS_IT_IS)}
    names.add(cache_name(b"a", Copy(speed=1.1)))
    steady = Copy(noise_snr_db=10, steady=True)
    assert cache_name(b"a", steady, 1) != cache_name(b"a", steady, 2)
    names |= {cache_name(b"a", Copy(codec=name)) for name in CODECS}
    monkeypatch.setattr(feature_cache, "_signal", lambda: "another signal path")
    names.add(cache_name(b"a", AS_IT_IS))
    assert len(names) == 4 + len(CODECS)


def test_the_cache_key_knows_the_noise_and_not_where_it_lies(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "same", "other")]
    for folder, seed in zip(folders, (1, 1, 2), strict=True):
        folder.mkdir()
        noise = np.random.default_rng(seed).uniform(-1, 1, SAMPLE_RATE)
        soundfile.write(folder / "noise.wav", noise, SAMPLE_RATE)
    one, same, other = (
        cache_name(b"a", Copy(noise_snr_db=10, noise_dir=str(folder))) for folder in folders
    )
    assert one == same
    assert one != other


def test_noise_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").symlink_to(tmp_path / "none.wav")
    with pytest.raises(AudioError, match=r"noise\.wav"):
        cache_name(b"a", Copy(noise_snr_db=10, noise_dir=str(tmp_path)))


def test_parallel_work_gives_the_same_rows_in_the_same_order(
    clips: list[Path], tmp_path: Path
) -> None:
    copies = (AS_IT_IS, Copy(speed=1.1, noise_snr_db=10))
    one = corpus_vectors(clips, copies, cache_dir=tmp_path / "one", jobs=1)
    two = corpus_vectors(clips, copies, cache_dir=tmp_path / "two", jobs=2)
    np.testing.assert_array_equal(one.vectors, two.vectors)
    np.testing.assert_array_equal(one.clip, two.clip)
    np.testing.assert_array_equal(one.copy, two.copy)


def test_rows_are_the_same_in_how_many_pieces_they_are_gathered(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = (AS_IT_IS, Copy(gain_db=-100))  # of which too little is left for a window
    whole = corpus_vectors(clips, copies, cache_dir=tmp_path, jobs=1)
    for sounds in (1, 2):
        monkeypatch.setattr(corpus_vectors_module, "SOUNDS_AT_ONCE", sounds)
        pieces = corpus_vectors(clips, copies, cache_dir=tmp_path, jobs=1)
        for name in ("vectors", "clip", "copy", "window_s"):
            np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name))


def test_vectors_can_be_gathered_in_another_form(clips: list[Path], tmp_path: Path) -> None:
    plain = corpus_vectors(clips, cache_dir=tmp_path, jobs=1)
    levelled = corpus_vectors(clips, cache_dir=tmp_path, jobs=1, form=level_free)
    assert levelled.vectors.dtype == np.float32
    np.testing.assert_allclose(levelled.vectors, level_free(plain.vectors), rtol=1e-5, atol=1e-5)


def test_progress_is_told_of_every_sound(clips: list[Path], tmp_path: Path) -> None:
    told: list[int] = []
    corpus_vectors(
        clips,
        (AS_IT_IS, Copy(gain_db=3)),
        cache_dir=tmp_path,
        jobs=1,
        progress=lambda: told.append(1),
    )
    assert len(told) == len(clips)


def test_a_gain_shifts_level_and_nothing_else(clips: list[Path], tmp_path: Path) -> None:
    plain, louder = cached_vectors(clips[0], [AS_IT_IS, Copy(gain_db=6)], tmp_path)
    assert_same_rows(plain, louder)
    ratio = louder.vectors[:, 52:180] / plain.vectors[:, 52:180]
    np.testing.assert_allclose(ratio, 10**0.6, rtol=1e-3)


def assert_same_rows(one: SoundVectors, other: SoundVectors) -> None:
    np.testing.assert_array_equal(one.end, other.end)
    np.testing.assert_array_equal(one.window_s, other.window_s)


@pytest.mark.parametrize(
    ("content", "word"), [(b"", "is empty"), (b"no sound at all" * 99, "is not a sound file")]
)
def test_what_is_no_sound_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes, word: str
) -> None:
    path = tmp_path / "clip.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=word):
        cached_vectors(path, [AS_IT_IS], tmp_path)


def test_a_missing_clip_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be read"):
        cached_vectors(tmp_path / "none.flac", [AS_IT_IS], tmp_path)


def test_a_clip_that_ends_before_its_time_is_refused(clips: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    samples, rate = read_sound(clips[0])
    soundfile.write(path, samples, rate)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(AudioError, match="though its header promises"):
        read_sound(path)


def test_zero_samples_and_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    soundfile.write(path, np.zeros(0, np.float32), SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match="No sound is in it"):
        read_sound(path)
    soundfile.write(path, np.full(9, np.nan, np.float32), SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match="samples that are NaN"):
        read_sound(path)


def test_a_cache_that_cannot_be_written_is_named(clips: list[Path], tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("no folder")
    with pytest.raises(OutputError, match="--cache"):
        cached_vectors(clips[0], [AS_IT_IS], blocker)
