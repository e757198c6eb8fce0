"""The rows of an epoch: complete, seeded, from the training part only; baselines as live."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.bundle import load_bundle
from models.level_free import NOTHING
from models.preprocess import MATURITY_SCALE
from realtime.judge import Judge
from tests.synthetic_bundle import write_bundle
from tests.training.clean_recipe import CLEAN
from training.corpus import Corpus
from training.features import HOP_S, active_seconds
from training.moments import clip_moments
from training.population import fitted_preprocessing
from training.recipe import Recipe
from training.rows import RowMaker, Teacher, cold_rows
from training.splits import actor_folds
from training.table import Table, window_evidence


def row_maker(table: Table, recipe: Recipe = CLEAN, teacher: Teacher | None = None) -> RowMaker:
    return RowMaker(table, fitted_preprocessing(table, recipe), recipe, teacher)


def teacher_that_keeps_what_it_hears() -> tuple[Teacher, list[NDArray[np.float64]]]:
    heard: list[NDArray[np.float64]] = []

    def teacher(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        heard.append(inputs)
        return np.full((len(inputs), 8), 1 / 8)

    return teacher, heard


@pytest.fixture(scope="module")
def table(tiny_corpus: Corpus) -> Table:
    return tiny_corpus.table


def test_an_epoch_takes_each_clip_once(table: Table) -> None:
    rows = row_maker(table).epoch(np.random.default_rng(0))
    clips = np.unique(table.clip).size
    assert rows.inputs.shape == (clips, 193)
    labels = np.bincount(rows.targets.argmax(axis=1), minlength=8)
    np.testing.assert_array_equal(labels, np.bincount(table.emotion, minlength=8))
    np.testing.assert_allclose(rows.targets.sum(axis=1), 1, rtol=1e-6)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(table: Table) -> None:
    one, two, other = (
        row_maker(table).epoch(np.random.default_rng(seed)).inputs for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_rows_of_an_epoch_come_in_an_order_of_their_own(table: Table) -> None:
    maker, rng = row_maker(table), np.random.default_rng(0)
    orders = [maker.epoch(rng).targets.argmax(axis=1).tolist() for _ in range(2)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_a_baseline_has_heard_the_clips_that_were_drawn_and_no_others(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = table.rows((table.copy == 0) & (table.speaker[table.clip] == 1))
    clips = np.unique(own.clip).astype(np.intp)
    drawn = np.array([1, 5])
    monkeypatch.setattr(RowMaker, "_known", lambda *_: drawn)
    recipe = replace(CLEAN, cold_share=0.0, whole_share=0.0)
    rows = row_maker(own, recipe).epoch(np.random.default_rng(0))
    known = clip_moments(own, clips).baseline(np.isin(clips, clips[drawn]))
    share = known.weight / (known.weight + recipe.prior_weight)
    np.testing.assert_allclose(rows.inputs[:, NOTHING], MATURITY_SCALE * (2 * share - 1), rtol=1e-6)


def drawn_clips(table: Table, *, whole_share: float) -> list[NDArray[np.intp]]:
    """What a thousand baselines have heard of 64 clips, the session's being the first half."""
    recipe = replace(CLEAN, cold_share=0.0, whole_share=whole_share)
    maker, rng = row_maker(table, recipe), np.random.default_rng(0)
    return [maker._known(64, np.arange(32), rng) for _ in range(1000)]


def test_one_baseline_in_seven_mixes_speech_and_song(table: Table) -> None:
    sizes = [known.size for known in drawn_clips(table, whole_share=1.0)]
    assert set(sizes) == {32, 64}
    assert 0.12 < sizes.count(64) / len(sizes) < 0.18


def test_few_clips_are_known_as_often_as_many_and_any_of_them(table: Table) -> None:
    drawn = drawn_clips(table, whole_share=0.0)
    sizes = np.array([known.size for known in drawn])
    # From one clip to two as often as from sixteen to thirty-two: each a fifth of the draws.
    for low in (1, 2, 4, 8, 16):
        assert np.mean((sizes >= low) & (sizes < 2 * low)) == pytest.approx(0.2, abs=0.05)
    often = np.bincount(np.concatenate(drawn), minlength=64)[:32]
    assert often.max() < 1.5 * often.min()


