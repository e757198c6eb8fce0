#!/usr/bin/env python3
"""Fit the state that the gate's network starts from (models/gate_start.npz).

::

    PYTHONPATH=. scripts/fit_gate_start.py RAVDESS NOISE models/gate_start.npz

Started from zeros, Silero needs a second or two of speech before it hears any. This finds the
256 numbers with which it tells speech from noise in the first two seconds, by gradient descent
on that state alone; the weights stay as they are. It learns from RAVDESS actors 01-10, from every
second file of a folder of noises, and from synthetic hum and noise, so that the other actors and
files can judge the result. Prints the sha256 that models/silero_weights.py expects.
"""

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from models.audio import SAMPLE_RATE, Canonical, to_mono
from models.gate import GATE
from models.silero import BLOCK, CHUNK, CONTEXT, Encoder, magnitudes
from models.silero_weights import CELLS, SileroWeights, shipped_weights
from models.slow_gain import SlowGain
from training.augment import band_limited, coloured_noise, with_noise

Array = npt.NDArray[np.float32]

STEPS = 64
ACTORS = range(1, 11)
ACTIVE_RANGE_DB = 30
BATCH = 96
ROUNDS = 150
AVERAGED_FROM = 75
NOISE_WEIGHT = 2.0
VOICE_SPEEDS = (0.85, 1.2)
NOISE_SPEEDS = (0.7, 0.85, 1.2, 1.45)
PAUSE_WEIGHT = 0.1
# The gate opens at 0.3, not 0.5: the loss has its middle there.
THRESHOLD_LOGIT = float(np.log(0.3 / 0.7))


def read_canonical(path: Path) -> Array:
    """Read a recording as the gate hears it."""
    samples, rate = soundfile.read(path, dtype="float32")
    canonical = Canonical(rate)
    return np.concatenate(
        [canonical.push(to_mono(samples)), canonical.push(np.zeros(0, np.float32), last=True)]
    )


