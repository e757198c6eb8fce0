"""Silero VAD 6.2, 8 kHz branch, in numpy: 512 samples in, one speech probability out.

::

    576 samples -> 4 Hann spectra (65 of 129) -> conv 128 -> conv 64, stride 2 -> conv 64, stride 2
                -> conv 128 -> LSTM 128 -> logistic

Layers as in https://github.com/snakers4/silero-vad. The network for 8 kHz hears speech through
telephones that the one for 16 kHz does not, and full-band speech no worse. Its spectra span the
same 16 ms as ours at 16 kHz, and their bins lie at the same frequencies, so the lower half of our
spectrum is all it needs and nothing is resampled. From the same state the probabilities equal
those of its ONNX file to 1e-5 for 8 kHz with zeros between the samples (twice as large), and to
0.01 for 16 kHz that holds nothing above 3.8 kHz.

All before the LSTM needs no history, so it is taken for a block of chunks at once. A matrix
product may round a row differently when the number of rows differs, so the block always has the
same shape and the n-th chunk always sits in row n modulo the block: a probability depends on the
chunks before it, never on how many came in one call.
"""

import numpy as np
import numpy.typing as npt

from models.kernel import library
from models.silero_weights import BINS, CELLS, FFT, SileroWeights, shipped_start, shipped_weights

Array = npt.NDArray[np.float32]

CHUNK = 512
CONTEXT = 64
BLOCK = 8

_STRIDE = 128
_STEPS = 4


class Encoder:
    """All layers before the memory, for a block of eight chunks.

    Parameters
    ----------
    weights : SileroWeights
    """

    def __init__(self, weights: SileroWeights) -> None:
        self._weights = weights
        self._spectra = np.zeros((_STEPS, BLOCK, BINS), np.float32)
        self._conv1 = np.zeros((_STEPS * BLOCK, CELLS), np.float32)
        self._partial = np.zeros((3 * BLOCK, CELLS), np.float32)
        self._steps_last = np.zeros((BLOCK, _STEPS, CELLS), np.float32)
        self._conv2 = np.zeros((BLOCK, 128), np.float32)
        self._conv3 = np.zeros((BLOCK, 64), np.float32)
        self._conv4 = np.zeros((BLOCK, CELLS), np.float32)
        self._drive = np.zeros((BLOCK, 4 * CELLS), np.float32)

    def drive(self, spectra: Array, first_row: int = 0) -> Array:
        """Put chunks into rows of the block and give what drives the memory.

        Parameters
        ----------
        spectra : ndarray, shape (4, n, 65), float32
            From `magnitudes`; `first_row + n` is at most 8.
        first_row : int

        Returns
        -------
        ndarray, shape (8, 512), float32
            For every row of the block; valid until the next call.
        """
        self._spectra[:, first_row : first_row + spectra.shape[1]] = spectra
        w = self._weights
        rows = self._spectra.reshape(_STEPS * BLOCK, BINS)
        np.dot(rows, w.taps1[1], out=self._conv1)
        np.dot(rows[:-BLOCK], w.taps1[0], out=self._partial)
        self._conv1[BLOCK:] += self._partial
        np.dot(rows[BLOCK:], w.taps1[2], out=self._partial)
        self._conv1[:-BLOCK] += self._partial
        self._conv1 += w.bias1
        by_step = self._conv1.reshape(_STEPS, BLOCK, CELLS)
        np.maximum(by_step.transpose(1, 0, 2), 0, out=self._steps_last)
        _dense(self._steps_last.reshape(BLOCK, -1), w.band2, w.bias2, self._conv2)
        _dense(self._conv2, w.band3, w.bias3, self._conv3)
        _dense(self._conv3, w.dense4, w.bias4, self._conv4)
        np.dot(self._conv4, w.inward, out=self._drive)
        self._drive += w.bias_lstm
        return self._drive