@given(st.integers(0, 99), st.integers(1, 8))
def test_moments_give_the_baseline_that_live_updates_give(
    tiny_corpus: Corpus, seed: int, count: int
) -> None:
    table = tiny_corpus.table
    clean = table.rows((table.copy == 0) & (table.speaker[table.clip] == 2))
    clips = np.unique(clean.clip).astype(np.intp)
    heard = np.random.default_rng(seed).permutation(clips)[:count]
    baseline = SpeakerBaseline()
    windows = clean.rows((clean.window_s == 3) & np.isin(clean.clip, heard))
    for vector, evidence in zip(windows.levelled, windows.evidence, strict=True):
        baseline.update(vector.astype(np.float64), float(evidence))
    found = clip_moments(clean, clips).baseline(np.isin(clips, heard))
    assert found.weight == pytest.approx(baseline.weight)
    np.testing.assert_allclose(found.mean, baseline.mean, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.variance, baseline.variance, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("window_s", [1.0, 2.0, 3.0])
def test_a_window_is_as_much_evidence_in_training_as_live(tmp_path: Path, window_s: float) -> None:
    live = Judge(load_bundle(write_bundle(tmp_path)), window_s, HOP_S)
    frames = np.array([30, 50, 294], np.int32)
    found = window_evidence(active_seconds(frames), window_s)
    np.testing.assert_allclose(found, [live.evidence(int(count)) for count in frames])


def test_a_baseline_that_heard_nothing_is_a_stranger(table: Table) -> None:
    clips = np.unique(table.clip).astype(np.intp)
    found = clip_moments(table.rows(table.copy == 0), clips).baseline(np.zeros(64, np.bool_))
    assert found.weight == 0


def test_rows_without_a_baseline_are_what_a_stranger_gets_live(table: Table) -> None:
    clean = table.rows(table.copy == 0)
    preprocessing = fitted_preprocessing(table, CLEAN)
    live = preprocessing.standardised(clean.levelled.astype(np.float64), SpeakerBaseline())
    np.testing.assert_allclose(cold_rows(clean, preprocessing).inputs, live, rtol=1e-5, atol=1e-5)


def test_scaler_population_and_relevance_come_from_the_training_part_only(
    tiny_corpus: Corpus,
) -> None:
    split = actor_folds(tiny_corpus.clips)[0]
    train = tiny_corpus.table.of_clips(split.train)
    before = fitted_preprocessing(train, CLEAN)
    changed = replace(tiny_corpus.table, levelled=tiny_corpus.table.levelled.copy())
    changed.levelled[np.isin(changed.clip, split.test)] += 1e6
    after = fitted_preprocessing(changed.of_clips(split.train), CLEAN)
    np.testing.assert_array_equal(before.population.mean, after.population.mean)
    np.testing.assert_array_equal(before.population.within, after.population.within)
    np.testing.assert_array_equal(before.relevance, after.relevance)


def test_augmented_copies_stay_on_their_clips_side(tiny_corpus: Corpus) -> None:
    for split in actor_folds(tiny_corpus.clips):
        train, test = (tiny_corpus.table.of_clips(side) for side in (split.train, split.test))
        assert set(np.unique(train.copy)) == {0, 1}
        assert not set(train.clip.tolist()) & set(test.clip.tolist())
        assert not set(train.speaker[train.clip].tolist()) & set(test.speaker[test.clip].tolist())


def test_relevance_is_larger_where_emotions_differ(table: Table) -> None:
    changed = replace(table, levelled=table.levelled.copy())
    noise = np.random.default_rng(0).standard_normal(len(changed.levelled))
    changed.levelled[:, 10] = noise
    changed.levelled[:, 11] = table.labels + 0.1 * noise
    relevance = fitted_preprocessing(changed, CLEAN).relevance
    assert relevance[11] > 5 * relevance[10]
    assert np.mean(relevance**2) == pytest.approx(1)


@pytest.mark.parametrize("balance", ["none", "weights", "sampling"])
def test_class_balance_by_weights_or_sampling_makes_emotions_count_alike(
    table: Table, balance: str
) -> None:
    rare = table.of_clips(np.flatnonzero((table.emotion != 0) | (table.speaker == 1)))
    rows = row_maker(rare, replace(CLEAN, balance=balance)).epoch(np.random.default_rng(0))
    mass = np.bincount(rows.targets.argmax(axis=1), rows.weights, minlength=8)
    spread = mass.max() / mass.min()
    assert bool(spread < 1.01) is (balance != "none")


@pytest.mark.parametrize("cold_share", [0.0, 1.0])
def test_sung_clips_weigh_less_and_it_matters_whether_the_voice_is_known(
    table: Table, cold_share: float
) -> None:
    sung = replace(table, is_song=table.speaker == 1)
    recipe = replace(
        CLEAN,
        balance="none",
        song_weight=0.25,
        cold_song_weight=0.5,
        cold_share=cold_share,
        whole_share=0.0,
    )
    rows = row_maker(sung, recipe).epoch(np.random.default_rng(0))
    assert set(np.unique(rows.weights).tolist()) == {0.5 if cold_share else 0.25, 1.0}


def test_a_session_without_a_baseline_has_its_own_share_of_copies(table: Table) -> None:
    recipe = replace(CLEAN, as_is_share=0.0, cold_as_is_share=1.0, cold_share=0.5, whole_share=0.0)
    preprocessing = fitted_preprocessing(table, recipe)
    rows = RowMaker(table, preprocessing, recipe).epoch(np.random.default_rng(0))
    cold = rows.inputs[rows.inputs[:, NOTHING] == rows.inputs[:, NOTHING].min()]
    assert 0 < len(cold) < len(rows.inputs)
    possible = cold_rows(table.rows(table.copy == 0), preprocessing).inputs
    distance = np.abs(cold[:, None] - possible[None]).max(axis=2).min(axis=1)
    assert distance.max() < 1e-4


def test_rows_are_whole_clips_where_no_windows_are_wished(table: Table) -> None:
    recipe = replace(CLEAN, window_share=0.0, cold_share=1.0, whole_share=0.0)
    inputs = row_maker(table, recipe).epoch(np.random.default_rng(0)).inputs
    whole = table.rows(table.is_whole)
    possible = cold_rows(whole, fitted_preprocessing(table, recipe)).inputs
    distance = np.abs(inputs[:, None] - possible[None]).max(axis=2).min(axis=1)
    assert distance.max() < 1e-4


@pytest.mark.parametrize("cold_share", [0.0, 1.0])
def test_targets_lean_on_the_teacher_by_its_share(table: Table, cold_share: float) -> None:
    def teacher(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full((len(inputs), 8), 1 / 8)

    recipe = replace(
        CLEAN,
        teachers=1,
        teacher_share=0.8,
        cold_teacher_share=0.4,
        cold_share=cold_share,
        whole_share=0.0,
    )
    targets = row_maker(table, recipe, teacher).epoch(np.random.default_rng(0)).targets
    share = 0.4 if cold_share else 0.8
    np.testing.assert_allclose(targets.max(axis=1), 1 - share + share / 8, rtol=1e-6)
    np.testing.assert_allclose(targets.min(axis=1), share / 8, rtol=1e-6)


def test_in_noise_the_teacher_hears_the_clean_clip_of_a_known_speaker(table: Table) -> None:
    teacher, heard = teacher_that_keeps_what_it_hears()
    # The second copy stands for noise: the recipe has no clean one beside the first.
    recipe = replace(CLEAN, speeds=(), cold_narrow_share=0.999, cold_share=1.0, whole_share=0.0)
    maker = row_maker(table, recipe, teacher)
    rows = maker.epoch(np.random.default_rng(0))
    told = np.concatenate(heard)
    assert (told[:, NOTHING] > 0).all()
    assert (rows.inputs[:, NOTHING] < 0).all()


def test_the_teacher_hears_no_other_clip_in_place_of_one_that_is_too_short_when_clean(
    table: Table,
) -> None:
    teacher, heard = teacher_that_keeps_what_it_hears()
    recipe = replace(CLEAN, speeds=(), cold_narrow_share=0.999, cold_share=1.0, whole_share=0.0)
    short = table.rows((table.clip != 5) | (table.copy != 0))
    rows = row_maker(short, recipe, teacher).epoch(np.random.default_rng(0))
    told = np.concatenate(heard)
    assert len(told) == len(rows.inputs) == np.unique(table.clip).size
    assert np.count_nonzero(told[:, NOTHING] < 0) == 1


def test_what_is_only_sung_has_a_relevance_of_its_own(table: Table) -> None:
    sung = replace(table, is_song=np.ones_like(table.is_song))
    spoken, of_song = (fitted_preprocessing(one, CLEAN).relevance for one in (table, sung))
    np.testing.assert_array_equal(spoken, of_song)


def test_teachers_hear_clean_copies_where_the_network_itself_hears_none(table: Table) -> None:
    recipe = replace(CLEAN, noise_share=1.0)
    rows = row_maker(table, recipe).epoch(np.random.default_rng(0))
    assert len(rows.inputs) == np.unique(table.clip).size


# The second copy stands for noise: the recipe has no clean one beside the first.
NOISY = replace(CLEAN, speeds=(), noise_share=0.3, cold_share=1.0, whole_share=0.0)


def test_a_session_in_mixed_noise_is_heard_in_noise_and_taught_by_the_clean_clip(
    table: Table,
) -> None:
    teacher, heard = teacher_that_keeps_what_it_hears()
    preprocessing = fitted_preprocessing(table, NOISY)
    maker = RowMaker(table, preprocessing, NOISY, teacher, mixed_noise_share=1.0)
    rows = maker.epoch(np.random.default_rng(0))
    noisy = cold_rows(table.rows(table.copy == 1), preprocessing).inputs
    assert {row.tobytes() for row in rows.inputs} <= {row.tobytes() for row in noisy}
    assert len(rows.inputs) == np.unique(table.clip).size
    assert (np.concatenate(heard)[:, NOTHING] > 0).all()


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.026), (0.5, 0.513)])
def test_mixed_noise_is_beside_what_the_recipe_has(
    table: Table, share: float, expected: float
) -> None:
    preprocessing = fitted_preprocessing(table, NOISY)
    maker = RowMaker(table, preprocessing, NOISY, mixed_noise_share=share)
    clean = cold_rows(table.rows(table.copy == 0), preprocessing).inputs
    known = {row.tobytes() for row in clean}
    rng = np.random.default_rng(0)
    # Of sixteen noisy copies one is there, with a sixteenth of the recipe's .3 against .7.
    inputs = np.concatenate([maker.epoch(rng).inputs for _ in range(100)])
    in_noise = np.mean([row.tobytes() not in known for row in inputs])
    assert in_noise == pytest.approx(expected, abs=0.06)


def test_without_noisy_copies_there_is_no_mixed_noise(table: Table) -> None:
    preprocessing = fitted_preprocessing(table, CLEAN)
    none, mixed = (
        RowMaker(table, preprocessing, CLEAN, mixed_noise_share=share)
        .epoch(np.random.default_rng(0))
        .inputs
        for share in (0.0, 1.0)
    )
    np.testing.assert_array_equal(none, mixed)


def test_where_no_clip_is_heard_in_all_noises_the_recipe_has_the_session(table: Table) -> None:
    recipe = replace(NOISY, noise_share=1e-9)
    # Two noisy copies without a clip in common.
    apart = replace(table, copy=np.where(table.clip % 2, 2 * table.copy, table.copy))
    maker = RowMaker(apart, fitted_preprocessing(apart, recipe), recipe, mixed_noise_share=1.0)
    rows = maker.epoch(np.random.default_rng(0))
    assert len(rows.inputs) == np.unique(table.clip).size