def speech(folder: Path, rng: np.random.Generator) -> Iterator[Array]:
    """Give every clip six times.

    As it is, from a place within at another level, at two other speeds, through a telephone,
    and in noise.
    """
    for path in sorted(folder.rglob("03-*-??.*")):
        if int(path.stem[-2:]) in ACTORS:
            clip = read_canonical(path)
            yield clip
            gain_db = rng.uniform(-30, 6)
            start = rng.integers(SAMPLE_RATE // 2, 3 * SAMPLE_RATE // 2)
            yield clip[start:] * np.float32(10 ** (gain_db / 20))
            for speed in VOICE_SPEEDS:
                yield soxr.resample(clip, SAMPLE_RATE * speed, SAMPLE_RATE)
            yield band_limited(clip, SAMPLE_RATE, 300, 3400)
            yield with_noise(clip, rng.uniform(5, 20), coloured_noise(clip.size, rng))


def noise(folder: Path, rng: np.random.Generator) -> Iterator[Array]:
    """Give recorded noises from three places and at four other speeds, coloured noise, and hum."""
    count = 3 * SAMPLE_RATE
    for path in sorted(folder.iterdir())[::2]:
        recording = read_canonical(path)
        for second in range(3):
            yield recording[second * SAMPLE_RATE :][:count]
        for speed in NOISE_SPEEDS:
            played = soxr.resample(recording, SAMPLE_RATE * speed, SAMPLE_RATE)
            start = rng.integers(max(1, played.size - count))
            yield played[start:][:count] * np.float32(10 ** (rng.uniform(-30, 0) / 20))
    for tilt in (0, 0.5, 1):
        for level_dbfs in range(-100, -10, 10):
            spectrum = np.fft.rfft(rng.standard_normal(count))
            hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
            yield at_level(np.fft.irfft(spectrum / np.maximum(hertz, 20) ** tilt), level_dbfs)
    angle = 2 * np.pi * np.arange(count) / SAMPLE_RATE
    for mains in (50, 60, 100, 120):
        overtones = [np.sin(n * mains * angle) / n**1.5 for n in (1, 2, 3)]
        for level_dbfs in range(-80, -10, 20):
            yield at_level(np.sum(overtones, axis=0), level_dbfs)


def at_level(samples: npt.NDArray[np.float64], level_dbfs: float) -> Array:
    """Scale to an RMS level."""
    scale = 10 ** (level_dbfs / 20) / np.sqrt(np.mean(samples**2))
    return np.asarray(samples * scale, np.float32)


def first_steps(samples: Array, encoder: Encoder, weights: SileroWeights) -> tuple[Array, Array]:
    """What drives the memory in the first heard chunks, and their levels in dBFS."""
    chunks = samples[: len(samples) // CHUNK * CHUNK].reshape(-1, CHUNK)
    gain = SlowGain(
        target_dbfs=GATE.target_dbfs,
        max_gain_db=GATE.max_gain_db,
        decay_db_per_chunk=GATE.decay_db_per_s * CHUNK / SAMPLE_RATE,
        silence_dbfs=GATE.silence_dbfs,
        silence_below_db=GATE.silence_below_db,
    )
    lifted, sounding = gain.lift(chunks)
    lifted[~sounding] = 0
    context = np.concatenate([np.zeros((1, CONTEXT), np.float32), lifted[:-1, -CONTEXT:]])
    padded = np.concatenate([context, lifted], axis=1)[sounding][:STEPS]
    spectra = magnitudes(padded, weights.hann)
    drive = [np.zeros((0, 4 * CELLS), np.float32)]
    drive += [
        encoder.drive(spectra[:, i : i + BLOCK])[: len(padded) - i].copy()
        for i in range(0, len(padded), BLOCK)
    ]
    levels = 10 * np.log10(np.square(chunks).mean(axis=1) + 1e-12)
    active = levels >= levels.max() - ACTIVE_RANGE_DB
    return np.concatenate(drive), active[sounding][:STEPS]


def pack(recordings: Iterator[Array], *, is_speech: bool) -> tuple[Array, Array, Array]:
    """Stack recordings: drive (n, steps, 512), target and weight (n, steps)."""
    weights = shipped_weights()
    encoder = Encoder(weights)
    rows = [
        first_steps(samples, encoder, weights) for samples in recordings if samples.size > CHUNK
    ]
    drive = np.zeros((len(rows), STEPS, 4 * CELLS), np.float32)
    target = np.zeros((len(rows), STEPS), np.float32)
    weight = np.zeros((len(rows), STEPS), np.float32)
    for i, (driven, active) in enumerate(rows):
        drive[i, : len(driven)] = driven
        target[i, : len(driven)] = active if is_speech else 0
        weight[i, : len(driven)] = np.where(active, 1, PAUSE_WEIGHT) if is_speech else NOISE_WEIGHT
    return drive, target, weight


def gradient(start: Array, drive: Array, target: Array, weight: Array) -> tuple[float, Array]:
    """Weighted logistic loss over all steps, and its gradient in the start state, (2, 128).

    The state is twice the output, and the cell; the steps are those of `models.silero.Silero`.
    """
    w = shipped_weights()
    h, c = np.repeat(start[:, None], len(drive), axis=1)
    tape = []
    loss = 0.0
    weight = weight / weight.sum()
    for step in range(STEPS):
        gates = np.tanh(h @ w.recurrent + drive[:, step])
        i, f, o = (gates[:, :384] + 1).reshape(-1, 3, CELLS).transpose(1, 0, 2)
        g = gates[:, 384:]
        before, c = c, (f * c + i * g) / 2
        folded = np.tanh(c)
        h = o * folded
        logit = np.maximum(h, 0) @ w.out + w.out_bias - THRESHOLD_LOGIT
        loss += float((weight[:, step] * (np.logaddexp(0, logit) - target[:, step] * logit)).sum())
        error = weight[:, step] * (1 / (1 + np.exp(-logit)) - target[:, step])
        tape.append((gates, i, f, o, g, before, folded, error[:, None] * w.out * (h > 0)))
    d_h, d_c = np.zeros_like(h), np.zeros_like(c)
    for gates, i, f, o, g, before, folded, d_out in reversed(tape):
        d_h = d_h + d_out
        d_c = d_c + d_h * o * (1 - folded**2)
        d_gates = np.concatenate([d_c * g / 2, d_c * before / 2, d_h * folded, d_c * i / 2], axis=1)
        d_h = (d_gates * (1 - gates**2)) @ w.recurrent.T
        d_c = d_c * f / 2
    return loss, np.stack([d_h.sum(axis=0), d_c.sum(axis=0)])


def fit(voices: tuple[Array, ...], noises: tuple[Array, ...], rng: np.random.Generator) -> Array:
    """Adam (Kingma & Ba 2015) from zeros, on half speech and half noise."""
    start = np.zeros((2, CELLS), np.float32)
    mean, square, average = np.zeros_like(start), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, ROUNDS + 1):
        picked = [rng.choice(len(part[0]), BATCH) for part in (voices, noises)]
        batch = [
            np.concatenate([a[picked[0]], b[picked[1]]])
            for a, b in zip(voices, noises, strict=True)
        ]
        loss, slope = gradient(start, *batch)
        mean += 0.1 * (slope - mean)
        square += 0.001 * (slope**2 - square)
        rate = 0.05 if step <= AVERAGED_FROM else 0.02
        start -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        start[0] = np.clip(start[0], -2, 2)
        if step > AVERAGED_FROM:
            average += start / (ROUNDS - AVERAGED_FROM)
        if step % 25 == 1:
            print(f"round {step}: loss {loss:.4f}", flush=True)
    return average


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description="Fit the gate's start state.")
    parser.add_argument("ravdess", type=Path)
    parser.add_argument("noise", type=Path)
    parser.add_argument("npz", type=Path)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    voices = pack(speech(args.ravdess, rng), is_speech=True)
    noises = pack(noise(args.noise, rng), is_speech=False)
    start = fit(voices, noises, rng)
    with args.npz.open("wb") as out:
        np.savez(out, output=start[0] / 2, cell=start[1])
    print(hashlib.sha256(args.npz.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
