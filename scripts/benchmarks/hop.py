"""One hop, 0.25 s of new sound, against the usual recipes on the same window."""

import itertools
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import librosa
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from models.audio import RESAMPLER_QUALITY, SAMPLE_RATE, Canonical
from models.baseline import SpeakerBaseline
from models.bundle import load_bundle
from models.feature_table import FRAME_SIZE, SPANS
from models.filter_banks import BINS, FRAME_SAMPLES, HOP_SAMPLES, banded
from models.frame_stream import FrameBatch
from models.frames import AMIN, FrameExtractor, contrast_bands, frame_count
from models.gate import SpeechGate
from models.kernel import library
from models.kernel.library import Kernel
from models.pitch import LONGEST_STEP, PitchFinder
from models.shipped import bundle_folder
from models.window_vector import steps, window_vector
from models.windows import Windower
from realtime.config import RealtimeSettings
from realtime.demonstration import demonstration_clip
from realtime.judge import Judge
from scripts.benchmarks.measure import timings

HOP_S = 0.25
WINDOW_S = 3.0
HOPS = round(WINDOW_S / HOP_S)
TUTORIAL_RATE = 22050
Samples = NDArray[np.float32]


class Hop:
    """The live path without its gate: every frame counts as speech, the worst case."""

    def __init__(self, samples: Samples, rate: int) -> None:
        bundle = load_bundle(bundle_folder(RealtimeSettings().model))
        length = int(HOP_S * rate)
        self._blocks = itertools.cycle(
            np.split(samples[: samples.size // length * length], samples.size // length)
        )
        self._canonical = Canonical(rate)
        self._extractor = FrameExtractor(bundle.banks)
        self._windower = Windower(int(WINDOW_S * SAMPLE_RATE), int(HOP_S * SAMPLE_RATE))
        self._judge = Judge(bundle, WINDOW_S, HOP_S)
        self._baseline = SpeakerBaseline()
        self._rest = np.zeros(0, np.float32)
        self._count = 0
        self.window()
        self()

    def resampled(self) -> Samples:
        """Resampling and offset removal of one hop."""
        return self._canonical.push(next(self._blocks))

    def __call__(self) -> object:
        """Everything of one hop."""
        fresh = self.resampled()
        self._count += fresh.size
        samples = np.concatenate([self._rest, fresh])
        numbers = np.arange(frame_count(samples.size))
        features, level_db = self._extractor.compute(samples, numbers)
        batch = FrameBatch(
            features=features, speech=np.ones(numbers.size, np.bool_), level_db=level_db
        )
        self._rest = samples[numbers.size * HOP_SAMPLES :]
        found = None
        for window in self._windower.push(batch, self._count):
            if window.vector is not None:
                levelled = self._judge.preprocessing.levelled(window.vector)
                logits = self._judge.logits(levelled, self._baseline)
                found = self._judge.probabilities(logits, self._baseline)
                evidence = self._judge.evidence(window.active_frames)
                self._judge.preprocessing.learn(self._baseline, levelled, logits, evidence)
        return found

    def window(self) -> None:
        """The hops of a whole window, as much new sound as the rivals are given."""
        for _ in range(HOPS):
            self()


def tutorial_recipe(window: Samples) -> NDArray[np.float32]:
    """The 193 features as the well-known tutorials compute them, each call on its own."""
    rate = TUTORIAL_RATE
    spectrum = np.abs(librosa.stft(window))
    harmonic = librosa.effects.harmonic(window)
    return np.concatenate(
        [
            librosa.feature.mfcc(y=window, sr=rate, n_mfcc=40).mean(axis=1),
            librosa.feature.chroma_stft(S=spectrum, sr=rate).mean(axis=1),
            librosa.feature.melspectrogram(y=window, sr=rate).mean(axis=1),
            librosa.feature.spectral_contrast(S=spectrum, sr=rate).mean(axis=1),
            librosa.feature.tonnetz(y=harmonic, sr=rate).mean(axis=1),
        ]
    )


def shared_librosa(window: Samples) -> NDArray[np.float32]:
    """Librosa at its best: one spectrum for all, cached filter banks, tonnetz from the chroma."""
    magnitude = np.abs(librosa.stft(window, n_fft=1024, hop_length=160, center=False))
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=SAMPLE_RATE, n_mels=128)
    chroma = librosa.feature.chroma_stft(S=magnitude**2, sr=SAMPLE_RATE, tuning=0)
    return np.concatenate(
        [
            librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=40).mean(axis=1),
            chroma.mean(axis=1),
            mel.mean(axis=1),
            librosa.feature.spectral_contrast(S=magnitude, sr=SAMPLE_RATE).mean(axis=1),
            librosa.feature.tonnetz(chroma=chroma).mean(axis=1),
        ]
    )


