"""Models that never heard what they are judged on, by the splits of the evaluation.

Temperatures of a fold are fitted on the verdicts of the other folds' models about their own
unheard speakers, so that nothing of a fold's test speakers decides how they are judged. They are
fitted on speech: song is easier, and would make a network too sure of what it is told live.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration
from models.errors import DataError
from training.calibrate_probabilities import HeldOut, calibrated
from training.config import TrainingSettings
from training.corpus import Corpus
from training.features import WINDOWS_S
from training.fit import held_out_verdicts, train
from training.fitted import Curves
from training.judge import Judge, joined
from training.splits import (
    RANDOM_SPLITS,
    Split,
    actor_folds,
    random_split,
    refuse_leaks,
    statement_splits,
)

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Part:
    """A model and the clips it never heard.

    Attributes
    ----------
    judge : Judge
    unheard : ndarray of int
        Positions of the test clips in the corpus.
    calibration : Calibration
    curves : Curves
        Of its training, with the unheard clips as held-out part.
    """

    judge: Judge
    unheard: NDArray[np.intp]
    calibration: Calibration
    curves: Curves


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Protocol:
    """One way to split, with its models."""

    name: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ActorFolds:
    """The actor-disjoint protocol, and the calibration that its verdicts give a release."""

    protocol: Protocol
    calibration: Calibration


ACTOR_DISJOINT = "actor-disjoint"
STATEMENT_DISJOINT = "statement-disjoint"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trainer:
    """Trains one kind of network on parts of a corpus.

    Attributes
    ----------
    kind : str
        `ann` or `mlp`.
    corpus : Corpus
    settings : TrainingSettings
    say : callable
        Takes one line on what is being done.
    """

    kind: str
    corpus: Corpus
    settings: TrainingSettings
    say: Say

    def check_splits(self, *, statements: bool) -> None:
        """Make every split once: what cannot be split is told before the hours of training.

        Parameters
        ----------
        statements : bool
            Whether the split by statement is among them.

        Raises
        ------
        DataError
            If the clips cannot be split, a split leaks, a side of it holds no speech, or it would
            train on one emotion only.
        """
        clips = self.corpus.clips
        apart = actor_folds(clips)
        mixed = [*self._random_splits(), *(statement_splits(clips) if statements else ())]
        for split in (*apart, *mixed):
            refuse_leaks(clips, split, disjoint_actors=split in apart)
            self._refuse_silence(split)
            self._refuse_one_emotion(split)

    def _refuse_one_emotion(self, split: Split) -> None:
        found = {self.corpus.clips[i].emotion for i in split.train}
        if len(found) < 2:
            raise DataError(
                f"The split '{split.name}' would train on one emotion, {found.pop()}: two at least "
                "were needed; add clips of others."
            )

    def _refuse_silence(self, split: Split) -> None:
        for use, side in (("train", split.train), ("test", split.test)):
            spoken = self.corpus.table.of_clips(self._spoken(side))
            live = spoken.window_s[spoken.is_live & (spoken.copy == 0)]
            if not np.isin(np.array(WINDOWS_S, np.float32), live).all():
                raise DataError(
                    f"The split '{split.name}' would {use} on {side.size} clips without speech: "
                    "half a second of it was needed in one at least, within a second; add clips "
                    "that can be heard."
                )

    def actor_folds(self) -> ActorFolds:
        """Train one model per fold of actors; raises DataError if a fold leaks."""
        judged = []
        verdicts = []
        for split in actor_folds(self.corpus.clips):
            judge, curves = self._fit(split, disjoint_actors=True)
            judged.append((judge, split, curves))
            spoken = self._spoken(split.test)
            verdicts.append(held_out_verdicts(judge, self.corpus.table.of_clips(spoken)))
        parts = tuple(
            Part(
                judge=judge,
                unheard=split.test,
                calibration=_calibration(verdicts[:i] + verdicts[i + 1 :]),
                curves=curves,
            )
            for i, (judge, split, curves) in enumerate(judged)
        )
        return ActorFolds(
            protocol=Protocol(name=ACTOR_DISJOINT, parts=parts),
            calibration=_calibration(verdicts),
        )

    def _spoken(self, clips: NDArray[np.intp]) -> NDArray[np.intp]:
        """The clips of speech, which is what people speak into a microphone; all if none is."""
        is_song = self.corpus.table.is_song[clips]
        return clips if is_song.all() else clips[~is_song]

    def random(self, calibration: Calibration) -> Protocol:
        """Train on stratified random parts; speakers stand on both sides.

        Splits differ by more than recipes do, so there are several, of consecutive seeds.
        """
        splits = self._random_splits()
        numbered = [
            replace(split, name=f"{split.name}, split {i} of {RANDOM_SPLITS}")
            for i, split in enumerate(splits, start=1)
        ]
        return self._protocol(splits[0].name, numbered, calibration)

    def _random_splits(self) -> list[Split]:
        settings = self.settings
        return [
            random_split(self.corpus.clips, test_size=settings.test_size, seed=settings.seed + i)
            for i in range(RANDOM_SPLITS)
        ]

    def statements(self, calibration: Calibration) -> Protocol:
        """Train on one statement, test on the other, and back."""
        return self._protocol(STATEMENT_DISJOINT, statement_splits(self.corpus.clips), calibration)

    def _protocol(self, name: str, splits: Iterable[Split], calibration: Calibration) -> Protocol:
        parts = []
        for split in splits:
            judge, curves = self._fit(split, disjoint_actors=False)
            parts.append(
                Part(judge=judge, unheard=split.test, calibration=calibration, curves=curves)
            )
        return Protocol(name=name, parts=tuple(parts))

    def _fit(self, split: Split, *, disjoint_actors: bool) -> tuple[Judge, Curves]:
        self.say(f"{self.kind}: training, to be judged on {split.name}")
        refuse_leaks(self.corpus.clips, split, disjoint_actors=disjoint_actors)
        table = self.corpus.table
        unheard = table.of_clips(split.test)
        trained = train(
            self.kind,
            table.of_clips(split.train),
            self.settings,
            held_out=unheard.rows((unheard.copy == 0) & unheard.is_whole),
        )
        return trained.judge, trained.curves


def _calibration(verdicts: Sequence[dict[float, HeldOut]]) -> Calibration:
    return calibrated(
        {
            length: HeldOut(
                cold=joined(found[length].cold for found in verdicts),
                known=joined(found[length].known for found in verdicts),
            )
            for length in WINDOWS_S
        }
    )
