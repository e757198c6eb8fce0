"""The rows of one epoch: windows of live length, under a random channel and a random baseline.

Every epoch each speaker has a session per copy: one gain and one equaliser for all of it, as one
microphone would give. A constant channel shifts the log mel block by a curve and the MFCC by that
curve's cosine transform, so it costs no new features. Each row then gets a baseline made from a
random choice of the session's other clips: from none (a stranger) to all of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.baseline import blend
from models.feature_table import FEATURE_COUNT, SIZES, SPANS
from models.labels import EMOTIONS
from models.preprocess import Preprocessing, handle_level
from training.recipe import Recipe
from training.table import Table

Array = NDArray[np.float64]
STATISTICS_EPOCHS = 3
MOST_PARTIAL_CLIPS = 32
LONGEST_WINDOW_S = 3.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rows:
    """What a network is fitted on.

    Attributes
    ----------
    inputs : ndarray, shape (n, 193), float32
        Preprocessed vectors.
    targets : ndarray, shape (n, 8), float32
        Probabilities.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.float32]


class _Session:
    """The rows of one speaker in one copy, sorted by clip and length for quick choice."""

    def __init__(self, table: Table) -> None:
        order = np.lexsort((table.window_s, table.clip))
        self.table = table.rows(order)
        self.whole = np.flatnonzero(self.table.is_whole)
        self.clips = self.table.clip[self.whole]
        self.evidence = self.table.active_s[self.whole] / LONGEST_WINDOW_S
        lengths, length = np.unique(self.table.window_s, return_inverse=True)
        counts = np.zeros((self.clips.size, lengths.size), np.intp)
        np.add.at(counts, (np.searchsorted(self.clips, self.table.clip), length), 1)
        self._counts = counts
        self._starts = (np.cumsum(counts) - counts.ravel()).reshape(counts.shape)

    def choose(self, clips: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
        """A random window of each clip (positions in `clips`): first its length, then its place."""
        wish = rng.random((clips.size, self._counts.shape[1]))
        length = np.where(self._counts[clips] > 0, wish, -1).argmax(axis=1)
        place = (rng.random(clips.size) * self._counts[clips, length]).astype(np.intp)
        rows: NDArray[np.intp] = self._starts[clips, length] + place
        return rows


class RowMaker:
    """Makes epochs from the training part, and the preprocessing that belongs to them.

    Parameters
    ----------
    table : Table
        Rows of the training clips only.
    recipe : Recipe
    dct : ndarray, shape (40, 128)
        From mel decibels to MFCC, for the equaliser.
    rng : Generator
        For the statistics of the scaler.
    """

    def __init__(self, table: Table, recipe: Recipe, dct: Array, rng: np.random.Generator) -> None:
        self._recipe = recipe
        self._dct = dct
        self._labels = table.emotion
        table = table.rows(table.is_live | table.is_whole)
        self._sessions = [
            _Session(table.rows((table.speaker[table.clip] == speaker) & (table.copy == copy)))
            for speaker in np.unique(table.speaker[table.clip]).tolist()
            for copy in np.unique(table.copy).tolist()
        ]
        self._shares = _emotion_shares(table, recipe.balance)
        self.preprocessing = self._preprocessing(table, rng)

    def _preprocessing(self, table: Table, rng: np.random.Generator) -> Preprocessing:
        clean = table.rows((table.copy == 0) & table.is_whole).logged.astype(np.float64)
        levelled = self._levelled(clean)
        population = Preprocessing(
            mel_level_kept=self._recipe.mel_level_kept,
            mfcc_level_kept=self._recipe.mfcc_level_kept,
            prior_weight=self._recipe.prior_weight,
            population_mean=levelled.mean(axis=0),
            population_scale=np.maximum(levelled.std(axis=0), 1e-6),
            scaler_mean=np.zeros(FEATURE_COUNT),
            scaler_scale=np.ones(FEATURE_COUNT),
        )
        self.preprocessing = population
        seen = np.concatenate([self.epoch(rng).inputs for _ in range(STATISTICS_EPOCHS)])
        return Preprocessing(
            mel_level_kept=population.mel_level_kept,
            mfcc_level_kept=population.mfcc_level_kept,
            prior_weight=population.prior_weight,
            population_mean=population.population_mean,
            population_scale=population.population_scale,
            scaler_mean=seen.mean(axis=0, dtype=np.float64),
            scaler_scale=np.maximum(seen.std(axis=0, dtype=np.float64), 1e-6),
        )

    def epoch(self, rng: np.random.Generator) -> Rows:
        """Rows in random order; another draw each time."""
        parts = [self._session_rows(session, rng) for session in self._sessions]
        inputs = np.concatenate([inputs for inputs, _ in parts])
        labels = np.concatenate([labels for _, labels in parts])
        order = rng.permutation(len(labels))
        if self._recipe.balance == "sampling":
            order = _balanced(labels, rng)
        targets = np.eye(len(EMOTIONS))[labels[order]]
        smoothing = self._recipe.label_smoothing
        targets = (1 - smoothing) * targets + smoothing / len(EMOTIONS)
        return Rows(
            inputs=inputs[order].astype(np.float32),
            targets=targets.astype(np.float32),
        )

    def cold_rows(self, table: Table) -> Rows:
        """Rows of a table as they are, without baseline or channel, for judging."""
        levelled = self._levelled(table.logged.astype(np.float64))
        none = np.zeros((len(levelled), 1))
        inputs = standardised_many(levelled, none, levelled[:1], self.preprocessing)
        targets = np.eye(len(EMOTIONS), dtype=np.float32)[table.labels]
        return Rows(inputs=inputs.astype(np.float32), targets=targets)

    def row_weights(self, rows: Rows) -> NDArray[np.float32]:
        """Weight of each row's loss, shape (n,), mean about 1."""
        of_emotion = 1 / (self._shares * len(EMOTIONS))
        weights: NDArray[np.float32] = of_emotion[rows.targets.argmax(axis=1)].astype(np.float32)
        return weights

    def _levelled(self, logged: Array) -> Array:
        return handle_level(logged, self._recipe.mel_level_kept, self._recipe.mfcc_level_kept)

    def _session_rows(
        self, session: _Session, rng: np.random.Generator
    ) -> tuple[Array, NDArray[np.int64]]:
        channel = self._channel(rng)
        own = np.repeat(np.arange(session.clips.size), self._recipe.rows_per_copy)
        chosen = session.choose(own, rng)
        levelled = self._levelled(session.table.logged[chosen] + channel)
        known = self._levelled(session.table.logged[session.whole] + channel)
        members = self._members(own, session.clips.size, rng) * session.evidence
        inputs = standardised_many(levelled, members, known, self.preprocessing)
        return inputs, self._labels[session.table.clip[chosen]]

    def _channel(self, rng: np.random.Generator) -> Array:
        """What one session's gain and equaliser add to a log vector, shape (193,)."""
        position = np.linspace(-0.5, 0.5, SIZES["mel"])
        bend = 2 * (position**2 - 1 / 12)
        gain, tilt, curvature = rng.normal(size=3)
        curve = self._recipe.gain_db * gain + self._recipe.tilt_db * (
            tilt * position + curvature * bend
        )
        shift = np.zeros(FEATURE_COUNT)
        shift[SPANS["mel"]] = curve
        shift[SPANS["mfcc"]] = self._dct @ curve
        return shift

    def _members(self, own: NDArray[np.intp], clips: int, rng: np.random.Generator) -> Array:
        """Which clips each row's baseline is made from, shape (rows, clips), 0 or 1."""
        kind = rng.random(own.size)
        most = min(MOST_PARTIAL_CLIPS, max(1, clips - 1))
        count = np.exp(rng.uniform(0, np.log(most + 1), own.size)).astype(int)
        rank = rng.random((own.size, clips)).argsort(axis=1).argsort(axis=1)
        members = rank < count[:, None]
        members[np.arange(own.size), own] = False
        members[kind < self._recipe.cold_share] = False
        members[kind >= 1 - self._recipe.whole_share] = True
        return members.astype(np.float64)


def standardised_many(
    levelled: Array, members: Array, known: Array, preprocessing: Preprocessing
) -> Array:
    """The network's inputs of many rows, each with a baseline of its own.

    Parameters
    ----------
    levelled : ndarray, shape (n, 193)
        The rows.
    members : ndarray, shape (n, m)
        Evidence that each row's baseline has from each known vector; all zero: no baseline.
    known : ndarray, shape (m, 193)
        Levelled vectors of the same speaker.
    preprocessing : Preprocessing

    Returns
    -------
    ndarray, shape (n, 193)
    """
    weight = members.sum(axis=1, keepdims=True)
    share = members / np.maximum(weight, 1e-12)
    centre = known.mean(axis=0)
    mean = share @ (known - centre)
    variance = np.maximum(share @ (known - centre) ** 2 - mean**2, 0)
    mean, scale = blend(
        weight,
        mean + centre,
        variance,
        population_mean=preprocessing.population_mean,
        population_scale=preprocessing.population_scale,
        prior_weight=preprocessing.prior_weight,
    )
    inputs: Array = (levelled - mean) / scale
    return (inputs - preprocessing.scaler_mean) / preprocessing.scaler_scale


def _emotion_shares(table: Table, balance: str) -> Array:
    even = np.full(len(EMOTIONS), 1 / len(EMOTIONS))
    if balance != "weights":
        return even
    counts = np.bincount(table.emotion[np.unique(table.clip)], minlength=len(EMOTIONS))
    shares: Array = np.maximum(counts, 1) / counts.sum()
    return shares


def _balanced(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw rows so that every emotion present comes equally often, as many rows as before."""
    present = np.unique(labels)
    each = -(-labels.size // present.size)
    drawn = [rng.choice(np.flatnonzero(labels == one), each) for one in present]
    order: NDArray[np.intp] = rng.permutation(np.concatenate(drawn))
    return order
