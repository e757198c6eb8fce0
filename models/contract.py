"""Everything that decides what a feature vector means, as data, and its fingerprint.

A bundle stores the contract it was trained under and is refused by a program that computes
anything else.
"""

import hashlib
import json
from typing import Any

from models import audio, frames, window_vector, windows
from models.feature_table import FEATURE_NAMES
from models.filter_banks import FRAME_SAMPLES, HOP_SAMPLES
from models.gate import gate_contract

CONTRACT_VERSION = 2


def signal_contract() -> dict[str, Any]:
    """The signal path of this program, in plain JSON types."""
    return {
        "version": CONTRACT_VERSION,
        "audio": {
            "sample_rate_hz": audio.SAMPLE_RATE,
            "resampler": f"soxr {audio.RESAMPLER_QUALITY}",
            "offset": {
                "step_samples": audio.OFFSET_STEP,
                "smoothing": audio.OFFSET_SMOOTHING,
                "dead_band": audio.OFFSET_DEAD_BAND,
                "settling_steps": audio.OFFSET_SETTLING_STEPS,
            },
        },
        "frames": {
            "frame_samples": FRAME_SAMPLES,
            "hop_samples": HOP_SAMPLES,
            "window": "hann, periodic",
            "floor": frames.AMIN,
            "mfcc_floor_db": frames.FLOOR_DB,
            "contrast_lowest_hz": frames.CONTRAST_LOWEST_HZ,
            "contrast_quantile": frames.CONTRAST_QUANTILE,
        },
        "gate": gate_contract(),
        "window": {
            "active_range_db": windows.ACTIVE_RANGE_DB,
            "least_active_frames": windows.LEAST_ACTIVE_FRAMES,
            "deviation_of": list(window_vector.MOVING),
            "step_of": window_vector.STEPPING,
        },
        "features": list(FEATURE_NAMES),
    }


def fingerprint(contract: dict[str, Any]) -> str:
    """Sixteen hexadecimal digits that change with anything in the contract."""
    text = json.dumps(contract, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
