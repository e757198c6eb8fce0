"""Silero VAD 6.2, 16 kHz branch, in numpy: 512 samples in, one speech probability out.

::

    576 samples -> 4 Hann spectra (129) -> conv 128 -> conv 64, stride 2 -> conv 64, stride 2
                -> conv 128 -> LSTM 128 -> logistic

Weights and layers: https://github.com/snakers4/silero-vad (MIT, LICENSES/MIT-silero.txt);
scripts/export_silero.py makes the file. Everything before the LSTM needs no history, so it is
taken for a block of chunks at once. A matrix product may round a row differently when the
number of rows differs, so the block always has the same shape and the n-th chunk always sits in
row n modulo the block: a probability depends on the chunks before it, never on how many came
in one call.
"""

import hashlib
import io
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import BundleError

Array = npt.NDArray[np.float32]

CHUNK = 512
CONTEXT = 64
WEIGHTS_FILE = Path(__file__).with_name("silero_vad.npz")
WEIGHTS_SHA256 = "0b016eb0b9f9aeaf1ca81f01cc61fcb83011307ee24d2c157b2a8edf05fa0685"

_FFT = 256
_STRIDE = 128
_STEPS = 4
_BINS = 129
_CELLS = 128
_BLOCK = 8


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
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise BundleError(
                f"Cannot read the speech gate's weights {path}: {error}; reinstall the package."
            ) from error
        if hashlib.sha256(raw).hexdigest() != WEIGHTS_SHA256:
            raise BundleError(
                f"The speech gate's weights {path} are not those of this release (sha256 differs);"
                " reinstall the package."
            )
        with np.load(io.BytesIO(raw), allow_pickle=False) as file:
            w = {name: file[name] for name in file.files}
        self.hann = np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT), np.float32)
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

    def _arrange_lstm(self, w: dict[str, Array]) -> None:
        # logistic(z) = (1 + tanh(z / 2)) / 2: with the halves folded into the weights, all four
        # gates are one tanh. The cell hands on 2 h, hence the second half in `recurrent`.
        order = np.concatenate([np.arange(0, 256), np.arange(384, 512), np.arange(256, 384)])
        half = np.repeat(np.asarray([0.5, 1.0], np.float32), [3 * _CELLS, _CELLS])
        self.inward = np.ascontiguousarray(w["lstm_weight_ih"][order].T * half)
        self.recurrent = np.ascontiguousarray(w["lstm_weight_hh"][order].T * half / 2)
        self.bias_lstm = (w["lstm_bias_ih"] + w["lstm_bias_hh"])[order] * half


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