def magnitudes(padded: Array, hann: Array) -> Array:
    """Take the four spectra of each chunk; the last one mirrors the chunk's end.

    Parameters
    ----------
    padded : ndarray, shape (chunks, 576), float32
    hann : ndarray, shape (256,), float32

    Returns
    -------
    ndarray, shape (4, chunks, 65), float32
    """
    # Around the last even sample, which is the last one at 8 kHz.
    mirrored = np.concatenate([padded[:, :575], padded[:, 573:508:-1]], axis=1)
    row, sample = mirrored.strides
    steps = np.lib.stride_tricks.as_strided(
        mirrored, (_STEPS, len(padded), FFT), (_STRIDE * sample, row, sample), writeable=False
    )
    return np.abs(np.fft.rfft(steps * hann)[:, :, :BINS])


def _dense(rows: Array, matrix: Array, bias: Array, out: Array) -> None:
    np.dot(rows, matrix, out=out)
    out += bias
    np.maximum(out, 0, out=out)


class Silero:
    """The network with its memory, for one stream.

    Parameters
    ----------
    weights : SileroWeights, optional
    start : ndarray, shape (2, 128), optional
        State the memory starts from. The shipped ones by default.
    """

    def __init__(self, weights: SileroWeights | None = None, start: Array | None = None) -> None:
        self._weights = weights or shipped_weights()
        self._start = shipped_start() if start is None else start
        self._encoder = Encoder(self._weights)
        self._told = self._weights.told(self._start)
        self._hidden = np.zeros((BLOCK, CELLS), np.float32)
        self._logit = np.zeros(BLOCK, np.float32)
        # One run of memory for [i | f | o | g | c], so that i g and f c are one product.
        self._cell = np.zeros(5 * CELLS, np.float32)
        self._h = np.zeros(CELLS, np.float32)
        self._slot = 0
        self._begin()

    def reset(self) -> None:
        """Forget everything heard."""
        self._slot = 0
        self._begin()

    def probabilities(self, padded: Array, fresh: npt.NDArray[np.bool_]) -> Array:
        """Take the next chunks.

        Parameters
        ----------
        padded : ndarray, shape (chunks, 576), float32
            Each chunk of 512 samples behind the 64 samples before it.
        fresh : ndarray, shape (chunks,), bool
            Where the memory goes back to its start before the chunk.

        Returns
        -------
        ndarray, shape (chunks,), float32 in [0, 1]
            Probability of speech. The same to the last bit for any split into calls.
        """
        kernel = library.compiled()
        if kernel is not None:
            memory = self._h, self._cell[4 * CELLS :]
            return kernel.speech(padded, fresh, self._told, memory)
        spectra = magnitudes(padded, self._weights.hann)
        result = np.empty(len(padded), np.float32)
        done = 0
        while done < len(padded):
            take = min(BLOCK - self._slot, len(padded) - done)
            part = slice(done, done + take)
            rows = slice(self._slot, self._slot + take)
            drive = self._encoder.drive(spectra[:, part], rows.start)
            for row, begins in enumerate(fresh[part].tolist(), rows.start):
                if begins:
                    self._begin()
                self._advance(drive[row])
                self._hidden[row] = self._h
            result[part] = self._decode()[rows]
            self._slot = rows.stop % BLOCK
            done += take
        return result

    def _begin(self) -> None:
        output, cell = self._start
        np.multiply(output, 2, out=self._h)
        self._cell[4 * CELLS :] = cell

    def _advance(self, drive: Array) -> None:
        """One step of the LSTM; leaves twice its output in `_h`."""
        cell, h = self._cell, self._h
        gates, c = cell[: 4 * CELLS], cell[4 * CELLS :]
        np.dot(h, self._weights.recurrent, out=gates)
        gates += drive
        np.tanh(gates, out=gates)
        cell[: 3 * CELLS] += 1
        cell[: 2 * CELLS] *= cell[3 * CELLS :]
        np.add(cell[:CELLS], cell[CELLS : 2 * CELLS], out=c)
        c *= 0.5
        np.tanh(c, out=h)
        h *= cell[2 * CELLS : 3 * CELLS]

    def _decode(self) -> Array:
        np.dot(np.maximum(self._hidden, 0), self._weights.out, out=self._logit)
        return np.asarray(1 / (1 + np.exp(-(self._logit + self._weights.out_bias))), np.float32)
