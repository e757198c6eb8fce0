"""The weights of Silero VAD 6.2 (8 kHz), arranged for few and large products.

Weights: https://github.com/snakers4/silero-vad (MIT, LICENSES/MIT-silero.txt), taken from its
wheel by scripts/export_silero.py. The state that the memory starts from is ours, fitted by
scripts/fit_gate_start.py.
"""

import hashlib
import io
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import BundleError
from models.kernel.tables import GateTables, half_spectrum

Array = npt.NDArray[np.float32]

WEIGHTS_FILE = Path(__file__).with_name("silero_vad.npz")
START_FILE = Path(__file__).with_name("gate_start.npz")
WEIGHTS_SHA256 = "05957a244bb613bb3cc4c1e0695e5e7181690ef527863a66d99ef135a8e76df4"
START_SHA256 = "9915b6b26ce666e23f018e4e99b889b8746d165365483dd0ec79edd129218fdc"

FFT = 256
CELLS = 128
BINS = 65


class SileroWeights:
    """The weights, arranged for few and large products; made once per process.

    Parameters
    ----------
    path : Path
        The npz that scripts/export_silero.py writes.

    Raises
    ------
    BundleError
        The file is missing, or is not the one this release was measured with.
    """

    def __init__(self, path: Path = WEIGHTS_FILE) -> None:
        w = _read(path, WEIGHTS_SHA256)
        # A sum over twice as many samples as at 8 kHz, hence half of the window of Hann.
        self.hann = np.asarray(0.25 - 0.25 * np.cos(2 * np.pi * np.arange(FFT) / FFT), np.float32)
        self.taps1 = np.ascontiguousarray(w["conv1_weight"].transpose(2, 1, 0))
        self.bias1 = w["conv1_bias"]
        self.band2 = _banded(w["conv2_weight"], steps=4)
        self.bias2 = np.tile(w["conv2_bias"], 2)
        self.band3 = _banded(w["conv3_weight"], steps=2)
        self.bias3 = w["conv3_bias"]
        self.dense4 = np.ascontiguousarray(w["conv4_weight"].T)
        self.bias4 = w["conv4_bias"]
        self._arrange_lstm(w)
        self.out = w["out_weight"][0, :, 0] / 2
        self.out_bias = float(w["out_bias"][0])
        cosines, sines = half_spectrum(FFT, BINS, GateTables.columns)
        self.cosines, self.sines = cosines.astype(np.float32), sines.astype(np.float32)

    def told(self, start: Array) -> GateTables:
        """All of it for the compiled kernel, with the state that the memory starts from."""
        return GateTables.of(vars(self) | {"start_output": 2 * start[0], "start_cell": start[1]})

    def _arrange_lstm(self, w: dict[str, Array]) -> None:
        # logistic(z) = (1 + tanh(z / 2)) / 2: with the halves folded into the weights, all four
        # gates are one tanh. The cell hands on 2 h, hence the second half in `recurrent`.
        order = np.concatenate([np.arange(0, 256), np.arange(384, 512), np.arange(256, 384)])
        half = np.repeat(np.asarray([0.5, 1.0], np.float32), [3 * CELLS, CELLS])
        self.inward = np.ascontiguousarray(w["lstm_weight_ih"][order].T * half)
        self.recurrent = np.ascontiguousarray(w["lstm_weight_hh"][order].T * half / 2)
        self.bias_lstm = (w["lstm_bias_ih"] + w["lstm_bias_hh"])[order] * half


def _read(path: Path, sha256: str) -> dict[str, Array]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"Cannot read the speech gate's weights {path}: {error}; reinstall the package."
        ) from error
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise BundleError(
            f"The speech gate's weights {path} are not those of this release (sha256 differs);"
            " reinstall the package."
        )
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _banded(kernel: Array, *, steps: int) -> Array:
    """Write a convolution (stride 2, padding 1) over all its steps as one matrix.

    Parameters
    ----------
    kernel : ndarray, shape (outputs, inputs, 3)
    steps : int
        Time steps that come in; half as many go out.

    Returns
    -------
    ndarray, shape (steps * inputs, steps / 2 * outputs)
    """
    outputs, inputs, taps = kernel.shape
    matrix = np.zeros((steps, inputs, steps // 2, outputs), np.float32)
    for step_out in range(steps // 2):
        for tap in range(taps):
            step_in = 2 * step_out + tap - 1
            if 0 <= step_in < steps:
                matrix[step_in, :, step_out] = kernel[:, :, tap].T
    return matrix.reshape(steps * inputs, -1)


@cache
def shipped_weights() -> SileroWeights:
    """Read the shipped weights; later calls return the same object."""
    return SileroWeights()


@cache
def shipped_start() -> Array:
    """Read the state the memory starts from, shape (2, 128): output, cell.

    From zeros the network needs a second or two of speech before it hears any: 4 % of the
    windows of single clips would be lost. scripts/fit_gate_start.py fits this state instead.
    """
    arrays = _read(START_FILE, START_SHA256)
    return np.stack([arrays["output"], arrays["cell"]])