class Silero:
    """The network with its memory, for one stream.

    Parameters
    ----------
    weights : SileroWeights, optional
        The shipped ones by default.
    """

    def __init__(self, weights: SileroWeights | None = None) -> None:
        self._weights = weights or shipped_weights()
        self._slot = 0
        self._spectra = np.zeros((_STEPS, _BLOCK, _BINS), np.float32)
        self._conv1 = np.zeros((_STEPS * _BLOCK, _CELLS), np.float32)
        self._steps_last = np.zeros((_BLOCK, _STEPS, _CELLS), np.float32)
        self._partial = np.zeros((3 * _BLOCK, _CELLS), np.float32)
        self._conv2 = np.zeros((_BLOCK, 128), np.float32)
        self._conv3 = np.zeros((_BLOCK, 64), np.float32)
        self._conv4 = np.zeros((_BLOCK, _CELLS), np.float32)
        self._driven = np.zeros((_BLOCK, 4 * _CELLS), np.float32)
        self._hidden = np.zeros((_BLOCK, _CELLS), np.float32)
        self._logit = np.zeros(_BLOCK, np.float32)
        # One run of memory for [i | f | o | g | c], so that i g and f c are one product.
        self._cell = np.zeros(5 * _CELLS, np.float32)
        self._h = np.zeros(_CELLS, np.float32)

    def reset(self) -> None:
        """Forget everything heard."""
        self._slot = 0
        self._cell[:] = 0
        self._h[:] = 0

    def probabilities(self, padded: Array) -> Array:
        """Take the next chunks.

        Parameters
        ----------
        padded : ndarray, shape (chunks, 576), float32
            Each chunk of 512 samples behind the 64 samples before it.

        Returns
        -------
        ndarray, shape (chunks,), float32 in [0, 1]
            Probability of speech. The same to the last bit for any split into calls.
        """
        spectra = self._magnitudes(padded)
        result = np.empty(len(padded), np.float32)
        done = 0
        while done < len(padded):
            take = min(_BLOCK - self._slot, len(padded) - done)
            rows = slice(self._slot, self._slot + take)
            self._spectra[:, rows] = spectra[:, done : done + take]
            self._encode()
            for row in range(rows.start, rows.stop):
                self._advance(row)
            result[done : done + take] = self._decode()[rows]
            self._slot = rows.stop % _BLOCK
            done += take
        return result

    def _magnitudes(self, padded: Array) -> Array:
        """Spectra of the four steps, shape (4, chunks, 129); the last step mirrors the end."""
        chunks = len(padded)
        mirrored = np.empty((chunks, 640), np.float32)
        mirrored[:, :576] = padded
        mirrored[:, 576:] = padded[:, 574:510:-1]
        row, sample = mirrored.strides
        steps = np.lib.stride_tricks.as_strided(
            mirrored,
            (_STEPS, chunks, _FFT),
            (_STRIDE * sample, row, sample),
            writeable=False,
        )
        return np.abs(np.fft.rfft(steps * self._weights.hann))

    def _encode(self) -> None:
        """Fill what drives the LSTM for every row of the block."""
        w = self._weights
        spectra = self._spectra.reshape(_STEPS * _BLOCK, _BINS)
        np.dot(spectra, w.taps1[1], out=self._conv1)
        np.dot(spectra[:-_BLOCK], w.taps1[0], out=self._partial)
        self._conv1[_BLOCK:] += self._partial
        np.dot(spectra[_BLOCK:], w.taps1[2], out=self._partial)
        self._conv1[:-_BLOCK] += self._partial
        self._conv1 += w.bias1
        by_step = self._conv1.reshape(_STEPS, _BLOCK, _CELLS)
        np.maximum(by_step.transpose(1, 0, 2), 0, out=self._steps_last)
        _dense(self._steps_last.reshape(_BLOCK, -1), w.band2, w.bias2, self._conv2)
        _dense(self._conv2, w.band3, w.bias3, self._conv3)
        _dense(self._conv3, w.dense4, w.bias4, self._conv4)
        np.dot(self._conv4, w.inward, out=self._driven)
        self._driven += w.bias_lstm

    def _advance(self, row: int) -> None:
        """One step of the LSTM; leaves 2 h in the row."""
        cell, h = self._cell, self._h
        gates, c = cell[: 4 * _CELLS], cell[4 * _CELLS :]
        np.dot(h, self._weights.recurrent, out=gates)
        gates += self._driven[row]
        np.tanh(gates, out=gates)
        cell[: 3 * _CELLS] += 1
        cell[: 2 * _CELLS] *= cell[3 * _CELLS :]
        np.add(cell[:_CELLS], cell[_CELLS : 2 * _CELLS], out=c)
        c *= 0.5
        np.tanh(c, out=h)
        h *= cell[2 * _CELLS : 3 * _CELLS]
        self._hidden[row] = h

    def _decode(self) -> Array:
        np.dot(np.maximum(self._hidden, 0), self._weights.out, out=self._logit)
        return np.asarray(1 / (1 + np.exp(-(self._logit + self._weights.out_bias))), np.float32)


def _dense(rows: Array, matrix: Array, bias: Array, out: Array) -> None:
    np.dot(rows, matrix, out=out)
    out += bias
    np.maximum(out, 0, out=out)
