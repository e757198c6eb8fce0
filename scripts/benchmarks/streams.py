"""How many streams one core holds: hops of many segments in one process, up to saturation."""

import time

import numpy as np
import soundfile
import soxr

from models.bundle import load_bundle
from models.shipped import bundle_folder
from realtime.config import RealtimeSettings
from realtime.demonstration import demonstration_clip
from realtime.estimator import Estimator, EstimatorSettings
from realtime.sources.base import Block
from realtime.speaker import Speaker

HOP_S = 0.25
RATE = 16_000
COUNTS = (*(2**i for i in range(10)), 768, 1024, 1536, 2048)


def measure(rounds: int = 80) -> list[dict[str, float]]:
    """Share of one core that N streams need at a hop of 0.25 s, gate included."""
    bundle = load_bundle(bundle_folder(RealtimeSettings().model))
    clip, rate = soundfile.read(demonstration_clip(), dtype="float32")
    speech = soxr.resample(clip, rate, RATE)
    length = int(HOP_S * RATE)
    settings = EstimatorSettings(
        window_s=3.0, hop_s=HOP_S, smoothing_s=0.5, reset_after_silence_s=1.0
    )
    curve = []
    for count in COUNTS:
        estimators = [
            Estimator(bundle, settings, Speaker(name="adaptive", learns=True), RATE)
            for _ in range(count)
        ]
        hops = max(24, rounds // count)
        started = time.perf_counter()
        for i in range(hops):
            for k, estimator in enumerate(estimators):
                start = ((i + 7 * k) * length) % (speech.size - length)
                estimator.push(Block(samples=speech[start : start + length], rate=RATE))
        per_hop_s = (time.perf_counter() - started) / hops
        curve.append({"streams": float(count), "core_share": per_hop_s / HOP_S})
        if curve[-1]["core_share"] > 1.2:
            break
    return curve


def saturation(curve: list[dict[str, float]]) -> float:
    """Streams at which one core is full, interpolated on the curve."""
    shares = [point["core_share"] for point in curve]
    return float(np.interp(1.0, shares, [point["streams"] for point in curve]))
