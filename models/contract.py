"""Everything that decides what a feature vector means, as data, and its fingerprint.

A bundle stores the contract it was trained under and is refused by a program that computes
anything else.
"""

import hashlib
import json
from typing import Any

from models import audio, frames, pitch, window_vector, windows
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
        "pitch": {
            "reference_hz": pitch.REFERENCE_HZ,
            "range_hz": [pitch.LOWEST_HZ, pitch.HIGHEST_HZ],
            "candidates": pitch.CANDIDATES,
            "bands": pitch.RIPPLE_BANDS,
            "ripple_range_db": pitch.RIPPLE_RANGE_DB,
            "trend_orders": pitch.TREND_ORDERS,
            "cut": [pitch.CUT_BANDS, pitch.DOUBTED_ORDERS, pitch.CUT_DB],
            "least_ripple": pitch.LEAST_RIPPLE,
            "rivalry": pitch.RIVALRY,
            "least_salience": pitch.LEAST_SALIENCE,
            "least_voicing": pitch.LEAST_VOICING,
            "step_limits": {str(n): limit for n, limit in pitch.STEP_LIMITS.items()},
            "bend": [pitch.BEND_FRAMES, pitch.BEND_LIMIT],
        },
        "gate": gate_contract(),
        "window": {
            "active_range_db": windows.ACTIVE_RANGE_DB,
            "least_active_frames": windows.LEAST_ACTIVE_FRAMES,
            "deviation_of": list(window_vector.DEVIATIONS),
            "moving_orders": window_vector.MOVING_ORDERS,
            "shape_orders": window_vector.SHAPE_ORDERS,
            "trend_frames": [window_vector.TREND_FRAMES, window_vector.SHORT_TREND_FRAMES],
        },
        "features": list(FEATURE_NAMES),
    }


def fingerprint(contract: dict[str, Any]) -> str:
    """Sixteen hexadecimal digits that change with anything in the contract."""
    text = json.dumps(contract, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
