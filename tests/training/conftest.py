"""A corpus small enough to train on in seconds, and the two bundles trained on it."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from models.labels import EMOTIONS
from tests.training.clean_recipe import CLEAN
from training.config import NetworkSettings, TrainingSettings
from training.corpus import Corpus, load_corpus
from training.release import release

ACTORS = (1, 2, 3, 4)
SPEEDS = (0.86, 1.14, 0.93, 1.07)


def write_tiny_corpus(folder: Path, demonstration: Path) -> None:
    """Four actors, two statements, eight emotions: the demonstration's clips at eight speeds."""
    samples, rate = soundfile.read(demonstration, dtype="float32")
    with demonstration.with_suffix(".csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        clip = samples[int(float(row["start_s"]) * rate) : int(float(row["end_s"]) * rate)]
        emotion = [str(one) for one in EMOTIONS].index(row["emotion"]) + 1
        for actor, speed in zip(ACTORS, SPEEDS, strict=True):
            for statement in (1, 2):
                played = soxr.resample(clip, rate * speed * (0.9 + 0.1 * statement), 16_000)
                name = f"03-01-{emotion:02d}-01-{statement:02d}-01-{actor:02d}.flac"
                target = folder / f"Actor_{actor:02d}" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(target, np.clip(played, -1, 1), 16_000)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory, demonstration: Path) -> Path:
    """A folder of 64 clips in the form of RAVDESS."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_corpus(folder, demonstration)
    return folder


@pytest.fixture(scope="session")
def tiny_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny_settings() -> TrainingSettings:
    return TrainingSettings(
        ann=NetworkSettings(hidden_layer_shape=(16, 12), epochs=4, batch_size=16, dropout=0.1),
        mlp=NetworkSettings(
            hidden_layer_shape=(16,), members=2, epochs=4, batch_size=16, dropout=0.1
        ),
        recipe=replace(CLEAN, teachers=1, teacher_epochs=4),
    )


@pytest.fixture(scope="session")
def tiny_corpus(tiny_data: Path, tiny_cache: Path, tiny_settings: TrainingSettings) -> Corpus:
    copies = tiny_settings.recipe.copies()
    return load_corpus(tiny_data, copies, cache_dir=tiny_cache, jobs=1)


@pytest.fixture(scope="session")
def tiny_bundles(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_corpus: Corpus,
    tiny_settings: TrainingSettings,
) -> Path:
    """A folder with the bundles `ann` and `mlp`."""
    folder = tmp_path_factory.mktemp("bundles")
    for kind in ("ann", "mlp"):
        release(kind, tiny_corpus, tiny_settings, folder / kind, say=lambda _: None)
    return folder
