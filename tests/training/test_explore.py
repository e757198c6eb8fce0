"""Tables and pictures of a small corpus, some of it silent, some of it missing."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.errors import DataError, OutputError
from models.feature_table import FEATURE_COUNT, GROUPS, SPANS
from models.labels import EMOTIONS
from training.example_pictures import example_clips
from training.explore import (
    class_counts,
    explore,
    feature_quantiles,
    fold_counts,
    markdown,
    whole_clip_vectors,
)
from training.explore_pictures import summary_of
from training.plots import colour_of, picture
from training.ravdess import Channel, Clip, Intensity, find_clips, official_names, parse
from training.splits import random_split

PICTURES = {
    "class_counts.png",
    "features.png",
    *(f"features_{group.name}.png" for group in GROUPS),
    *(f"clips_{name}.png" for name in ("waveform", "mel", "mfcc", "chroma")),
}
TABLES = {"class_counts.csv", "fold_counts.csv", "feature_quantiles.csv"}
PNG = b"\x89PNG\r\n\x1a\n"


def named(*actors: int, channel: Channel | None = None) -> list[Clip]:
    clips = [parse(Path(name)) for name in official_names()]
    return [c for c in clips if c.actor in actors and channel in (None, c.channel)]


def some_vectors(clips: Sequence[Clip]) -> NDArray[np.float32]:
    vectors = np.random.default_rng(0).random((len(clips), FEATURE_COUNT), np.float32)
    vectors[0] = np.nan
    return vectors


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of hum for each speech clip of two actors, each with another pitch."""
    folder = tmp_path_factory.mktemp("corpus")
    seconds = np.arange(8000) / 16_000
    for hertz, clip in enumerate(named(1, 2, channel=Channel.SPEECH), start=100):
        path = folder / f"Actor_{clip.actor:02d}" / f"{clip.name}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, 0.1 * np.sin(2 * np.pi * hertz * seconds), 16_000)
    return folder


