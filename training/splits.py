"""Which clips train and which test, by three protocols, and proof that nothing leaks.

A split holds positions in a list of clips. Windows and augmented copies go where their clip goes,
so no window of one clip can stand on both sides.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from training.ravdess import Clip, Sex
from training.ravdess_index import content_keys

ACTORS_PER_FOLD = 4
# One tells more of its luck than of the recipe.
RANDOM_SPLITS = 3
_Value = TypeVar("_Value", bound=Hashable)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Split:
    """Positions of the training and test clips.

    Attributes
    ----------
    name : str
        What the split is, for tables.
    train, test : ndarray of int, shape (n,)
        Ascending positions in the list of clips that was split.
    """

    name: str
    train: NDArray[np.intp]
    test: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, slots=True)
class Leakage:
    """What stands on both sides of a split; empty where nothing does.

    Attributes
    ----------
    clips : tuple of str
        Names of clips.
    twins : tuple of str
        Names of clips whose twin, the same sound, stands on the other side.
    actors : tuple of int
        Actors; in a random split these are all of them.
    """

    clips: tuple[str, ...]
    twins: tuple[str, ...]
    actors: tuple[int, ...]


def random_split(clips: Sequence[Clip], *, test_size: float, seed: int) -> Split:
    """Split at random, stratified by emotion; speakers stand on both sides.

    The outcome depends on the set of clips and the seed, not on the order of the list.

    Parameters
    ----------
    clips : sequence of Clip
        Each emotion at least twice.
    test_size : float
        Share of the clips to test on, between 0 and 1.
    seed : int

    Raises
    ------
    DataError
        If there are too few clips for that share of each emotion.
    """
    from sklearn.model_selection import train_test_split

    sounds: dict[Hashable, list[int]] = defaultdict(list)
    keys = content_keys(clips)
    for position in sorted(range(len(clips)), key=lambda i: clips[i].name):
        sounds[keys[position]].append(position)
    groups = list(sounds.values())
    try:
        train, test = train_test_split(
            groups,
            test_size=test_size,
            random_state=seed,
            stratify=[clips[group[0]].emotion for group in groups],
        )
    except ValueError as error:
        raise DataError(
            f"{len(clips)} clips cannot be split at random with test_size {test_size} ({error}): "
            "use more clips of each emotion or a test_size nearer to 0.5."
        ) from error
    return Split(
        name=f"random {100 - 100 * test_size:.0f}/{100 * test_size:.0f}",
        train=_positions(i for group in train for i in group),
        test=_positions(i for group in test for i in group),
    )


def actor_folds(clips: Sequence[Clip], *, actors_per_fold: int = ACTORS_PER_FOLD) -> list[Split]:
    """Split into folds by actor: each actor is tested once, by a model that never heard them.

    Speech and song of an actor stay together. Twenty actors make five folds of two men and two
    women each, 24 make six; other sets make folds whose numbers of actors, men and women differ by
    at most one. The folds depend on the set of actors only.

    Parameters
    ----------
    clips : sequence of Clip
    actors_per_fold : int
        Wished size of a fold; there are at least two folds.

    Returns
    -------
    list of Split

    Raises
    ------
    DataError
        If the clips are of fewer than two actors.
    """
    sexes = {clip.actor: clip.sex for clip in clips}
    if len(sexes) < 2:
        raise DataError(
            f"Clips of {len(sexes)} actor(s) cannot be split by actor: two were needed; "
            "add folders of other actors."
        )
    # Dealt out like cards, the women on from where the men ended, every fold gets its share of
    # each.
    deck = sorted(sexes, key=lambda actor: (sexes[actor] is Sex.FEMALE, actor))
    count = max(2, round(len(deck) / actors_per_fold))
    actors = np.array([clip.actor for clip in clips])
    return [
        _by_mask(f"actors {', '.join(map(str, sorted(held)))}", np.isin(actors, held))
        for held in (deck[first::count] for first in range(count))
    ]


def statement_splits(clips: Sequence[Clip]) -> list[Split]:
    """Train on one statement and test on the other, and back.

    Raises
    ------
    DataError
        If the clips are of one statement only.
    """
    statements = np.array([clip.statement for clip in clips])
    if len(set(statements.tolist())) < 2:
        raise DataError(
            "The clips cannot be split by statement: both statements, 01 and 02, were needed; "
            "add the clips of the other one."
        )
    return [_by_mask(f"statement {tested:02d}", statements == tested) for tested in (2, 1)]


def leakage(clips: Sequence[Clip], split: Split) -> Leakage:
    """Find what stands on both sides of a split.

    Parameters
    ----------
    clips : sequence of Clip
        The list that was split.
    split : Split
    """
    keys = content_keys(clips)
    names = [clip.name for clip in clips]
    shared = _shared(names, split)
    same_sound = _shared(keys, split)
    return Leakage(
        clips=tuple(sorted(shared)),
        twins=tuple(
            sorted(
                name
                for name, key in zip(names, keys, strict=True)
                if key in same_sound and name not in shared
            )
        ),
        actors=tuple(sorted(_shared([clip.actor for clip in clips], split))),
    )


def refuse_leaks(clips: Sequence[Clip], split: Split, *, disjoint_actors: bool) -> None:
    """Raise unless the sides of a split are apart.

    Parameters
    ----------
    clips : sequence of Clip
    split : Split
    disjoint_actors : bool
        Whether an actor on both sides counts as a leak.

    Raises
    ------
    DataError
        If a clip, its twin or (where asked) an actor stands on both sides.
    """
    found = leakage(clips, split)
    leaks: list[str] = [*found.clips, *found.twins]
    if disjoint_actors:
        leaks += [f"actor {actor:02d}" for actor in found.actors]
    if leaks:
        raise DataError(
            f"The split '{split.name}' has {len(leaks)} leak(s), {leaks[0]} first: training and "
            "test clips must be apart; leave each recording one name, or make the split again from "
            "the list of clips it is used on."
        )


def _by_mask(name: str, tested: NDArray[np.bool_]) -> Split:
    return Split(name=name, train=np.flatnonzero(~tested), test=np.flatnonzero(tested))


def _positions(positions: Iterable[int]) -> NDArray[np.intp]:
    return np.array(sorted(positions), dtype=np.intp)


def _shared(values: Sequence[_Value], split: Split) -> set[_Value]:
    sides = ({values[i] for i in side.tolist()} for side in (split.train, split.test))
    return set.intersection(*sides)
