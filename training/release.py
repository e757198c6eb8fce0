"""What `fit` does for one network: judge by two splits, compare class balance, train on all."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from training.cells import Cell, cell, cells_of
from training.config import TrainingSettings
from training.corpus import Corpus
from training.evaluation_pictures import draw_curves
from training.export import write_bundle
from training.fit import train
from training.judged import (
    BOTH_CHANNELS,
    COLD,
    LIVE_WINDOW_S,
    MODES,
    WINDOW,
    judged_part,
    windows_of,
)
from training.metrics import recalls
from training.protocols import ActorFolds, Trainer
from training.ravdess import Channel
from training.recipe import BALANCES
from training.splits import actor_folds

Say = Callable[[str], None]
CURVES_NAME = "curves.png"


def release(
    kind: str, corpus: Corpus, settings: TrainingSettings, folder: Path, *, say: Say
) -> dict[str, Any]:
    """Judge one kind of network by both splits, train it on all clips and write its bundle.

    The temperatures come from the actor-disjoint folds, whose models never heard the speakers
    they are fitted on.

    Returns
    -------
    dict
        Figures by protocol, baseline and unit, and the comparison of class balance.

    Raises
    ------
    DataError
        If the clips cannot be split, or hold no speech.
    OutputError
        If the folder cannot be written.
    """
    trainer = Trainer(kind=kind, corpus=corpus, settings=settings, say=say)
    trainer.check_splits(statements=False)
    folds = trainer.actor_folds()
    shared = trainer.random(folds.calibration)
    metrics = {
        "protocols": [
            figures(one)
            for protocol in (folds.protocol, shared)
            for one in cells_of(
                protocol,
                corpus,
                seed=settings.seed,
                channels=(Channel.SPEECH, BOTH_CHANNELS),
                windows_s=(LIVE_WINDOW_S,),
            )
        ],
        "balance": list(_balance(trainer, folds)),
    }
    say(f"{kind}: all clips")
    final = train(kind, corpus.table, settings)
    write_bundle(folder, final, folds.calibration, settings, origin=corpus.origin, metrics=metrics)
    draw_curves(folder / CURVES_NAME, folds.protocol.parts[0].curves)
    return metrics


def figures(one: Cell) -> dict[str, Any]:
    """What a bundle tells of one cell."""
    return {
        "protocol": one.protocol,
        "channel": one.channel,
        "baseline": one.baseline,
        "scored": one.unit,
        "uar": round(one.uar, 6),
        "uar_sd": round(one.uar_sd, 6),
        "accuracy": round(float(np.mean(one.accuracy_by_fold)), 6),
        "f1": round(one.scores.f1, 6),
        "log_loss": round(one.scores.log_loss, 6),
        "ece_before": round(one.ece_before, 6),
        "ece": round(one.scores.ece, 6),
    }


def _balance(trainer: Trainer, folds: ActorFolds) -> Iterator[dict[str, Any]]:
    """Weights and sampling against neither, on the first fold of actors."""
    corpus, settings = trainer.corpus, trainer.settings
    split = actor_folds(corpus.clips)[0]
    table = windows_of(corpus.table, LIVE_WINDOW_S)
    for balance in BALANCES:
        judge = folds.protocol.parts[0].judge
        if balance != settings.recipe.balance:
            trainer.say(f"{trainer.kind}: class balance by {balance}")
            changed = replace(settings, recipe=replace(settings.recipe, balance=balance))
            judge = train(trainer.kind, corpus.table.of_clips(split.train), changed).judge
        judged = judged_part(
            judge,
            folds.calibration,
            table,
            split.test,
            window_s=LIVE_WINDOW_S,
            mode=MODES[COLD],
            rng=np.random.default_rng(settings.seed),
        )[WINDOW]
        found = cell(
            [judged], protocol="", channel="", baseline="", unit=WINDOW, window_s=LIVE_WINDOW_S
        )
        yield {
            "balance": balance,
            "uar": round(found.uar, 4),
            "accuracy": round(found.accuracy_by_fold[0], 4),
            "f1": round(found.scores.f1, 4),
            "least_recall": round(float(np.nanmin(recalls(found.counts))), 4),
        }


def balance_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The comparison as lines for a person."""
    yield "class balance   UAR    accuracy  F1     least recall"
    for row in rows:
        yield (
            f"{row['balance']:<13}  {row['uar']:.3f}  {row['accuracy']:.3f}     {row['f1']:.3f}  "
            f"{row['least_recall']:.3f}"
        )