def _rivals(clip: Samples, rate: int) -> dict[str, Callable[[], object]]:
    seconds = slice(int(0.8 * rate), int(3.8 * rate))
    at_tutorial_rate = soxr.resample(clip[seconds], rate, TUTORIAL_RATE)
    at_16k = soxr.resample(clip[seconds], rate, SAMPLE_RATE)
    rivals: dict[str, Callable[[], object]] = {
        "tutorial recipe (librosa, 22.05 kHz)": lambda: tutorial_recipe(at_tutorial_rate),
        "librosa, shared spectrum": lambda: shared_librosa(at_16k),
    }
    try:
        import opensmile
    except ImportError:
        print("opensmile is not installed: left out")
    else:
        smile = opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02)
        rivals["openSMILE eGeMAPS"] = lambda: smile.process_signal(at_16k, SAMPLE_RATE)
    try:
        from pyAudioAnalysis import ShortTermFeatures
    except Exception as error:  # noqa: BLE001 - its own imports fail in many ways
        print(f"pyAudioAnalysis cannot be used ({type(error).__name__}): left out")
    else:
        rivals["pyAudioAnalysis short-term"] = lambda: ShortTermFeatures.feature_extraction(
            at_16k, SAMPLE_RATE, FRAME_SAMPLES, HOP_SAMPLES
        )
    return rivals


def with_kernel(kernel: Kernel | None, call: Callable[[], object]) -> Callable[[], object]:
    """The same by another kernel, or by numpy alone."""

    def called() -> object:
        compiled = library.compiled
        library.compiled = cache(lambda: kernel)
        try:
            return call()
        finally:
            library.compiled = compiled

    return called


class Stages:
    """Everything that one hop does, ready to be timed part by part."""

    def __init__(self, clip: Samples, rate: int) -> None:
        bundle = load_bundle(bundle_folder(RealtimeSettings().model))
        self._banks = bundle.banks
        self.extractor = FrameExtractor(bundle.banks)
        canonical = Canonical(rate)
        block = clip[rate : rate + int(HOP_S * rate)]
        self._at_16k = soxr.resample(clip, rate, SAMPLE_RATE)
        self.samples = self._at_16k[16000 : 16000 + 24 * HOP_SAMPLES + FRAME_SAMPLES].copy()
        self._numbers = np.arange(25)
        resampler = soxr.ResampleStream(
            rate, SAMPLE_RATE, 1, dtype="float32", quality=RESAMPLER_QUALITY
        )
        self.before = {
            "resampling, offset": lambda: canonical.push(block),
            "– soxr": lambda: resampler.resample_chunk(block),
        }
        judge = Judge(bundle, WINDOW_S, HOP_S)
        features, level_db = self.extractor.compute(self.samples, self._numbers)
        everything = np.ones(25, np.bool_)
        batch = FrameBatch(features=features, speech=everything, level_db=level_db)
        windower = Windower(int(WINDOW_S * SAMPLE_RATE), int(HOP_S * SAMPLE_RATE))
        ends = itertools.count(int(HOP_S * SAMPLE_RATE), int(HOP_S * SAMPLE_RATE))
        with_earlier = np.concatenate([features[:LONGEST_STEP], features])
        vector = window_vector(features, steps(with_earlier), everything)
        levelled = judge.preprocessing.levelled(vector)
        baseline, learning = SpeakerBaseline(), SpeakerBaseline()
        # As on all hops but the first: a voice that is known is answered twice, see
        # `models.listener`.
        baseline.update(levelled, 1.0)
        logits = judge.logits(levelled, baseline)
        self.after = {
            "vector of the window": lambda: windower.push(batch, next(ends)),
            "level taken out": lambda: judge.preprocessing.levelled(vector),
            "baseline, scaler, network": lambda: judge.probabilities(
                judge.logits(levelled, baseline), baseline
            ),
            "baseline learns": lambda: judge.preprocessing.learn(learning, levelled, logits, 0.08),
        }

    def compiled(self) -> dict[str, Callable[[], object]]:
        """As it is done where the kernel is."""
        gate = SpeechGate()
        chunks = itertools.cycle(np.split(self._at_16k[: 100 * 4000], 100))
        return {
            **self.before,
            "all features of 25 frames": lambda: self.extractor.compute(
                self.samples, self._numbers
            ),
            **self.after,
            "gate (not part of the hop)": lambda: gate.push(next(chunks)),
        }

    def by_numpy(self) -> dict[str, Callable[[], object]]:
        """As it is done elsewhere; what the kernel does not touch is left out."""
        extractor, banks = self.extractor, self._banks
        windowed = extractor.windowed(self.samples)
        power = (np.abs(np.fft.rfft(windowed, axis=1)) ** 2).astype(np.float32)
        mel_blocks, chroma_bank = banded(banks.mel), banks.chroma.T.astype(np.float32)
        bands = [power[:, first:end].view(np.int32) for first, end, _ in contrast_bands()]
        mel = extractor.features(windowed)[:, SPANS["mel"]]
        return {
            "framing and window": lambda: extractor.windowed(self.samples),
            "level of the frames": lambda: extractor.level_db(windowed),
            "all features of 25 frames": lambda: extractor.features(windowed),
            "– FFT": lambda: np.fft.rfft(windowed, axis=1),
            "– filter banks": lambda: (
                [power[:, block.bins] @ block.weights for block in mel_blocks],
                power @ chroma_bank,
            ),
            "– sorting, for the contrast": lambda: [np.sort(band, axis=1) for band in bands],
            "– logarithms of the mel bands": lambda: np.log(np.maximum(mel, AMIN)),
            **{name: with_kernel(None, call) for name, call in self.after.items()},
        }


