"""One training of each network: features of the corpus, augmentation, fit.

`training fit` makes eleven of each kind: five folds of actors, three random splits, two for the
balance of classes, and the one that is released.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.config import TrainingSettings
    from training.table import Table

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"ann": "Keras ANN", "mlp": "scikit-learn MLP"}


def corpus_folder() -> Path | None:
    """The corpus that the tests use; None where there is none."""
    folder = Path(os.environ.get("SER_RAVDESS", ROOT.parent / "shared/ravdess"))
    return folder if folder.is_dir() else None


def measure(data: Path) -> dict[str, float]:
    """Seconds of each step, on all cores where the step uses them; nothing is cached before."""
    # What needs the training packages is imported here: the other measurements do without.
    import joblib

    from training.config import training_settings
    from training.corpus import load_corpus

    settings = training_settings(None)
    copies = settings.recipe.copies()
    steps: dict[str, float] = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        steps[step] = time.perf_counter() - started

    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        cache = Path(folder)
        with timed("features"):
            clips = len(load_corpus(data, copies[:1], cache_dir=cache).clips)
        with timed("augmentation"):
            corpus = load_corpus(data, copies, cache_dir=cache)
    with timed("both"):
        # As `fit` does it: each network in a process of its own.
        tasks = [joblib.delayed(_seconds)(kind, corpus.table, settings) for kind in KINDS]
        alone = joblib.Parallel(n_jobs=len(KINDS))(tasks)
    plain = steps["features"] + steps["both"]
    teachers = f"{settings.recipe.teachers} teachers included"
    return {
        f"features of {clips} clips": steps["features"],
        **{
            f"– {name}, {teachers}": taken
            for name, taken in zip(KINDS.values(), alone, strict=True)
        },
        "both networks at once": steps["both"],
        "**features and both networks**": plain,
        f"augmentation: features of {len(copies) - 1} copies of each clip": steps["augmentation"],
        "**all**": plain + steps["augmentation"],
    }


def _seconds(kind: str, table: "Table", settings: "TrainingSettings") -> float:
    """Train one network and tell how long it took."""
    from training.fit import train

    started = time.perf_counter()
    train(kind, table, settings)
    return time.perf_counter() - started
