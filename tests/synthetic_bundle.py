"""A small bundle with random weights, for tests of everything but accuracy."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from models.bundle import JSON_NAME, NETWORK_NAME, SCHEMA_VERSION
from models.contract import fingerprint, signal_contract
from models.feature_table import FEATURE_COUNT
from models.filter_banks import FilterBanks, make_filter_banks
from models.labels import EMOTIONS
from models.level_free import FORM


def network_arrays(banks: FilterBanks, seed: int = 0) -> dict[str, np.ndarray]:
    """Arrays of a 193-16-8 network with plausible scales."""
    rng = np.random.default_rng(seed)
    arrays = {
        "population_mean": rng.normal(0, 5, FEATURE_COUNT),
        "population_between": rng.uniform(1, 10, FEATURE_COUNT),
        "population_within": rng.uniform(1, 10, FEATURE_COUNT),
        "relevance": np.ones(FEATURE_COUNT),
        "weight_0": rng.normal(0, 0.1, (FEATURE_COUNT, 16)),
        "bias_0": rng.normal(0, 0.1, 16),
        "weight_1": rng.normal(0, 0.5, (16, len(EMOTIONS))),
        "bias_1": rng.normal(0, 0.1, len(EMOTIONS)),
    }
    arrays.update({f"bank_{name}": array for name, array in banks.arrays().items()})
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def card(npz: bytes) -> dict[str, Any]:
    """bundle.json of a synthetic bundle whose npz has this content."""
    contract = signal_contract()
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": "ann",
        "labels": list(EMOTIONS),
        "signal_contract": contract,
        "signal_fingerprint": fingerprint(contract),
        "preprocessing": {
            "form": FORM,
            "leaning_share": 0.5,
            "stranger_share": 0.35,
            "prior_weight": 4.0,
            "variance_prior_weight": 10.0,
        },
        "calibration": [
            {
                "window_s": seconds,
                "temperature_cold": 1.5,
                "temperature_known": 1.2,
                "unsure_below": 0.2,
            }
            for seconds in (1.0, 2.0, 3.0)
        ],
        "date": "2026-01-01",
        "files": {NETWORK_NAME: hashlib.sha256(npz).hexdigest()},
    }


def write_bundle(folder: Path, seed: int = 0) -> Path:
    """Write a synthetic bundle and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    arrays: dict[str, Any] = network_arrays(make_filter_banks(), seed)
    np.savez_compressed(buffer, **arrays)
    (folder / NETWORK_NAME).write_bytes(buffer.getvalue())
    (folder / JSON_NAME).write_text(json.dumps(card(buffer.getvalue())))
    return folder
