"""Training: seeded to the bit, no leak, and models that can be trained further."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.bundle import load_bundle
from models.errors import DataError
from models.network import Network, softmax
from tests.training.clean_recipe import CLEAN
from training.ann import BLOCK_EPOCHS, KerasModel, build
from training.config import NetworkSettings, TrainingSettings
from training.corpus import Corpus
from training.fit import Trained, held_out_verdicts, train
from training.fitted import Curves, cosine_rate, whole_batches
from training.mlp import SEED_STEP, SklearnModel, dropped_out, fit_mlp
from training.protocols import Trainer, _calibration
from training.ravdess import Channel
from training.release import release
from training.rows import Rows
from training.splits import RANDOM_SPLITS, Split, actor_folds
from training.table import Table

KINDS = ("ann", "mlp")


def inputs(count: int = 40) -> Any:
    return np.random.default_rng(0).standard_normal((count, 193)).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bits(
    kind: str, tiny_corpus: Corpus, tiny_settings: TrainingSettings
) -> None:
    one, two = (train(kind, tiny_corpus.table, tiny_settings) for _ in range(2))
    for first, second in zip(one.model.network().layers, two.model.network().layers, strict=True):
        np.testing.assert_array_equal(first.weight, second.weight)
        np.testing.assert_array_equal(first.bias, second.bias)
    assert one.curves == two.curves


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_is_trained_in_as_much_mixed_noise_as_it_is_set(
    kind: str, tiny_corpus: Corpus, tiny_settings: TrainingSettings
) -> None:
    # The copy at another speed stands for noise.
    settings = replace(tiny_settings, recipe=replace(CLEAN, speeds=(), noise_share=0.1))
    noisy = {one: replace(settings.network(one), mixed_noise_share=1.0) for one in KINDS}
    other = "mlp" if kind == "ann" else "ann"
    without, untouched, mixed = (
        train(kind, tiny_corpus.table, one).model.network().layers[0].weight
        for one in (
            settings,
            replace(settings, **{other: noisy[other]}),  # type: ignore[arg-type]
            replace(settings, **{kind: noisy[kind]}),  # type: ignore[arg-type]
        )
    )
    np.testing.assert_array_equal(without, untouched)
    assert not np.array_equal(without, mixed)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls_and_the_curves_are_full(
    kind: str, tiny_corpus: Corpus, tiny_settings: TrainingSettings
) -> None:
    split = actor_folds(tiny_corpus.clips)[0]
    held_out = tiny_corpus.table.of_clips(split.test)
    held_out = held_out.rows((held_out.copy == 0) & held_out.is_whole)
    train_part = tiny_corpus.table.of_clips(split.train)
    epochs = 20
    longer = replace(tiny_settings.network(kind), epochs=epochs)
    settings = (
        replace(tiny_settings, ann=longer) if kind == "ann" else replace(tiny_settings, mlp=longer)
    )
    curves: Curves = train(kind, train_part, settings, held_out=held_out).curves
    points = epochs // BLOCK_EPOCHS if kind == "ann" else epochs
    assert len(curves.loss) == len(curves.held_out_loss) == len(curves.held_out_accuracy) == points
    assert curves.loss[-1] < curves.loss[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_framework_and_plain_numpy_agree(kind: str, tiny_bundles: Path) -> None:
    folder = tiny_bundles / kind
    loaded: KerasModel | SklearnModel
    if kind == "ann":
        loaded = KerasModel.load(folder / "model.keras")
    else:
        loaded = SklearnModel.load(folder / "model.pkl")
    expected = softmax(load_bundle(folder).network.logits(inputs()))
    np.testing.assert_allclose(loaded.probabilities(inputs()), expected, atol=1e-5)


def test_members_answer_as_their_mean(tiny_settings: TrainingSettings) -> None:
    def rows(rng: np.random.Generator) -> Rows:
        return Rows(
            inputs=rng.standard_normal((64, 193)).astype(np.float32),
            targets=rng.dirichlet(np.ones(8), 64).astype(np.float32),
            weights=np.ones(64, np.float32),
        )

    together = replace(tiny_settings.mlp, hidden_layer_shape=(12,), members=3)
    alone = replace(together, hidden_layer_shape=(4,), members=1)
    joined = fit_mlp(rows, together, seed=5, held_out=rows(np.random.default_rng(1)))
    members = [fit_mlp(rows, alone, seed=5 + SEED_STEP * i) for i in range(3)]
    expected = np.mean([each.model.network().logits(inputs()) for each in members], axis=0)
    np.testing.assert_allclose(joined.model.network().logits(inputs()), expected, atol=1e-5)
    np.testing.assert_allclose(
        joined.curves.loss, np.mean([each.curves.loss for each in members], axis=0)
    )
    assert len(joined.curves.held_out_loss) == together.epochs


def test_the_same_model_is_the_same_file(
    tiny_corpus: Corpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    content = []
    for _ in range(2):
        train("ann", tiny_corpus.table, tiny_settings).model.save(tmp_path / "model.keras")
        content.append((tmp_path / "model.keras").read_bytes())
    assert content[0] == content[1]


def test_a_saved_keras_model_can_be_trained_further(tiny_bundles: Path) -> None:
    model = KerasModel.load(tiny_bundles / "ann" / "model.keras").model
    targets = np.eye(8, dtype=np.float32)[np.arange(40) % 8]
    history = model.fit(inputs(), targets, epochs=30, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_a_saved_mlp_can_be_trained_further(tiny_bundles: Path) -> None:
    content = (tiny_bundles / "mlp" / "model.pkl").read_bytes()
    labels = np.arange(40) % 8
    partial = pickle.loads(content)  # noqa: S301 - made by this very test run
    assert type(partial).__module__.startswith("sklearn.")
    before = partial.coefs_[0].copy()
    losses = []
    for _ in range(30):
        partial.partial_fit(inputs(), labels)
        losses.append(partial.loss_)
    assert losses[-1] < losses[0]
    assert not np.array_equal(before, partial.coefs_[0])
    warm = pickle.loads(content)  # noqa: S301 - made by this very test run
    warm.set_params(warm_start=True, max_iter=2, batch_size=20)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        warm.fit(inputs(), labels)
    assert np.abs(warm.coefs_[0] - before).max() < 0.1


def test_a_split_that_leaks_an_actor_is_refused(
    tiny_corpus: Corpus, tiny_settings: TrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = np.arange(len(tiny_corpus.clips))
    leaking = Split(name="leaking", train=every[::2], test=every[1::2])
    monkeypatch.setattr("training.protocols.actor_folds", lambda _: [leaking])
    trainer = Trainer(kind="mlp", corpus=tiny_corpus, settings=tiny_settings, say=lambda _: None)
    with pytest.raises(DataError, match="leak"):
        trainer.actor_folds()


def silent(corpus: Corpus, actors: tuple[int, ...]) -> Corpus:
    heard = ~np.isin(corpus.table.speaker[corpus.table.clip], actors)
    return replace(corpus, table=corpus.table.rows(heard))


def silent_as_they_are(corpus: Corpus, actors: tuple[int, ...]) -> Corpus:
    """Of these actors something is heard at another speed only."""
    table = corpus.table
    heard = ~np.isin(table.speaker[table.clip], actors) | (table.copy != 0)
    return replace(corpus, table=table.rows(heard))


def with_one_name_too_many(corpus: Corpus) -> Corpus:
    """Actor 3 has a clip that is the very file of one of actor 1."""
    path = next(clip.path for clip in corpus.clips if clip.actor == 1)
    place = next(i for i, clip in enumerate(corpus.clips) if clip.actor == 3)
    clips = list(corpus.clips)
    clips[place] = replace(clips[place], path=path)
    return replace(corpus, clips=tuple(clips))


def of_one_surprise(corpus: Corpus) -> Corpus:
    places = [i for i, clip in enumerate(corpus.clips) if clip.emotion == "surprised"]
    clips = [
        replace(clip, emotion=corpus.clips[0].emotion) if i in places[1:] else clip
        for i, clip in enumerate(corpus.clips)
    ]
    return replace(corpus, clips=tuple(clips))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda corpus: silent(corpus, (1, 2)), r"'actors 1, 2' would test on 32 .* heard\.$"),
        (lambda corpus: silent(corpus, (3, 4)), r"'actors 1, 2' would train on 32 .* heard\.$"),
        (lambda corpus: silent_as_they_are(corpus, (1, 2)), r"'actors 1, 2' would test on 32 "),
        (with_one_name_too_many, r"'actors 1, 2' has 2 leak.* each recording one name"),
        (of_one_surprise, "64 clips cannot be split at random"),
    ],
)
def test_a_corpus_that_cannot_be_judged_is_told_before_anything_is_trained(
    change: Callable[[Corpus], Corpus],
    sentence: str,
    tiny_corpus: Corpus,
    tiny_settings: TrainingSettings,
    tmp_path: Path,
) -> None:
    said: list[str] = []
    with pytest.raises(DataError, match=sentence):
        release("mlp", change(tiny_corpus), tiny_settings, tmp_path, say=said.append)
    assert not said


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """Clips that each model was trained on, in the order of training."""
    clips: list[set[int]] = []

    def spied(kind: str, table: Table, *given: Any, **named: Any) -> Trained:
        clips.append(set(table.clip.tolist()))
        return train(kind, table, *given, **named)

    monkeypatch.setattr("training.protocols.train", spied)
    monkeypatch.setattr("training.release.train", spied)
    return clips


def test_no_fold_learns_from_what_it_is_judged_on_nor_is_calibrated_on_it(
    tiny_corpus: Corpus, tiny_settings: TrainingSettings, learnt: list[set[int]]
) -> None:
    trainer = Trainer(kind="mlp", corpus=tiny_corpus, settings=tiny_settings, say=lambda _: None)
    folds = trainer.actor_folds()
    trainer.random(folds.calibration)
    splits = actor_folds(tiny_corpus.clips)
    assert learnt[: len(splits)] == [set(split.train.tolist()) for split in splits]
    assert all(len(clips) < 0.71 * len(tiny_corpus.clips) for clips in learnt[len(splits) :])
    parts = folds.protocol.parts
    verdicts = [
        held_out_verdicts(part.judge, tiny_corpus.table.of_clips(split.test))
        for part, split in zip(parts, splits, strict=True)
    ]
    for number, part in enumerate(parts):
        others = verdicts[:number] + verdicts[number + 1 :]
        assert part.calibration == _calibration(others)
        assert part.calibration != folds.calibration
    assert folds.calibration == _calibration(verdicts)


def test_temperatures_are_fitted_on_speech_where_there_is_some(
    tiny_corpus: Corpus, tiny_settings: TrainingSettings
) -> None:
    is_song = np.array([clip.statement == 2 for clip in tiny_corpus.clips])
    table = replace(tiny_corpus.table, is_song=is_song)
    half_sung = replace(tiny_corpus, table=table)
    folds = Trainer(
        kind="mlp", corpus=half_sung, settings=tiny_settings, say=lambda _: None
    ).actor_folds()
    spoken, all_clips = (
        _calibration([held_out_verdicts(part.judge, table.of_clips(clips)) for part, clips in of])
        for of in (
            [(part, part.unheard[~is_song[part.unheard]]) for part in folds.protocol.parts],
            [(part, part.unheard) for part in folds.protocol.parts],
        )
    )
    assert folds.calibration == spoken != all_clips


def test_each_random_split_is_another(tiny_corpus: Corpus, tiny_settings: TrainingSettings) -> None:
    trainer = Trainer(kind="mlp", corpus=tiny_corpus, settings=tiny_settings, say=lambda _: None)
    splits = trainer._random_splits()
    assert len({tuple(split.test.tolist()) for split in splits}) == len(splits) == RANDOM_SPLITS


def test_what_is_released_has_learnt_from_all_clips(
    tiny_corpus: Corpus, tiny_settings: TrainingSettings, tmp_path: Path, learnt: list[set[int]]
) -> None:
    release("mlp", tiny_corpus, tiny_settings, tmp_path, say=lambda _: None)
    assert learnt[-1] == set(range(len(tiny_corpus.clips)))


def test_song_alone_can_be_learnt(
    tiny_corpus: Corpus, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    clips = tuple(replace(clip, channel=Channel.SONG) for clip in tiny_corpus.clips)
    table = replace(tiny_corpus.table, is_song=np.ones_like(tiny_corpus.table.is_song))
    sung = replace(tiny_corpus, clips=clips, table=table)
    release("mlp", sung, tiny_settings, tmp_path, say=lambda _: None)
    assert load_bundle(tmp_path).kind == "mlp"


PENALTY = 0.5
HELD = NetworkSettings(
    hidden_layer_shape=(6,), batch_size=64, epochs=1, learning_rate=1e-7, weight_decay=PENALTY
)


def half_of_the_squares(network: Network) -> float:
    return float(sum(np.sum(layer.weight**2) for layer in network.layers)) / 2


def test_the_penalty_of_a_batch_is_half_the_squares_of_the_weights() -> None:
    def rows(_: np.random.Generator) -> Rows:
        return Rows(
            inputs=inputs(64),
            targets=np.eye(8, dtype=np.float32)[np.arange(64) % 8],
            weights=np.ones(64, np.float32),
        )

    held, free = (
        fit_mlp(rows, replace(HELD, weight_decay=penalty), seed=3) for penalty in (PENALTY, 0.0)
    )
    added = held.curves.loss[0] - free.curves.loss[0]
    assert added == pytest.approx(PENALTY * half_of_the_squares(free.model.network()), rel=1e-3)


def test_the_keras_model_adds_half_the_squares_of_its_weights_too() -> None:
    model = build(HELD)
    added = float(sum(model.losses))
    assert added == pytest.approx(PENALTY * half_of_the_squares(KerasModel(model).network()))


def test_the_keras_model_leaves_out_inputs_and_units_of_its_first_layer() -> None:
    settings = NetworkSettings(hidden_layer_shape=(6, 5), input_dropout=0.2, dropout=0.4)
    layers = build(settings).layers
    assert [getattr(layer, "rate", layer.name.split("_")[0]) for layer in layers] == [
        *(0.2, "dense", 0.4, "dense", "dense"),
    ]


def test_the_rate_falls_from_start_to_zero() -> None:
    rates = [cosine_rate(0.1, epoch, 10) for epoch in range(11)]
    assert rates[0] == 0.1
    assert rates[-1] == pytest.approx(0)
    assert (np.diff(rates) < 0).all()


def test_dropout_keeps_the_mean() -> None:
    values = np.ones((400, 193), np.float32)
    kept = dropped_out(values, 0.3, np.random.default_rng(0))
    assert kept.mean() == pytest.approx(1, abs=0.02)
    assert (kept == 0).mean() == pytest.approx(0.3, abs=0.02)
    assert dropped_out(values, 0.0, np.random.default_rng(0)) is values


@pytest.mark.parametrize(("rows", "kept"), [(130, 128), (64, 64), (10, 10)])
def test_batches_are_whole(rows: int, kept: int) -> None:
    given = Rows(
        inputs=inputs(rows),
        targets=np.zeros((rows, 8), np.float32),
        weights=np.ones(rows, np.float32),
    )
    assert len(whole_batches(given, 64).inputs) == kept
