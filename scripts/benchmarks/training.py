"""Training as the release does it: features of the corpus, augmentation, both networks."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def corpus_folder() -> Path | None:
    """The corpus that the tests use; None where there is none."""
    folder = Path(os.environ.get("SER_RAVDESS", ROOT.parent / "shared/ravdess"))
    return folder if folder.is_dir() else None


def measure(data: Path) -> dict[str, float]:
    """Seconds of each step, on all cores where the step uses them; nothing is cached before."""
    # What needs the training packages is imported here: the other measurements do without.
    from training.config import training_settings
    from training.corpus import load_corpus
    from training.fit import train

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
    for kind in ("ann", "mlp"):
        with timed(kind):
            train(kind, corpus.table, settings)
    plain = steps["features"] + steps["ann"] + steps["mlp"]
    teachers = f"{settings.recipe.teachers} teachers included"
    return {
        f"features of {clips} clips": steps["features"],
        f"Keras ANN, {teachers}": steps["ann"],
        f"scikit-learn MLP, {teachers}": steps["mlp"],
        "**these together**": plain,
        f"augmentation: features of {len(copies) - 1} copies of each clip": steps["augmentation"],
        "**all**": plain + steps["augmentation"],
    }
