"""What each command does with its arguments."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.bundle import JSON_NAME
from models.errors import AudioError, ConfigError, OutputError, UsageError
from models.labels import EMOTIONS
from models.shipped import bundle_folder
from realtime.messages import tell
from training.config import BOTH, FRAMEWORKS, TrainingSettings, training_settings

if TYPE_CHECKING:
    from training.corpus import Corpus


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def features(arguments: argparse.Namespace) -> int:
    """Fill the cache with the clips as they are and with the recipe's copies."""
    from training.corpus import load_corpus

    settings = training_settings(arguments.config)
    copies = settings.recipe.copies(arguments.noise)
    corpus = load_corpus(arguments.data, copies, cache_dir=arguments.cache, jobs=arguments.jobs)
    print(
        f"{len(corpus.clips)} clips, {len(copies)} copies of each, "
        f"{len(corpus.table.clip)} windows with speech."
    )
    return 0


def explore(arguments: argparse.Namespace) -> int:
    """Describe a corpus in tables and pictures."""
    from training.explore import explore as describe
    from training.explore import whole_clip_vectors

    settings = training_settings(arguments.config)
    print(
        describe(
            arguments.data,
            arguments.report,
            extract=partial(whole_clip_vectors, cache_dir=arguments.cache, jobs=arguments.jobs),
            test_size=settings.test_size,
            seed=settings.seed,
        )
    )
    return 0


def _fit_settings(arguments: argparse.Namespace) -> TrainingSettings:
    settings = training_settings(arguments.config)
    given = {
        "framework": arguments.framework,
        "model_save_path": None if arguments.out is None else str(arguments.out),
        "seed": arguments.seed,
    }
    try:
        return replace(
            settings, **{name: value for name, value in given.items() if value is not None}
        )
    except ConfigError as error:
        raise UsageError(str(error)) from error


def fit(arguments: argparse.Namespace) -> int:
    """Train the models and write their bundles."""
    from training.corpus import load_corpus
    from training.output_folder import MODEL, check_writable
    from training.release import balance_lines

    settings = _fit_settings(arguments)
    chosen = FRAMEWORKS if settings.framework == BOTH else (settings.framework,)
    folders = [Path(settings.model_save_path) / FRAMEWORKS[framework] for framework in chosen]
    # Now, and not after an hour of training.
    for folder in folders:
        if not arguments.overwrite and (folder / JSON_NAME).exists():
            raise OutputError(
                f"{folder} holds a model already: choose another folder with --out, or --overwrite "
                "to replace it."
            )
        check_writable(folder, *MODEL)
    corpus = load_corpus(
        arguments.data,
        settings.recipe.copies(arguments.noise),
        cache_dir=arguments.cache,
        jobs=arguments.jobs,
    )
    if absent := [str(one) for one in EMOTIONS if one not in corpus.emotions]:
        tell(f"No clip of {' or '.join(absent)} is there: no model will learn what that is.")
    for folder, metrics in zip(
        folders, _released(folders, corpus, settings, arguments.jobs), strict=True
    ):
        for line in balance_lines(metrics["balance"]):
            _say(line)
        print(folder)
    return 0


def _released(
    folders: Sequence[Path], corpus: "Corpus", settings: TrainingSettings, jobs: int
) -> Iterable[dict[str, Any]]:
    """Train each kind of network into the folder of its name, several at a time."""
    from training.release import release

    tasks = [(folder.name, corpus, settings, folder) for folder in folders]
    if jobs == 1 or len(tasks) < 2:
        return (release(*task, say=_say) for task in tasks)
    import joblib

    run = joblib.Parallel(n_jobs=jobs, return_as="generator")
    found: Iterable[dict[str, Any]] = run(
        joblib.delayed(release)(*task, say=_say) for task in tasks
    )
    return found


def evaluate(arguments: argparse.Namespace) -> int:
    """Judge bundles by every protocol and write the report."""
    from training.evaluate import Places, bundles_in
    from training.evaluate import evaluate as judge

    places = Places(
        data_dir=arguments.data,
        report_dir=arguments.report,
        other_voices_dir=arguments.other_voices,
        noise_dir=arguments.noise,
        cache_dir=arguments.cache,
        jobs=arguments.jobs,
    )
    for folder in bundles_in(arguments.bundle):
        print(judge(folder, places, say=_say))
    return 0


def predict(arguments: argparse.Namespace) -> int:
    """Judge one recording with the framework's own model."""
    from models.bundle import load_bundle
    from training.predict import load_framework_model, prediction_text
    from training.predict import predict as judged

    framework = arguments.framework or training_settings(arguments.config).framework
    framework = "keras" if framework == BOTH else framework
    folder = bundle_folder(arguments.model or FRAMEWORKS[framework])
    model = load_framework_model(folder, framework)
    prediction = judged(arguments.file, load_bundle(folder), model)
    if arguments.json:
        found = prediction.probabilities
        shares = {} if found is None else dict(zip(EMOTIONS, found.tolist(), strict=True))
        print(json.dumps({"file": str(arguments.file), "emotion": prediction.emotion, **shares}))
    else:
        print(prediction_text(prediction))
    if prediction.error:
        raise AudioError(prediction.error)
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "features": features,
    "explore": explore,
    "fit": fit,
    "evaluate": evaluate,
    "predict": predict,
}
