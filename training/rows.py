"""The rows of one epoch: each clip once, in a random copy, under a random speaker baseline.

The clips of one speaker and channel are a session. In each epoch a session is heard in one of
its copies, or in a mixture of the noisy ones, and its speaker is known from a random choice of
clips: from none (a stranger) to all of them. Without a baseline a network may know the voice from
its training, with one it never does: the recipe has other shares for the one than for the other.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.labels import EMOTIONS
from models.preprocess import Preprocessing
from training.population import speakers
from training.recipe import Recipe
from training.table import Table
from training.voice import Voice

Array = NDArray[np.float64]
Teacher = Callable[[NDArray[np.float64]], NDArray[np.float64]]
# How often a speaker's baseline mixes speech and song.
MIXED_SHARE = 0.15


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rows:
    """What a network is fitted on.

    Attributes
    ----------
    inputs : ndarray, shape (n, 193), float32
        Preprocessed vectors.
    targets : ndarray, shape (n, 8), float32
        Probabilities.
    weights : ndarray, shape (n,), float32
        Of each row's loss.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Heard:
    """One session in one epoch."""

    inputs: Array
    clips: NDArray[np.int64]
    taught: Array | None
    cold: bool


class RowMaker:
    """Makes epochs from the training part.

    Parameters
    ----------
    table : Table
        Rows of the training clips only.
    preprocessing : Preprocessing
        Fitted on the same.
    recipe : Recipe
    teacher : callable, optional
        Probabilities, shape (n, 8), of preprocessed vectors, shape (n, 193), that the targets
        lean on. In noise or through a telephone the teacher hears the clean clip instead, where
        that holds enough speech.
    mixed_noise_share : float
        Share of sessions in which each clip is heard in a noisy copy of its own, if there are
        such copies; the recipe has the rest.
    """

    def __init__(
        self,
        table: Table,
        preprocessing: Preprocessing,
        recipe: Recipe,
        teacher: Teacher | None = None,
        *,
        mixed_noise_share: float = 0.0,
    ) -> None:
        self._recipe = recipe
        self._emotion = table.emotion
        self._is_song = table.is_song
        self._preprocessing = preprocessing
        self._teacher = teacher
        self._clean_copies = len(recipe.clean_copies())
        copies = np.unique(table.copy)
        self._copies = copies
        self._noisy = [copy for copy in recipe.noisy_copies() if copy in copies]
        self._mixed_share = mixed_noise_share if self._noisy else 0.0
        self._shares = {cold: _shares(recipe, copies, cold=cold) for cold in (False, True)}
        self._voices = [
            {copy: Voice.of(table, own[table.copy[own] == copy]) for copy in copies.tolist()}
            for own in (np.flatnonzero(np.isin(table.clip, clips)) for clips in speakers(table))
        ]

    def epoch(self, rng: np.random.Generator) -> Rows:
        """Rows in random order; another draw each time."""
        heard = [
            one
            for voice in self._voices
            for is_song in (False, True)
            if (one := self._session(voice, rng, is_song=is_song)) is not None
        ]
        clips = np.concatenate([one.clips for one in heard])
        labels = self._emotion[clips]
        order = rng.permutation(clips.size)
        if self._recipe.balance == "sampling":
            order = _balanced(labels, rng)
        cold = np.repeat([one.cold for one in heard], [one.clips.size for one in heard])
        song_weight = np.where(cold, self._recipe.cold_song_weight, self._recipe.song_weight)
        weights = np.where(self._is_song[clips], song_weight, 1.0)
        if self._recipe.balance == "weights":
            weights = weights * _rarity(labels)[labels]
        inputs = np.concatenate([one.inputs for one in heard])
        targets = self._targets(labels, cold, [one.taught for one in heard])
        return Rows(
            inputs=inputs[order].astype(np.float32),
            targets=targets[order].astype(np.float32),
            weights=weights[order].astype(np.float32),
        )

    def _targets(
        self, labels: NDArray[np.int64], cold: NDArray[np.bool_], taught: list[Array | None]
    ) -> Array:
        certain = np.eye(len(EMOTIONS))[labels]
        lessons = [one for one in taught if one is not None]
        if lessons:
            recipe = self._recipe
            share = np.where(cold, recipe.cold_teacher_share, recipe.teacher_share)[:, None]
            mixed: Array = (1 - share) * certain + share * np.concatenate(lessons)
            return mixed
        smoothing = self._recipe.label_smoothing
        smooth: Array = (1 - smoothing) * certain + smoothing / len(EMOTIONS)
        return smooth

    def _session(
        self, voice: dict[int, Voice], rng: np.random.Generator, *, is_song: bool
    ) -> _Heard | None:
        cold = bool(rng.random() < self._recipe.cold_share)
        heard, is_clean = self._heard_in(voice, rng, cold=cold)
        chosen = np.flatnonzero(self._is_song[heard.clips] == is_song)
        if not chosen.size:
            return None
        members = np.zeros(heard.clips.size, np.bool_)
        if not cold:
            members[self._known(heard.clips.size, chosen, rng)] = True
        baseline = heard.moments.baseline(members)
        levelled = heard.choose(chosen, self._recipe.window_share, rng)
        inputs = self._preprocessing.standardised(levelled, baseline)
        clips = heard.clips[chosen].astype(np.int64)
        taught = self._taught(inputs, clips, None if is_clean else voice[0])
        return _Heard(inputs=inputs, clips=clips, taught=taught, cold=cold)

    def _heard_in(
        self, voice: dict[int, Voice], rng: np.random.Generator, *, cold: bool
    ) -> tuple[Voice, bool]:
        """The voice in one copy or in a mixture of the noisy ones, and whether it is clean."""
        if self._mixed_share and rng.random() < self._mixed_share:
            mixed = Voice.mixed([voice[copy] for copy in self._noisy], rng)
            if mixed.clips.size:  # of a few soft clips, none may be heard in all noises
                return mixed, False
        copy = int(rng.choice(self._copies, p=self._shares[cold]))
        return voice[copy], copy < self._clean_copies

    def _known(
        self, clips: int, chosen: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.intp]:
        """Which of a speaker's clips the session's baseline has heard."""
        pool = np.arange(clips) if rng.random() < MIXED_SHARE else chosen
        whole = self._recipe.whole_share / (1 - self._recipe.cold_share)
        if rng.random() < whole:
            return pool
        count = int(np.exp(rng.uniform(0, np.log(pool.size)))) if pool.size > 1 else 1
        return rng.permutation(pool)[:count]

    def _taught(self, inputs: Array, clips: NDArray[np.int64], clean: Voice | None) -> Array | None:
        """What the teacher says to the inputs, or to the same clips of a clean voice."""
        if self._teacher is None:
            return None
        if clean is None:
            return self._teacher(inputs)
        # A room's echo can make a window of a clip that is too short for one as it is.
        there = np.isin(clips, clean.clips)
        taught = np.empty((clips.size, len(EMOTIONS)))
        if not there.all():
            taught[~there] = self._teacher(inputs[~there])
        if there.any():
            chosen = np.searchsorted(clean.clips, clips[there])
            members = np.zeros(clean.clips.size, np.bool_)
            members[chosen] = True
            known: SpeakerBaseline = clean.moments.baseline(members)
            whole = self._preprocessing.standardised(clean.whole(chosen), known)
            taught[there] = self._teacher(whole)
        return taught


