"""The whole evaluation on a tiny corpus: every protocol, table and picture; laws of its parts."""

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from models.bundle import load_bundle
from models.errors import AudioError, BundleError, DataError, OutputError
from models.labels import EMOTIONS, Emotion
from models.network import softmax
from realtime.config import RealtimeSettings
from realtime.smoothing import Smoother
from training.augment import AS_IT_IS
from training.calibrate_probabilities import calibrated
from training.cells import cell
from training.config import TrainingSettings
from training.corpus import Corpus, training_noise
from training.evaluate import Places, bundles_in, evaluate
from training.features import HOP_S
from training.fit import held_out_verdicts
from training.gate_recall import gate_recall
from training.judge import Judge, after_clips, cold, folder, pooled, smoothed
from training.judged import (
    CLIP,
    COLD,
    FOLDER,
    LIVE_WINDOW_S,
    MODES,
    WINDOW,
    Judged,
    draws_of,
    judged_part,
    judged_units,
    windows_of,
)
from training.maturity import ALL_CLIPS, _known
from training.noise_recordings import JUDGING, TRAINING, noise_files, noise_fingerprint
from training.non_speech import judge_non_speech, synthetic_sounds
from training.other_voices import _among, read_labels
from training.protocols import Trainer
from training.ravdess import Channel
from training.report import find_cell, table
from training.robustness import conditions, robustness

PICTURES = ("confusion", "reliability", "coverage", "maturity", "robustness", "curves")


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory, tiny_data: Path) -> Path:
    """Clips of the tiny corpus under another guise: two speakers, eight emotions."""
    target = tmp_path_factory.mktemp("voices")
    rows = []
    for path in sorted(tiny_data.rglob("*-01-01-0[12].flac")):
        emotion = EMOTIONS[int(path.stem[6:8]) - 1]
        rows.append({"file": path.name, "speaker": path.stem[-2:], "emotion": emotion})
        (target / path.name).write_bytes(path.read_bytes())
    with (target / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "speaker", "emotion"])
        writer.writeheader()
        writer.writerows(rows)
    return target


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("noise")
    rng = np.random.default_rng(0)
    for name in ("hiss.wav", "hum.wav"):
        soundfile.write(target / name, 0.1 * rng.standard_normal(48_000), 16_000)
    return target


@pytest.fixture(scope="module")
def places(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_data: Path,
    tiny_cache: Path,
    voices: Path,
    noise: Path,
) -> Places:
    return Places(
        data_dir=tiny_data,
        report_dir=tmp_path_factory.mktemp("report"),
        other_voices_dir=voices,
        noise_dir=noise,
        cache_dir=tiny_cache,
        jobs=1,
    )


@pytest.fixture(scope="module")
def report_dir(places: Places, tiny_bundles: Path) -> Path:
    return evaluate(tiny_bundles / "mlp", places, say=lambda _: None).parent