def test_a_report_has_all_its_tables_and_pictures(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    report = explore(corpus, folder, extract=some_vectors)
    assert {path.name for path in folder.iterdir()} == {report.name} | TABLES | PICTURES
    text = report.read_text()
    assert "120 clips (120 of speech, 0 of song) of 2 actors" in text
    assert "too little speech for features: 1." in text
    assert "0 of 2452 clips present and as indexed" in text
    assert "120 changed" in text
    assert all(f"]({name})" in text for name in PICTURES)
    assert all((folder / name).read_bytes().startswith(PNG) for name in PICTURES)


def test_the_same_drawing_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("first.png", "second.png"):
        with picture(tmp_path / name, size_in=(2, 2), title="A line") as grid:
            grid[0, 0].plot([1, 2, 4])
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_a_report_that_cannot_be_written_is_named(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="another folder with --report"):
        explore(corpus, tmp_path / "file", extract=some_vectors)
    with (
        pytest.raises(OutputError, match=r"none/a\.png cannot be written"),
        picture(tmp_path / "none" / "a.png", size_in=(1, 1)),
    ):
        pass


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No clip was found"):
        explore(tmp_path, tmp_path / "report", extract=some_vectors)
    assert not (tmp_path / "report").exists()


def test_counts_add_up_before_and_after_the_split() -> None:
    clips = named(1, 2, 3, 4)
    counts = class_counts(clips, random_split(clips, test_size=0.3, seed=0))
    wanted = Counter(str(clip.emotion) for clip in clips)
    for by, values in (("channel", 2), ("sex", 2), ("intensity", 2)):
        rows = counts[counts["by"] == by]
        totals = rows.groupby(["part", "emotion"], observed=False)["clips"].sum()
        assert totals["all"].to_dict() == wanted
        assert (totals["train"] + totals["test"]).to_dict() == wanted
        assert len(rows) == 3 * values * len(EMOTIONS)
    sung = counts[(counts["value"] == "song") & (counts["emotion"] == "disgust")]
    assert sung["clips"].tolist() == [0, 0, 0]


def test_every_clip_is_tested_in_one_fold() -> None:
    clips = named(*range(1, 9))
    folds = fold_counts(clips).set_index("emotion")
    assert len(folds.columns) == 2
    assert folds.sum(axis=1).to_dict() == Counter(str(clip.emotion) for clip in clips)


def test_quantiles_leave_out_clips_without_speech() -> None:
    clips = named(1)
    vectors = np.ones((len(clips), FEATURE_COUNT), np.float32)
    vectors[:, SPANS["mel"]] = 0.01
    vectors[0] = np.nan
    table = feature_quantiles(clips, vectors)
    assert set(table["group"]) == {group.name for group in GROUPS}
    mel = table[table["group"] == "mel"]
    assert mel["clips"].sum() == len(clips) - 1
    np.testing.assert_allclose(mel[["p10", "p50", "p90"]], -20.0, rtol=1e-6)


def test_a_group_is_summed_up_as_documented() -> None:
    vectors = np.arange(FEATURE_COUNT, dtype=np.float32)[None] + 1
    by_name = {group.name: summary_of(group, vectors)[0] for group in GROUPS}
    values = vectors[0].astype(float)
    assert by_name["mfcc"] == pytest.approx(values[1:40].std())
    assert by_name["chroma"] == pytest.approx(values[SPANS["chroma"]].mean())
    assert by_name["mel"] == pytest.approx((10 * np.log10(values[SPANS["mel"]])).mean())
    assert by_name["contrast"] == pytest.approx(values[SPANS["contrast"]].mean())
    assert by_name["tonnetz"] == pytest.approx(np.sqrt((values[SPANS["tonnetz"]] ** 2).sum()))


def test_examples_are_spoken_strong_and_of_one_actor() -> None:
    chosen = example_clips(named(3, 5, 18))
    assert [clip.emotion for clip in chosen] == list(EMOTIONS)
    assert {(clip.actor, clip.channel) for clip in chosen} == {(3, Channel.SPEECH)}
    assert {clip.intensity for clip in chosen[1:]} == {Intensity.STRONG}
    sung = example_clips(named(5, channel=Channel.SONG))
    assert [clip.emotion for clip in sung] == list(EMOTIONS[:6])


def test_each_emotion_has_its_own_colour() -> None:
    assert len({colour_of(emotion) for emotion in EMOTIONS}) == len(EMOTIONS)


def test_a_table_becomes_markdown() -> None:
    import pandas as pd

    table = pd.DataFrame({"a": ["x", "y"], "b": [0.12345, 2.0], "c": [1, 2]})
    assert markdown(table).splitlines() == [
        "| a | b | c |",
        "| --- | --- | --- |",
        "| x | 0.123 | 1 |",
        "| y | 2 | 2 |",
    ]


def test_real_clips_have_real_distributions(ravdess: Path, tmp_path: Path) -> None:
    folder = ravdess / "Audio_Speech_Actors_01-24"
    clips = [clip for clip in find_clips(folder) if clip.actor == 1 and clip.statement == 1]
    clips = [clip for clip in clips if clip.emotion in ("neutral", "angry")]
    vectors = whole_clip_vectors(clips, cache_dir=tmp_path / "cache", jobs=1)
    assert vectors.shape == (len(clips), FEATURE_COUNT)
    table = feature_quantiles(clips, vectors).set_index(["group", "emotion"])["p50"]
    assert table["mel", "angry"] > table["mel", "neutral"] + 10


def test_a_silent_clip_has_no_vector(tmp_path: Path) -> None:
    clip = parse(tmp_path / f"{official_names()[0]}.wav")
    soundfile.write(clip.path, np.zeros(16_000), 16_000)
    vectors = whole_clip_vectors([clip], cache_dir=tmp_path / "cache", jobs=1)
    assert vectors.shape == (1, FEATURE_COUNT)
    assert np.isnan(vectors).all()