def floor() -> dict[str, float]:
    """Operations and bytes that one hop cannot do without, counted and not measured."""
    bundle = load_bundle(bundle_folder(RealtimeSettings().model))
    banks = bundle.banks
    frames = HOP_S * SAMPLE_RATE / HOP_SAMPLES
    fft = frames * 2.5 * FRAME_SAMPLES * np.log2(FRAME_SAMPLES)
    in_blocks = sum(block.weights.size for block in banded(banks.mel)) + banks.chroma.size
    not_zero = np.count_nonzero(banks.mel) + banks.chroma.size
    pitch = PitchFinder().told()
    cosines = 2 * banks.dct.size + pitch["cosines"].size + pitch["combs"].size
    weights = sum(layer.weight.size for layer in bundle.network.layers)
    return {
        "FFT operations, million": float(fft) / 1e6,
        "filter bank operations as one dense product, million": frames * 2 * BINS * 140 / 1e6,
        "filter bank operations in blocks, as numpy does them, million": frames
        * 2
        * in_blocks
        / 1e6,
        "filter bank operations without any zero, as the kernel does them, million": frames
        * 2
        * float(not_zero)
        / 1e6,
        "operations of the cepstra and of the pitch, million": frames * 2 * cosines / 1e6,
        "network operations for two opinions, million": 2 * 2 * weights / 1e6,
        "bytes of spectra written and read, thousand": frames * BINS * 16 * 2 / 1e3,
        "bytes of the network read, thousand": weights * 4 / 1e3,
        "bytes of a window's frames read, thousand": WINDOW_S
        * SAMPLE_RATE
        / HOP_SAMPLES
        * FRAME_SIZE
        * 4
        / 1e3,
    }


def measure(seconds: float) -> dict[str, Any]:
    """Time one hop, its rivals on the same window, and its stages."""
    warnings.filterwarnings("ignore")
    clip, rate = soundfile.read(demonstration_clip(), dtype="float32")
    hop = Hop(clip, rate)
    rivals = _rivals(clip, rate)
    each = seconds / (2 * len(rivals))
    # Each on its own, and so with what it needs in the caches; then the hop after them all.
    alone = timings({"one hop": hop}, seconds=each, least_runs=200)
    others = [(f"kernel for {one.name}", one) for one in library.kernels()][1:]
    for name, kernel in (*others, ("numpy alone", None)):
        other = with_kernel(kernel, Hop(clip, rate))
        alone |= timings({f"one hop, {name}": other}, seconds=each, least_runs=200)
    for name, rival in rivals.items():
        alone |= timings({name: rival}, seconds=each)
    in_turn = timings({"one hop": hop.window, **rivals}, seconds=seconds / 2)
    stages = Stages(clip, rate)
    best = library.compiled()
    return {
        "kernel": "none" if best is None else best.name,
        "hop": alone,
        "hop in turn": in_turn | {"one hop": in_turn["one hop"].shared_by(HOPS)},
        "stages": timings(stages.compiled(), seconds=seconds / 4, least_runs=200),
        "stages in numpy": timings(stages.by_numpy(), seconds=seconds / 4, least_runs=200),
        "floor": floor(),
    }