@pytest.fixture(scope="module")
def found(report_dir: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((report_dir / "evaluation.json").read_text())
    return content


def named(cells: Sequence[dict[str, Any]], **names: object) -> list[dict[str, Any]]:
    return [one for one in cells if all(one[key] == value for key, value in names.items())]


def test_every_protocol_window_baseline_and_unit_has_its_figures(found: dict[str, Any]) -> None:
    for protocol in ("actor-disjoint", "random 70/30", "statement-disjoint"):
        for window_s in (1.0, 2.0, 3.0):
            for baseline in MODES:
                for unit in (WINDOW, CLIP):
                    (one,) = named(
                        found["cells"],
                        protocol=protocol,
                        channel="speech",
                        window_s=window_s,
                        baseline=baseline,
                        unit=unit,
                    )
                    assert 0 <= one["uar"] <= 1
                    assert one["pooled"]["ece"] >= 0


def test_actor_folds_have_a_spread_and_their_mean_is_the_figure(found: dict[str, Any]) -> None:
    one = named(found["cells"], protocol="actor-disjoint", baseline=COLD, unit=CLIP)[0]
    assert len(one["uar_by_fold"]) == 2
    assert one["uar"] == pytest.approx(np.mean(one["uar_by_fold"]))


def test_every_clip_is_judged_once_by_a_model_that_never_heard_its_actor(
    found: dict[str, Any],
) -> None:
    names = {"channel": "speech", "window_s": 3.0, "unit": CLIP, "baseline": FOLDER}
    (one,) = named(found["cells"], protocol="actor-disjoint", **names)
    assert one["pooled"]["rows"] == 64
    assert np.sum(one["confusion"]) == 64
    assert np.sum(one["confusion"], axis=1).tolist() == [8] * 8


def test_robustness_covers_the_conditions_and_clean_loses_nothing(found: dict[str, Any]) -> None:
    lines = found["robustness"]
    conditions = {line["condition"] for line in lines}
    assert {"gain -20 dB", "telephone band", "noise, 5 dB SNR", "source at 8 kHz"} <= conditions
    assert {"steady noise, 5 dB SNR", "steady noise, 10 dB SNR by mean power"} <= conditions
    assert {"GSM telephone", "MP3, 17 kbit/s", "Opus, 14 kbit/s"} <= conditions
    assert {line["lost"] for line in named(lines, condition="clean")} == {0.0}


def test_a_gain_costs_nothing_for_a_form_without_level(found: dict[str, Any]) -> None:
    for line in named(found["robustness"], condition="gain +12 dB", baseline=COLD):
        assert line["lost"] == pytest.approx(0, abs=0.05)


def test_more_smoothing_flips_less(found: dict[str, Any]) -> None:
    lines = found["smoothing"]
    assert [line["smoothing_s"] for line in lines] == [0.0, 0.25, 0.5, 1.0, 2.0, 4.0]
    flips = [line["flips_per_minute"] for line in lines]
    assert flips[-1] <= flips[0]
    assert all(0 <= line["accuracy"] <= 1 for line in lines)


def test_other_voices_are_judged_together_and_one_by_one(found: dict[str, Any]) -> None:
    assert {line["speaker"] for line in found["other_voices"]} == {"all", "01", "02"}


def test_noise_and_silence_get_no_emotion(found: dict[str, Any]) -> None:
    for line in found["non_speech"]:
        assert line["windows"] > 0
        assert line["named"] == 0


def test_of_clips_that_are_judged_in_several_draws_each_draw_is_one(
    tiny_corpus: Corpus, judge: Judge
) -> None:
    """Of two clips, one makes the baseline and the other is judged, in each of ten draws."""
    windows = windows_of(tiny_corpus.table, LIVE_WINDOW_S)
    two = windows.of_clips(np.unique(windows.clip[windows.labels < 3])[:2].astype(np.intp))
    judged = after_clips(judge, two, 8, np.random.default_rng(0), draws=10)
    _, labels = pooled(judged, softmax(judged.logits))
    assert labels.size == 10


def test_no_two_folds_draw_the_same_clips() -> None:
    first = [draws_of(7, part).permutation(60).tolist() for part in range(5)]
    assert first == [draws_of(7, part).permutation(60).tolist() for part in range(5)]
    assert len({tuple(order) for order in first}) == 5


def test_what_the_screen_shows_is_smoothed_clip_by_clip() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(8), 7)
    clip = np.array([4, 4, 4, 9, 9, 4, 4])
    live = RealtimeSettings()
    expected = []
    for part in np.split(rows, [3, 5]):
        smoother = Smoother(live.smoothing_s, HOP_S, live.reset_after_silence_s)
        expected += [smoother.push(row) for row in part]
    np.testing.assert_array_equal(smoothed(rows, clip), expected)


def test_nine_in_ten_of_what_the_screen_shows_are_above_the_threshold(
    tiny_corpus: Corpus, judge: Judge
) -> None:
    found = held_out_verdicts(judge, tiny_corpus.table)[LIVE_WINDOW_S]
    fitted = calibrated({LIVE_WINDOW_S: found}).for_window(LIVE_WINDOW_S)
    shown = [
        smoothed(softmax(one.logits, temperature), one.clip).max(axis=1)
        for one, temperature in (
            (found.cold, fitted.temperature_cold),
            (found.known, fitted.temperature_known),
        )
    ]
    kept = np.concatenate(shown) >= fitted.unsure_below
    assert kept.mean() >= 0.9
    assert (np.concatenate(shown) >= fitted.unsure_below + 0.01).mean() < 0.9


