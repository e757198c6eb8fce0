"""Laws of the three protocols: complete, disjoint, balanced, deterministic, without leaks."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import DataError
from training.ravdess import ACTORS, Clip, Sex, official_names, parse
from training.splits import (
    Split,
    actor_folds,
    leakage,
    random_split,
    refuse_leaks,
    statement_splits,
)

CORPUS = [parse(Path(name)) for name in official_names()]
TWENTY = [clip for clip in CORPUS if clip.actor <= 20]
FEW = [clip for clip in CORPUS if clip.repetition == 1 and clip.emotion == "happy"]
TWINS = {"03-01-03-01-02-01-07", "03-01-03-01-02-02-07"}

actor_sets = st.sets(st.sampled_from(ACTORS), min_size=2)
seeds = st.integers(0, 2**32 - 1)


def of_actors(actors: set[int], clips: Sequence[Clip] = CORPUS) -> list[Clip]:
    return [clip for clip in clips if clip.actor in actors]


def names(clips: Sequence[Clip], positions: NDArray[np.intp]) -> set[str]:
    return {clips[i].name for i in positions}


def assert_complete(clips: Sequence[Clip], split: Split) -> None:
    assert sorted([*split.train, *split.test]) == list(range(len(clips)))
    assert len(split.train)
    assert len(split.test)


@settings(max_examples=12)
@given(actor_sets, seeds, st.floats(0.1, 0.9))
def test_random_split_is_complete_stratified_and_keeps_twins_together(
    actors: set[int], seed: int, test_size: float
) -> None:
    clips = of_actors(actors)
    split = random_split(clips, test_size=test_size, seed=seed)
    assert_complete(clips, split)
    found = leakage(clips, split)
    assert (found.clips, found.twins) == ((), ())
    wanted = Counter(clip.emotion for clip in clips)
    tested = Counter(clips[i].emotion for i in split.test)
    # One clip for rounding and one for the twin that comes along.
    assert all(abs(tested[e] - test_size * wanted[e]) <= 2 for e in wanted)
    refuse_leaks(clips, split, disjoint_actors=False)


@settings(max_examples=10)
@given(seeds, st.integers(0, 99))
def test_random_split_depends_on_seed_and_clips_and_not_on_their_order(
    seed: int, order: int
) -> None:
    shuffled = sorted(TWENTY, key=lambda clip: crc32(f"{order} {clip.name}".encode()))
    first = random_split(TWENTY, test_size=0.3, seed=seed)
    second = random_split(shuffled, test_size=0.3, seed=seed)
    assert names(TWENTY, first.test) == names(shuffled, second.test)
    other = random_split(TWENTY, test_size=0.3, seed=seed ^ 1)
    assert names(TWENTY, first.test) != names(TWENTY, other.test)


def test_random_split_is_named_by_its_shares() -> None:
    assert random_split(TWENTY, test_size=0.3, seed=1).name == "random 70/30"


@pytest.mark.parametrize("test_size", [0.0, 1.0, 1.5, -0.3, 0.9999])
def test_random_split_of_an_impossible_share_is_refused(test_size: float) -> None:
    with pytest.raises(DataError, match="cannot be split at random"):
        random_split(TWENTY, test_size=test_size, seed=0)
    with pytest.raises(DataError, match="cannot be split at random"):
        random_split(TWENTY[:1], test_size=0.3, seed=0)


@pytest.mark.parametrize(("last", "folds"), [(20, 5), (24, 6), (16, 4)])
def test_folds_have_two_men_and_two_women(last: int, folds: int) -> None:
    clips = of_actors(set(range(1, last + 1)))
    splits = actor_folds(clips)
    assert len(splits) == folds
    for split in splits:
        tested = {clips[i].actor: clips[i].sex for i in split.test}
        assert Counter(tested.values()) == {Sex.MALE: 2, Sex.FEMALE: 2}


@pytest.mark.parametrize(("last", "folds"), [(21, 5), (22, 6), (23, 6)])
def test_there_are_as_many_folds_as_come_nearest_to_four_actors_in_each(
    last: int, folds: int
) -> None:
    assert len(actor_folds(of_actors(set(range(1, last + 1)), FEW))) == folds


@settings(max_examples=20)
@given(actor_sets, st.integers(1, 6))
def test_every_actor_is_tested_once_and_never_trained_on_then(
    actors: set[int], actors_per_fold: int
) -> None:
    clips = of_actors(actors, FEW)
    splits = actor_folds(clips, actors_per_fold=actors_per_fold)
    tested: list[int] = []
    sizes: list[tuple[int, int, int]] = []
    for split in splits:
        assert_complete(clips, split)
        refuse_leaks(clips, split, disjoint_actors=True)
        held = {clips[i].actor for i in split.test}
        men = sum(actor % 2 for actor in held)
        sizes.append((len(held), men, len(held) - men))
        tested += held
    assert sorted(tested) == sorted(actors)
    assert all(max(column) - min(column) <= 1 for column in zip(*sizes, strict=True))


@settings(max_examples=10)
@given(st.integers(0, 99))
def test_folds_depend_on_the_set_of_actors_only(order: int) -> None:
    shuffled = sorted(TWENTY, key=lambda clip: crc32(f"{order} {clip.name}".encode()))
    speech = [clip for clip in TWENTY if clip.channel == "speech"]
    wanted = [split.name for split in actor_folds(TWENTY)]
    assert [split.name for split in actor_folds(shuffled)] == wanted
    assert [split.name for split in actor_folds(speech)] == wanted


def test_folds_of_one_actor_are_refused() -> None:
    with pytest.raises(DataError, match="two were needed"):
        actor_folds(of_actors({3}))
    with pytest.raises(DataError, match="0 actor"):
        actor_folds([])


def test_statements_are_trained_on_and_tested_in_turn() -> None:
    there, back = statement_splits(TWENTY)
    assert {TWENTY[i].statement for i in there.train} == {1}
    assert {TWENTY[i].statement for i in there.test} == {2}
    assert there.train.tolist() == back.test.tolist()
    assert there.test.tolist() == back.train.tolist()
    for split in (there, back):
        assert_complete(TWENTY, split)
        refuse_leaks(TWENTY, split, disjoint_actors=False)
    with pytest.raises(DataError, match="both statements"):
        statement_splits([clip for clip in TWENTY if clip.statement == 1])


def test_leaks_are_found_and_refused() -> None:
    clips = [clip for clip in TWENTY if clip.name in TWINS]
    apart = Split(name="apart", train=np.array([0]), test=np.array([1]))
    assert leakage(clips, apart).twins == tuple(sorted(TWINS))
    assert leakage(clips, apart).clips == ()
    assert leakage(clips, apart).actors == (7,)
    with pytest.raises(DataError, match=r"2 leak.*03-01-03-01-02-01-07"):
        refuse_leaks(clips, apart, disjoint_actors=False)
    twice = Split(name="twice", train=np.array([0]), test=np.array([0]))
    assert leakage(clips, twice).clips == ("03-01-03-01-02-01-07",)
    with pytest.raises(DataError, match="1 leak"):
        refuse_leaks(clips[:1], twice, disjoint_actors=False)
    others = of_actors({3})
    halves = Split(name="one actor", train=np.arange(5), test=np.arange(5, len(others)))
    refuse_leaks(others, halves, disjoint_actors=False)
    with pytest.raises(DataError, match="actor 03"):
        refuse_leaks(others, halves, disjoint_actors=True)
