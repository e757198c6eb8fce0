"""Names, listing, index and validation of RAVDESS."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.labels import Emotion
from training.ravdess import (
    ACTORS,
    Channel,
    Clip,
    Intensity,
    Sex,
    find_clips,
    official_names,
    parse,
)
from training.ravdess_index import (
    content_keys,
    fingerprint,
    index,
    validate,
    write_index,
)

TWINS = ("03-01-03-01-02-01-07", "03-01-03-01-02-02-07")
ONE = "03-01-01-01-01-01-01"


def put(folder: Path, name: str, rate: int = 48_000, samples: int | None = None) -> Path:
    """Write silence of the indexed length under an official name."""
    path = folder / f"Actor_{name[-2:]}" / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    if samples is None:
        samples = round((index()[name].samples or 16_000) * rate / 16_000)
    soundfile.write(path, np.zeros(samples, np.int16), rate, subtype="PCM_16")
    return path


def test_a_name_tells_its_seven_fields() -> None:
    clip = parse(Path("Actor_12/03-01-06-02-01-02-12.wav"))
    assert clip == Clip(
        channel=Channel.SPEECH,
        emotion=Emotion.FEARFUL,
        intensity=Intensity.STRONG,
        statement=1,
        repetition=2,
        actor=12,
        path=Path("Actor_12/03-01-06-02-01-02-12.wav"),
    )
    assert clip.sex is Sex.FEMALE
    assert parse(Path(f"{ONE}.flac")).sex is Sex.MALE


@given(st.sampled_from(official_names()), st.sampled_from((".wav", ".flac", "")))
def test_every_official_name_survives_parsing(name: str, suffix: str) -> None:
    assert parse(Path(name + suffix)).name == name


@given(st.text(st.sampled_from("0123456789-. ٣x"), max_size=24))
def test_any_other_name_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(DataError, match=r"^[^\n]*\.$"):
        parse(Path("Actor_01") / f"x{text}.wav")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("03-01-06-02-01-02", "seven fields"),
        ("03-01-06-02-01-02-12-01", "seven fields"),
        ("3-1-6-2-1-2-12", "seven fields"),
        ("01-01-06-02-01-02-12", "modality 01"),
        ("03-03-06-02-01-02-12", "channel 03"),
        ("03-01-00-02-01-02-12", "emotion 00"),
        ("03-01-09-02-01-02-12", "emotion 09"),
        ("03-01-06-03-01-02-12", "intensity 03"),
        ("03-01-06-02-03-02-12", "statement 03"),
        ("03-01-06-02-01-03-12", "repetition 03"),
        ("03-01-06-02-01-02-25", "actor 25"),
    ],
)
def test_a_refusal_says_what_was_found(name: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse(Path(f"{name}.wav"))


def test_official_names_are_those_of_the_published_counts() -> None:
    clips = [parse(Path(name)) for name in official_names()]
    counts = {channel: sum(c.channel is channel for c in clips) for channel in Channel}
    assert counts == {Channel.SPEECH: 1440, Channel.SONG: 1012}
    assert {c.actor for c in clips if c.channel is Channel.SONG} == set(ACTORS) - {18}
    assert list(official_names()) == sorted(set(official_names()))


def test_the_index_names_every_official_clip_and_fits_in_300_kb(root: Path) -> None:
    assert tuple(index()) == official_names()
    assert (root / "training" / "ravdess_index.csv").stat().st_size < 300_000


def test_the_index_knows_the_one_sound_with_two_names() -> None:
    keys = content_keys([parse(Path(name)) for name in official_names()])
    assert len(set(keys)) == len(keys) - 1
    first, second = content_keys([parse(Path(name)) for name in TWINS])
    assert first == second


def test_the_same_file_under_another_name_is_the_same_sound(tmp_path: Path) -> None:
    names = (ONE, "03-01-02-01-01-01-01", "03-01-03-01-01-01-03", "03-01-04-01-01-01-03")
    paths = [put(tmp_path, name, samples=1600) for name in names]
    for path, level in zip(paths, (1, 2, 1, 3), strict=True):
        soundfile.write(path, np.full(1600, level, np.int16), 16_000, subtype="PCM_16")
    one, other, copied, last = content_keys([parse(path) for path in paths])
    assert one == copied
    assert len({one, other, last}) == 3


def test_a_clip_that_ravdess_does_not_have_has_a_fingerprint_and_a_key() -> None:
    clip, another = parse(Path("03-01-01-02-01-01-01")), parse(Path("03-02-07-01-01-01-01"))
    assert fingerprint([clip]) != fingerprint([another])
    assert len(set(content_keys([clip, another]))) == 2


@given(st.permutations(official_names()[:6]), st.sampled_from(official_names()[6:]))
def test_fingerprint_knows_the_set_of_clips_and_not_their_order(
    names: list[str], another: str
) -> None:
    clips = [parse(Path(name)) for name in names]
    assert fingerprint(clips) == fingerprint(sorted(clips, key=lambda clip: clip.name))
    assert fingerprint(clips) != fingerprint([*clips, parse(Path(another))])


def test_actors_01_to_20_of_the_corpus_are_the_indexed_ones(ravdess: Path) -> None:
    found = [clip.name for clip in find_clips(ravdess) if clip.actor <= 20]
    assert sorted(found) == [name for name in official_names() if int(name[-2:]) <= 20]


def test_clips_lie_in_the_official_folders_or_flat(tmp_path: Path) -> None:
    put(tmp_path / "Audio_Song_Actors_01-24", "03-02-01-01-01-01-02", samples=1)
    put(tmp_path / "Audio_Speech_Actors_01-24", "03-01-01-01-01-01-02", samples=1)
    put(tmp_path, ONE, samples=1)
    put(tmp_path / "copy", ONE, samples=1)
    (tmp_path / "Actor_01" / f"._{ONE}.wav").write_bytes(b"left by macOS")
    (tmp_path / "Actor_01" / "readme.txt").write_text("not a sound")
    put(tmp_path / "copy" / "deeper", ONE, samples=1)
    assert [clip.name for clip in find_clips(tmp_path)] == [
        ONE,
        "03-01-01-01-01-01-02",
        "03-02-01-01-01-01-02",
    ]


def test_listing_refuses_what_would_mislabel_a_clip(tmp_path: Path) -> None:
    path = put(tmp_path, ONE, samples=1)
    moved = tmp_path / "Actor_02" / path.name
    moved.parent.mkdir()
    path.rename(moved)
    with pytest.raises(DataError, match=r"lies in Actor_02 but names actor 01"):
        find_clips(tmp_path)
    moved.rename(moved.with_name("happy.wav"))
    with pytest.raises(DataError, match=r"'happy\.wav' is not a RAVDESS name"):
        find_clips(tmp_path)


def test_a_missing_or_empty_folder_names_the_download(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="training download"):
            find_clips(folder)


def test_validation_of_originals_compares_format_and_length(tmp_path: Path) -> None:
    names = official_names()
    good, short, broken, foreign, male = names[0], names[1], names[2], names[3], names[4]
    put(tmp_path, good)
    near = put(tmp_path, names[5], samples=round((index()[names[5]].samples or 0) * 3 + 400))
    put(tmp_path, short, samples=1000)
    put(tmp_path, broken).write_bytes(b"RIFF")
    put(tmp_path, foreign, rate=44_100)
    eight_bit = put(tmp_path, male)
    soundfile.write(eight_bit, np.zeros(1000), 48_000, subtype="PCM_U8")
    stray = tmp_path / "Actor_01" / "happy.wav"
    stray.write_bytes(b"")
    report = validate(tmp_path)
    assert report.present == (good, near.stem)
    assert report.changed == (short, foreign, male)
    assert report.unreadable == (broken,)
    assert report.unexpected == (stray,)
    assert len(report.missing) == 2452 - 6
    assert report.summary.endswith(
        "3 changed (03-01-01-01-01-01-02, 03-01-01-01-01-01-04, 03-01-01-01-01-01-05), "
        "1 unreadable (03-01-01-01-01-01-03), 1 unexpected (happy.wav)."
    )


def test_an_empty_sound_is_unreadable_and_an_unindexed_length_is_taken(tmp_path: Path) -> None:
    put(tmp_path, ONE, samples=0)
    put(tmp_path, "03-01-01-01-01-01-24", samples=777)
    report = validate(tmp_path)
    assert report.unreadable == (ONE,)
    assert report.present == ("03-01-01-01-01-01-24",)


def test_validation_of_16_khz_files_compares_every_sample(ravdess: Path, tmp_path: Path) -> None:
    source = ravdess / "Audio_Speech_Actors_01-24" / "Actor_07"
    target = tmp_path / "Actor_07"
    target.mkdir()
    for name in TWINS:
        shutil.copy(source / f"{name}.flac", target)
    assert validate(tmp_path).present == TWINS
    samples, rate = soundfile.read(target / f"{TWINS[0]}.flac", dtype="int16")
    samples[30_000] ^= 1
    soundfile.write(target / f"{TWINS[0]}.flac", samples, rate, subtype="PCM_16")
    report = validate(tmp_path)
    assert (report.present, report.changed) == (TWINS[1:], TWINS[:1])
    flac = target / f"{TWINS[1]}.flac"
    flac.write_bytes(flac.read_bytes()[:10_000])
    report = validate(tmp_path)
    assert report.present == ()
    assert sorted(report.changed + report.unreadable) == list(TWINS)


def test_validation_names_actors_that_are_wholly_missing(tmp_path: Path) -> None:
    for actor in range(1, 24):
        put(tmp_path, f"03-01-01-01-01-01-{actor:02d}")
    report = validate(tmp_path)
    assert len(report.present) == 23
    assert "23 of 2452 clips" in report.summary
    assert "2429 missing (all of actors 24)" in report.summary


def test_the_index_can_be_made_again(tmp_path: Path) -> None:
    sound = np.arange(500, dtype="<i2")
    stereo = put(tmp_path, ONE)
    soundfile.write(stereo, np.stack([sound, sound], axis=1), 16_000, subtype="PCM_16")
    target = tmp_path / "index.csv"
    write_index(tmp_path, target)
    header, first, *others = target.read_text().splitlines()
    assert header == "name,samples,sha256"
    assert first == f"{ONE},500,{hashlib.sha256(sound.tobytes()).hexdigest()}"
    assert others == [f"{name},," for name in official_names()[1:]]