def test_one_emotion_is_nothing_to_learn(
    tiny_corpus: Corpus, tiny_settings: TrainingSettings
) -> None:
    clips = tuple(replace(clip, emotion=Emotion.SAD) for clip in tiny_corpus.clips)
    corpus = replace(tiny_corpus, clips=clips)
    trainer = Trainer(kind="mlp", corpus=corpus, settings=tiny_settings, say=lambda _: None)
    with pytest.raises(DataError, match="would train on one emotion, sad: two at least"):
        trainer.check_splits(statements=True)


def test_what_a_voice_is_known_by_is_not_what_prototypes_bring(
    tiny_corpus: Corpus, judge: Judge
) -> None:
    windows = windows_of(tiny_corpus.table, LIVE_WINDOW_S)
    known = _known(judge, windows, np.random.default_rng(0), clips=ALL_CLIPS)
    assert known.hidden is None
    np.testing.assert_array_equal(known.logits, folder(judge, windows).logits)


def test_another_corpus_than_that_of_the_bundle_is_told(
    tiny_bundles: Path, places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "mlp"
    shutil.copytree(tiny_bundles / "mlp", bundle)
    content = json.loads((bundle / "bundle.json").read_text())
    content["origin"]["index_sha256"] = "0" * 64
    (bundle / "bundle.json").write_text(json.dumps(content))

    def stop(line: str) -> None:
        if "training" in line:
            raise KeyboardInterrupt

    for folder_of, told in ((bundle, True), (tiny_bundles / "mlp", False)):
        with pytest.raises(KeyboardInterrupt):
            evaluate(folder_of, replace(places, report_dir=tmp_path / "report"), say=stop)
        assert ("was trained on other clips than these" in capsys.readouterr().err) == told


def test_the_maturity_curve_runs_from_cold_to_all(found: dict[str, Any]) -> None:
    counts = [line["clips"] for line in named(found["maturity"], window_s=3.0)]
    assert counts[0] == 0
    assert counts[-1] == -1


def test_report_and_pictures_are_written(report_dir: Path) -> None:
    text = (report_dir / "evaluation.md").read_text()
    for heading in (
        "actor-disjoint",
        "random 70/30",
        "statement-disjoint",
        "The gap between protocols",
        "Confusion",
        "Calibration and abstaining",
        "Robustness",
        "Smoothing",
        "Other voices",
        "Non-speech",
    ):
        assert f"## {heading}" in text
    for name in PICTURES:
        assert (report_dir / f"{name}.png").stat().st_size > 5000


def test_bundles_are_found_in_a_folder_or_are_the_folder(
    tiny_bundles: Path, tmp_path: Path
) -> None:
    assert [path.name for path in bundles_in(tiny_bundles)] == ["ann", "mlp"]
    assert bundles_in(tiny_bundles / "ann") == [tiny_bundles / "ann"]
    with pytest.raises(BundleError, match="no model"):
        bundles_in(tmp_path)


def test_two_bundles_of_one_kind_would_write_one_report(tiny_bundles: Path, tmp_path: Path) -> None:
    for name in ("new", "old"):
        shutil.copytree(tiny_bundles / "mlp", tmp_path / name)
    with pytest.raises(BundleError, match=r"new and .*old hold models of one kind"):
        bundles_in(tmp_path)
    assert bundles_in(tmp_path / "old") == [tmp_path / "old"]


def sung_by(corpus: Corpus, *actors: int) -> Corpus:
    clips = tuple(
        replace(clip, channel=Channel.SONG) if clip.actor in actors else clip
        for clip in corpus.clips
    )
    return replace(
        corpus,
        clips=clips,
        table=replace(corpus.table, is_song=np.isin(corpus.table.speaker, actors)),
    )


def test_a_fold_that_only_sings_is_left_out_of_what_is_judged_by_speech(
    tiny_corpus: Corpus,
    tiny_settings: TrainingSettings,
    tiny_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.robustness.conditions", lambda _: {"clean": AS_IT_IS})
    corpus = sung_by(tiny_corpus, 1, 2)
    trainer = Trainer(kind="mlp", corpus=corpus, settings=tiny_settings, say=lambda _: None)
    protocol = trainer.actor_folds().protocol
    found = robustness(protocol, corpus, noise_dir=None, cache_dir=tiny_cache, jobs=1, seed=0)
    assert [one.baseline for one in found] == list(MODES)


def test_what_is_wrong_with_other_places_or_the_corpus_is_told_before_anything_is_trained(
    tiny_bundles: Path, tiny_data: Path, places: Places, tmp_path: Path
) -> None:
    for path in tiny_data.rglob("*-01-0?.flac"):
        name = f"{path.stem[:3]}02{path.stem[5:]}.flac"
        if path.stem[6:8] not in ("07", "08"):
            target = tmp_path / "sung" / path.parent.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (tmp_path / "labels.csv").write_text("file,speaker,emotion\nnone.flac,x,happy\n")
    (tmp_path / "file").write_text("no folder")
    said: list[str] = []
    for changed, error, sentence in (
        (replace(places, other_voices_dir=tmp_path), AudioError, r"none\.flac"),
        (replace(places, report_dir=tmp_path / "file"), OutputError, "--report"),
        (replace(places, data_dir=tmp_path / "sung"), DataError, "song only"),
    ):
        with pytest.raises(error, match=sentence):
            evaluate(tiny_bundles / "mlp", changed, say=said.append)
    assert not any("training" in line for line in said)


def test_clips_that_all_lack_a_window_are_all_wrong(
    tiny_corpus: Corpus, judge: Judge, tiny_bundles: Path
) -> None:
    silence = tiny_corpus.table.rows(np.zeros(0, np.intp))
    found = judged_part(
        judge,
        load_bundle(tiny_bundles / "mlp").calibration,
        silence,
        np.arange(3),
        window_s=LIVE_WINDOW_S,
        mode=MODES[FOLDER],
        rng=np.random.default_rng(0),
    )
    assert found[WINDOW].labels.size == 0
    assert found[CLIP].labels.tolist() == tiny_corpus.table.emotion[:3].tolist()
    assert (found[CLIP].probabilities == 1 / 8).all()


@pytest.fixture(scope="module")
def judge(tiny_bundles: Path) -> Judge:
    bundle = load_bundle(tiny_bundles / "mlp")
    return Judge(preprocessing=bundle.preprocessing, network=bundle.network)


def test_clips_that_made_the_baseline_are_not_judged(tiny_corpus: Corpus, judge: Judge) -> None:
    windows = windows_of(tiny_corpus.table, LIVE_WINDOW_S)
    rng = np.random.default_rng(0)
    judged = after_clips(judge, windows, 8, rng, draws=1)
    for speaker in np.unique(windows.speaker).tolist():
        of_speaker = np.flatnonzero(windows.speaker == speaker)
        assert np.isin(np.unique(judged.clip), of_speaker).sum() == of_speaker.size - 8


def test_no_clips_known_is_cold_and_a_folder_knows_more(tiny_corpus: Corpus, judge: Judge) -> None:
    windows = windows_of(tiny_corpus.table, LIVE_WINDOW_S)
    stranger = cold(judge, windows)
    nobody = after_clips(judge, windows, 0, np.random.default_rng(0), draws=1)
    order = np.argsort(nobody.clip, kind="stable")
    np.testing.assert_allclose(nobody.logits[order], stranger.logits, atol=1e-4)
    assert not stranger.weight.any()
    assert (folder(judge, windows).weight > 3).all()


def test_clips_without_speech_count_as_wrong(
    tiny_corpus: Corpus, judge: Judge, tiny_bundles: Path
) -> None:
    calibration = load_bundle(tiny_bundles / "mlp").calibration.for_window(3.0)
    verdicts = cold(judge, windows_of(tiny_corpus.table, 3.0))
    units = judged_units(verdicts, calibration, 1.5, np.array([0, 1]))
    assert units[CLIP].labels.size == 66
    counts = cell(
        [units[CLIP]], protocol="", channel="", baseline="", unit=CLIP, window_s=3.0
    ).counts
    assert counts[:, -1].tolist() == [1, 1, 0, 0, 0, 0, 0, 0]


def test_temperature_follows_the_weight_of_the_baseline(
    tiny_corpus: Corpus, judge: Judge, tiny_bundles: Path
) -> None:
    calibration = load_bundle(tiny_bundles / "mlp").calibration.for_window(3.0)
    calibration = replace(calibration, temperature_cold=4.0, temperature_known=1.0)
    stranger = cold(judge, windows_of(tiny_corpus.table, 3.0))
    known = replace(stranger, weight=np.full(len(stranger.weight), 1e9))
    prior = judge.preprocessing.prior_weight
    nobody = np.zeros(0, np.int64)
    cool = judged_units(stranger, calibration, prior, nobody)[WINDOW].probabilities
    sharp = judged_units(known, calibration, prior, nobody)[WINDOW]
    assert cool.max(axis=1).mean() < sharp.probabilities.max(axis=1).mean()
    np.testing.assert_allclose(sharp.probabilities, sharp.uncalibrated, atol=1e-6)


def test_a_cell_is_the_mean_over_folds() -> None:
    right = Judged(
        probabilities=np.eye(8), uncalibrated=np.eye(8), shown=np.eye(8), labels=np.arange(8)
    )
    wrong = replace(right, labels=(np.arange(8) + 1) % 8)
    one = cell([right, wrong], protocol="p", channel="c", baseline="b", unit=CLIP, window_s=3.0)
    assert one.uar == 0.5
    assert one.uar_sd == pytest.approx(0.5 * 2**0.5)
    assert find_cell([one], "p", "c", "b", CLIP) is one
    with pytest.raises(KeyError):
        find_cell([one], "p", "c", "other", CLIP)


def test_the_gate_passes_real_speech(tiny_corpus: Corpus) -> None:
    found = gate_recall(tiny_corpus.clips[:4], jobs=1)
    assert found.windows > 10
    assert found.gated <= 0.05 * found.windows


def test_a_gate_that_is_shut_takes_all_speech_for_silence(
    tiny_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.gate_recall.LEAST_ACTIVE_FRAMES", 10_000)
    shut = gate_recall(tiny_corpus.clips[:4], jobs=1)
    assert shut.gated == shut.windows > 10


def test_speech_among_the_noise_is_told(
    tiny_bundles: Path, voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.non_speech.SYNTHETIC_S", 1)
    shutil.copy(next(voices.glob("*.flac")), tmp_path)
    *made, spoken = judge_non_speech(load_bundle(tiny_bundles / "mlp"), tmp_path, seed=0)
    assert spoken.sound == f"recordings in {tmp_path.name}"
    assert spoken.named + spoken.unsure > 0
    assert not any(line.named + line.unsure for line in made)


def test_whatever_is_noisy_is_judged_in_noise_that_nothing_was_trained_in(noise: Path) -> None:
    forms = conditions(noise)
    noisy = {name: form for name, form in forms.items() if np.isfinite(form.noise_snr_db)}
    assert noisy.keys() == {name for name in forms if "noise" in name}
    assert {form.noise_part for form in noisy.values()} == {JUDGING}
    assert len(set(forms.values())) == len(forms)


def test_other_voices_are_judged_among_their_emotions_and_clips_without_speech_are_wrong() -> None:
    even = np.full(8, 1 / 8)
    sure_of_another = np.array([0.3, 0.6, 0.1, 0, 0, 0, 0, 0])
    judged = Judged(
        probabilities=np.array([sure_of_another, even, even]),
        uncalibrated=np.zeros((3, 8)),
        shown=np.zeros((3, 8)),
        labels=np.array([0, 0, 2]),
    )
    assert _among(judged, np.array([0, 2])).uar == 0.25


def test_synthetic_sounds_have_their_levels() -> None:
    for name, samples in synthetic_sounds(0).items():
        if name.endswith("dBFS"):
            level_dbfs = 10 * np.log10(np.mean(samples.astype(np.float64) ** 2))
            assert level_dbfs == pytest.approx(float(name.split()[-2]), abs=0.1)


def test_without_a_noise_folder_only_synthetic_sounds_are_judged(
    tiny_bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.non_speech.LEVELS_DBFS", (-40,))
    monkeypatch.setattr("training.non_speech.SYNTHETIC_S", 2)
    lines = list(judge_non_speech(load_bundle(tiny_bundles / "mlp"), None, seed=0))
    assert [line.sound for line in lines] == [
        "digital silence",
        "hum, -40 dBFS",
        "white noise, -40 dBFS",
        "pink noise, -40 dBFS",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        ("", "no full table"),
        ("file,speaker\na.flac,x\n", "no full table"),
        ("file,speaker,emotion\na.flac,x,bored\n", "names the emotion 'bored'"),
    ],
)
def test_wrong_labels_are_refused_with_a_sentence(
    tmp_path: Path, content: str | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(DataError, match=sentence):
        read_labels(tmp_path)


def test_a_table_is_markdown() -> None:
    assert table(["a", "b"], [(1, 0.5)]) == "| a | b |\n|---|---|\n| 1 | 0.500 |"


def test_a_model_trained_in_noise_is_judged_with_the_same_recordings(
    tiny_bundles: Path, noise: Path, tmp_path: Path
) -> None:
    bundle = load_bundle(tiny_bundles / "mlp")
    assert training_noise(bundle, noise) is None
    known = noise_fingerprint(noise_files(noise, TRAINING))
    origin = {**bundle.card["origin"], "noise_recordings": 1, "noise_sha256": known}
    noisy = replace(bundle, card={**bundle.card, "origin": origin})
    assert training_noise(noisy, noise) == noise
    soundfile.write(tmp_path / "other.wav", np.ones(100), 16_000)
    for wrong in (None, tmp_path):
        with pytest.raises(DataError, match="trained in noise of 1 recordings: name"):
            training_noise(noisy, wrong)


@pytest.mark.parametrize("names", [["hum"], ["1-17150-A-12", "1-17150-B-12"]])
def test_a_model_is_not_judged_in_noise_that_it_was_trained_in(
    tiny_bundles: Path, tmp_path: Path, names: list[str]
) -> None:
    for i, name in enumerate(names):
        soundfile.write(tmp_path / f"{name}.wav", np.full(100, 0.1 * i), 16_000)
    bundle = load_bundle(tiny_bundles / "mlp")
    known = noise_fingerprint(noise_files(tmp_path, TRAINING))
    origin = {**bundle.card["origin"], "noise_recordings": 1, "noise_sha256": known}
    with pytest.raises(DataError, match="no recording but those that the mlp model was trained in"):
        training_noise(replace(bundle, card={**bundle.card, "origin": origin}), tmp_path)


@pytest.mark.parametrize("origin", [None, {}, {"noise_recordings": 1}])
def test_a_model_that_does_not_tell_its_origin_is_fitted_again(
    tiny_bundles: Path, origin: dict[str, int] | None
) -> None:
    bundle = load_bundle(tiny_bundles / "mlp")
    with pytest.raises(DataError, match="mlp model does not tell what it was trained on: fit it"):
        training_noise(replace(bundle, card={**bundle.card, "origin": origin}), None)


def test_the_origin_of_a_model_tells_the_noise_it_was_trained_in(
    tiny_corpus: Corpus, noise: Path
) -> None:
    assert tiny_corpus.origin.noise_recordings == 0
    assert not tiny_corpus.origin.noise_sha256
    files = noise_files(noise, TRAINING)
    noisy = replace(tiny_corpus, noise_dir=str(noise)).origin
    assert noisy.noise_recordings == len(files) > 0
    assert noisy.noise_sha256 == noise_fingerprint(files)
