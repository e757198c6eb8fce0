"""The speech gate: which chunks of a segment are speech.

::

    512 samples -> slow gain -> Silero -> hysteresis -> bool

Silero hears quiet speech badly, so a slow gain lifts it first. The gain follows a level that
rises at once and falls slowly, and looks at no sample after the chunk. Chunks that are digital
silence, or far below that level, are "not speech" and pass the network by; after a pause of such
chunks it starts again from the state it begins a segment with. That saves time, and it decides
better: a network that hears the pause comes back late, and one that goes on as it was takes the
noise after it for speech. It is a rule of the gate, the same live, offline and in bulk.
"""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from models.silero import CHUNK, CONTEXT, Silero
from models.silero_weights import START_SHA256, WEIGHTS_SHA256, SileroWeights
from models.slow_gain import SlowGain

__all__ = ["CHUNK", "GATE", "GateContract", "SpeechGate", "gate_contract"]

Array = npt.NDArray[np.float32]
Decisions = npt.NDArray[np.bool_]

# Long pushes are taken in pieces, so that memory does not grow with them.
_PIECE = 256
_SAMPLE_RATE = 16000


@dataclass(frozen=True, kw_only=True, slots=True)
class GateContract:
    """All that the decisions depend on; part of a bundle's fingerprint.

    Attributes
    ----------
    on, off : float
        Speech begins at this probability, and ends below that one.
    target_dbfs, max_gain_db, decay_db_per_s : float
        The slow gain lifts the running level to the target, by at most that much; the running
        level rises at once and falls at that pace.
    silence_dbfs, silence_below_db : float
        A chunk below this level is silence; so is one that lies further than this below the
        running level. Silence is "not speech", and the network does not hear it.
    pause_chunks : int
        After so many silent chunks the network starts again.
    weights_sha256, start_sha256 : str
        The network's weights, and the state it starts from.
    """

    chunk_samples: int = CHUNK
    on: float = 0.3
    off: float = 0.2
    target_dbfs: float = -23.0
    max_gain_db: float = 40.0
    decay_db_per_s: float = 6.0
    silence_dbfs: float = -105.0
    silence_below_db: float = 40.0
    pause_chunks: int = 8
    weights_sha256: str = WEIGHTS_SHA256
    start_sha256: str = START_SHA256

    def as_dict(self) -> dict[str, int | float | str]:
        """Return the contract in the form a bundle stores."""
        return asdict(self)


GATE = GateContract()


def gate_contract() -> dict[str, int | float | str]:
    """Return the shipped gate's contract in the form a bundle stores."""
    return GATE.as_dict()


class SpeechGate:
    """Decide on speech, chunk by chunk; one instance per segment.

    Parameters
    ----------
    contract : GateContract, optional
    weights : SileroWeights, optional
        The shipped ones by default, read once per process.
    """

    def __init__(self, contract: GateContract = GATE, weights: SileroWeights | None = None) -> None:
        self._contract = contract
        self._network = Silero(weights)
        self._gain = SlowGain(
            target_dbfs=contract.target_dbfs,
            max_gain_db=contract.max_gain_db,
            decay_db_per_chunk=contract.decay_db_per_s * CHUNK / _SAMPLE_RATE,
            silence_dbfs=contract.silence_dbfs,
            silence_below_db=contract.silence_below_db,
        )
        self.reset()

    def reset(self) -> None:
        """Begin a new segment."""
        self._network.reset()
        self._gain.reset()
        self._pending = np.zeros(0, np.float32)
        self._context = np.zeros(CONTEXT, np.float32)
        self._silent_chunks = self._contract.pause_chunks
        self._speech = False

    def push(self, canonical: Array) -> Decisions:
        """Take the next samples and decide on the chunks they complete.

        Parameters
        ----------
        canonical : ndarray, shape (n,), float32, 16 kHz
            Any number of samples; the split into calls changes no decision.

        Returns
        -------
        ndarray, shape (m,), bool
            One decision for each chunk of 512 samples completed.
        """
        samples = np.concatenate([self._pending, canonical])
        whole = len(samples) - len(samples) % CHUNK
        self._pending = samples[whole:].copy()
        chunks = samples[:whole].reshape(-1, CHUNK)
        decisions = np.zeros(len(chunks), np.bool_)
        for start in range(0, len(chunks), _PIECE):
            piece = slice(start, start + _PIECE)
            decisions[piece] = self._decide(chunks[piece])
        return decisions

    def _decide(self, chunks: Array) -> Decisions:
        lifted, sounding = self._gain.lift(chunks)
        lifted[~sounding] = 0
        padded, fresh = self._with_context(lifted), self._after_pause(sounding)
        heard = iter(self._network.probabilities(padded[sounding], fresh[sounding]).tolist())
        decisions = np.empty(len(chunks), np.bool_)
        for chunk, is_sounding in enumerate(sounding.tolist()):
            threshold = self._contract.off if self._speech else self._contract.on
            self._speech = is_sounding and next(heard) >= threshold
            decisions[chunk] = self._speech
        return decisions

    def _after_pause(self, sounding: Decisions) -> Decisions:
        """Tell which chunks follow a pause, or begin the segment."""
        fresh = np.zeros(len(sounding), np.bool_)
        for chunk, is_sounding in enumerate(sounding.tolist()):
            fresh[chunk] = self._silent_chunks >= self._contract.pause_chunks
            self._silent_chunks = 0 if is_sounding else self._silent_chunks + 1
        return fresh

    def _with_context(self, lifted: Array) -> Array:
        """Put before each chunk the end of the one before it, shape (m, 576)."""
        padded = np.empty((len(lifted), CONTEXT + CHUNK), np.float32)
        padded[:, CONTEXT:] = lifted
        padded[0, :CONTEXT] = self._context
        padded[1:, :CONTEXT] = lifted[:-1, -CONTEXT:]
        self._context = lifted[-1, -CONTEXT:].copy()
        return padded
