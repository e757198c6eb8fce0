"""The `predict` command: one recording judged by the framework's own model file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.bundle import Bundle, framework_file, load_bundle
from models.errors import UsageError
from models.labels import EMOTIONS, Emotion
from models.network import softmax
from models.window_vector import WINDOW_VECTOR_SIZE
from realtime.recording import analyse, spool_folder
from training.config import FRAMEWORKS
from training.features import HOP_S
from training.fitted import FrameworkModel
from training.judge import pool

LIVE_WINDOW_S = 3.0
LEAST_SOFTMAX = 1e-30


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Prediction:
    """What a framework's model says about one recording.

    Attributes
    ----------
    raw : ndarray, shape (windows, 8)
        The model's own softmax of each window.
    probabilities : ndarray, shape (8,), or None
        Calibrated and pooled over the windows, as `classify` does; None with too little speech.
    error : str
        Why the recording could not be read to its end; empty if it could.
    """

    raw: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None
    error: str = ""

    @property
    def emotion(self) -> Emotion | None:
        """The most probable emotion."""
        if self.probabilities is None:
            return None
        return EMOTIONS[int(self.probabilities.argmax())]


def load_framework_model(folder: Path, framework: str) -> FrameworkModel:
    """Read `model.keras` by `load_model`, or `model.pkl` by pickle, after its sha256 was checked.

    Raises
    ------
    BundleError
        If the bundle is damaged, or the file is not the one it was written with.
    UsageError
        If the bundle is of the other framework, or the framework is not installed.
    """
    bundle = load_bundle(folder)
    if FRAMEWORKS[framework] != bundle.kind:
        raise UsageError(
            f"The model in {folder} is of kind {bundle.kind}, not {FRAMEWORKS[framework]}: "
            "use the other --framework, or another --model."
        )
    path = framework_file(folder)
    if framework == "keras":
        from training.ann import KerasModel

        return KerasModel.load(path)
    from training.mlp import SklearnModel

    return SklearnModel.load(path)


def predict(path: Path, bundle: Bundle, model: FrameworkModel) -> Prediction:
    """Judge one recording, or what can be read of it, without a speaker baseline.

    Raises
    ------
    AudioError
        If nothing of the file can be used.
    """
    vectors, active_frames, error = spoken_windows(path, bundle)
    levelled = bundle.preprocessing.levelled(vectors)
    if not len(levelled):
        return Prediction(raw=np.zeros((0, len(EMOTIONS))), probabilities=None, error=error)
    inputs = bundle.preprocessing.standardised(levelled, SpeakerBaseline())
    raw = model.probabilities(inputs.astype(np.float32))
    temperature = bundle.calibration.for_window(LIVE_WINDOW_S).temperature_cold
    # The logarithm of a softmax is its logits but for a constant that the next one takes out.
    calibrated = softmax(np.log(np.maximum(raw, LEAST_SOFTMAX)), temperature)
    return Prediction(raw=raw, probabilities=pool(calibrated, active_frames), error=error)


def spoken_windows(
    path: Path, bundle: Bundle
) -> tuple[NDArray[np.float32], NDArray[np.int64], str]:
    """Vectors, shape (n, 338), and active frames, shape (n,), of windows with enough speech.

    The third is why the recording could not be read to its end; empty if it could.
    """
    with spool_folder() as folder:
        recording = analyse(path, bundle.banks, window_s=LIVE_WINDOW_S, hop_s=HOP_S, folder=folder)
        parts = list(recording.windows())
    if not parts:
        empty = np.zeros((0, WINDOW_VECTOR_SIZE), np.float32)
        return empty, np.zeros(0, np.int64), recording.error
    return (
        np.concatenate([vectors for vectors, _ in parts]),
        np.concatenate([active_frames for _, active_frames in parts]),
        recording.error,
    )


def prediction_text(prediction: Prediction) -> str:
    """The emotion, then each probability on a line."""
    if prediction.probabilities is None:
        return "no speech"
    lines = [
        f"  {emotion:<10} {probability:.3f}"
        for emotion, probability in zip(EMOTIONS, prediction.probabilities, strict=True)
    ]
    return "\n".join([str(prediction.emotion), *lines])