def cold_rows(table: Table, preprocessing: Preprocessing) -> Rows:
    """Rows of a table as they are, without a baseline, for judging."""
    levelled = table.levelled.astype(np.float64)
    inputs = preprocessing.standardised(levelled, SpeakerBaseline())
    return Rows(
        inputs=inputs.astype(np.float32),
        targets=np.eye(len(EMOTIONS), dtype=np.float32)[table.labels],
        weights=np.ones(len(levelled), np.float32),
    )


def _shares(recipe: Recipe, copies: NDArray[np.int32], *, cold: bool) -> Array:
    """How often each of the copies that are there is heard; sum 1."""
    shares = np.array(recipe.copy_shares(cold=cold))[copies]
    if not shares.any():
        shares = np.ones(copies.size)  # teachers hear clean copies, of which there may be no share
    found: Array = shares / shares.sum()
    return found


def _rarity(labels: NDArray[np.int64]) -> Array:
    """Weight of each emotion that makes all those present count alike, mean 1 over the rows."""
    counts = np.bincount(labels, minlength=len(EMOTIONS))
    present = np.count_nonzero(counts)
    rarity: Array = labels.size / (present * np.maximum(counts, 1))
    return rarity


def _balanced(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw rows so that every emotion present comes equally often, as many rows as before."""
    present = np.unique(labels)
    each = -(-labels.size // present.size)
    drawn = [rng.choice(np.flatnonzero(labels == one), each) for one in present]
    order: NDArray[np.intp] = rng.permutation(np.concatenate(drawn))
    return order
