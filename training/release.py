"""The `fit` command: both splits judged, class balance compared, the bundle of all clips."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.calibrate_probabilities import calibrated
from training.config import TrainingSettings
from training.corpus import Corpus
from training.export import write_bundle
from training.features import WINDOWS_S
from training.fit import held_out_verdicts, together, train
from training.protocols import as_json, summary
from training.splits import actor_folds, random_split, refuse_leaks

Say = Callable[[str], None]


def release(
    kind: str, corpus: Corpus, settings: TrainingSettings, folder: Path, *, say: Say
) -> dict[str, Any]:
    """Judge one kind of network by both splits, train it on all clips and write its bundle.

    The temperatures come from the actor-disjoint folds, whose models never heard the speakers
    they are fitted on.

    Returns
    -------
    dict
        Scores by protocol, baseline mode and unit.
    """
    table = corpus.table
    held = []
    parts = []
    for number, split in enumerate(actor_folds(corpus.clips), 1):
        refuse_leaks(corpus.clips, split, disjoint_actors=True)
        say(f"{kind}: fold {number}, tested on {split.name}")
        unheard = table.of_clips(split.test)
        judge = train(kind, table.of_clips(split.train), settings).judge
        held.append(held_out_verdicts(judge, unheard))
        parts.append((judge, unheard))
    calibration = calibrated({length: together(held, length) for length in WINDOWS_S})
    disjoint = summary(
        [(judge, calibration, unheard) for judge, unheard in parts], seed=settings.seed
    )
    metrics = {"actor-disjoint, speech + song": as_json(disjoint)}
    say(f"{kind}: random split")
    split = random_split(corpus.clips, test_size=settings.test_size, seed=settings.seed)
    refuse_leaks(corpus.clips, split, disjoint_actors=False)
    unheard = table.of_clips(split.test)
    trained = train(kind, table.of_clips(split.train), settings)
    shared = summary([(trained.judge, calibration, unheard)], seed=settings.seed)
    metrics[f"{split.name}, speech + song"] = as_json(shared)
    say(f"{kind}: all clips")
    final = train(kind, table, settings)
    write_bundle(folder, final, calibration, settings, origin=corpus.origin, metrics=metrics)
    return metrics
