"""Writes a trained model as a bundle: a folder that needs nothing else."""

import hashlib
import importlib.metadata
import io
import json
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.bundle import (
    FRAMEWORK_FILES,
    JSON_NAME,
    NETWORK_NAME,
    PREPROCESSING_NUMBERS,
    SCHEMA_VERSION,
)
from models.calibration import Calibration
from models.contract import fingerprint, signal_contract
from models.filter_banks import make_filter_banks
from models.labels import EMOTIONS
from training.config import TrainingSettings
from training.fit import Trained
from training.model_card import CARD_NAME, model_card
from training.output_folder import MODEL, writing_to

LIBRARIES = (
    *("numpy", "soxr", "soundfile", "librosa", "scikit-learn"),
    *("keras", "tensorflow", "tensorflow-cpu"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What a model was trained on.

    Attributes
    ----------
    clips : int
    actors : tuple of int
    index_sha256 : str
        Of the index lines of these clips.
    channels, emotions : tuple of str
        Those that the clips have.
    noise_recordings : int
        Recordings of noise that were mixed in.
    noise_sha256 : str
        Of their contents; empty where there are none.
    """

    clips: int
    actors: tuple[int, ...]
    index_sha256: str
    channels: tuple[str, ...]
    emotions: tuple[str, ...]
    noise_recordings: int = 0
    noise_sha256: str = ""


def write_bundle(
    folder: Path,
    trained: Trained,
    calibration: Calibration,
    settings: TrainingSettings,
    *,
    origin: Origin,
    metrics: Mapping[str, Any],
) -> None:
    """Write all files of a bundle.

    An older one in its place stays until all of the new one is written; the json is put there last,
    so that a broken-off exchange is no bundle.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    framework_name = FRAMEWORK_FILES[trained.kind]
    with (
        writing_to(folder, *MODEL),
        tempfile.TemporaryDirectory(prefix="draft-", dir=folder) as made,
    ):
        draft = Path(made)
        (draft / NETWORK_NAME).write_bytes(_network_bytes(trained))
        trained.model.save(draft / framework_name)
        card = _card(trained, calibration, settings, origin, metrics)
        card["files"] = {
            name: hashlib.sha256((draft / name).read_bytes()).hexdigest()
            for name in (NETWORK_NAME, framework_name)
        }
        (draft / CARD_NAME).write_text(model_card(card), encoding="utf-8")
        text = json.dumps(card, indent=2, allow_nan=False)
        (draft / JSON_NAME).write_text(text + "\n", encoding="utf-8")
        (folder / JSON_NAME).unlink(missing_ok=True)
        for name in (NETWORK_NAME, framework_name, CARD_NAME, JSON_NAME):
            (draft / name).replace(folder / name)


def _network_bytes(trained: Trained) -> bytes:
    population = trained.preprocessing.population
    arrays: dict[str, NDArray[np.floating]] = {
        "population_mean": population.mean,
        "population_between": population.between,
        "population_within": population.within,
        "relevance": trained.preprocessing.relevance,
    }
    for i, layer in enumerate(trained.model.network().layers):
        arrays[f"weight_{i}"] = layer.weight
        arrays[f"bias_{i}"] = layer.bias
    banks = make_filter_banks().arrays()
    arrays |= {f"bank_{name}": bank for name, bank in banks.items()}
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _card(
    trained: Trained,
    calibration: Calibration,
    settings: TrainingSettings,
    origin: Origin,
    metrics: Mapping[str, Any],
) -> dict[str, Any]:
    contract = signal_contract()
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": trained.kind,
        "date": datetime.now(UTC).date().isoformat(),
        "labels": list(EMOTIONS),
        "signal_fingerprint": fingerprint(contract),
        "signal_contract": contract,
        "preprocessing": {
            "form": trained.preprocessing.form,
            "leaning_share": trained.preprocessing.leaning_share,
            "stranger_share": trained.preprocessing.stranger_share,
            **{
                name: getattr(trained.preprocessing.population, name)
                for name in PREPROCESSING_NUMBERS
            },
        },
        "calibration": calibration.as_json(),
        "training": {
            "seed": settings.seed,
            "test_size": settings.test_size,
            "network": asdict(settings.network(trained.kind)),
            "recipe": asdict(settings.recipe),
        },
        "origin": asdict(origin),
        "metrics": dict(metrics),
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
