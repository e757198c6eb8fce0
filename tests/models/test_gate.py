import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.errors import BundleError
from models.gate import CHUNK, GATE, SpeechGate, gate_contract
from models.silero import CONTEXT, Silero
from models.silero_weights import (
    CELLS,
    START_FILE,
    START_SHA256,
    WEIGHTS_FILE,
    WEIGHTS_SHA256,
    SileroWeights,
)

Samples = NDArray[np.float32]

RATE = 16000
GOLDEN = Path(__file__).with_name("golden_gate.npz")


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[Any]]:
    with np.load(GOLDEN, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def voice(speech_16k: Samples) -> Samples:
    return speech_16k


def decide(samples: NDArray[np.floating], gate: SpeechGate | None = None) -> NDArray[np.bool_]:
    return (gate or SpeechGate()).push(np.asarray(samples, np.float32))


def pushed(samples: Samples, cuts: Iterable[int]) -> NDArray[np.bool_]:
    gate = SpeechGate()
    parts = np.split(samples, sorted(cuts))
    return np.concatenate([gate.push(part) for part in parts])


def padded_chunks(samples: Samples) -> Samples:
    samples = np.concatenate([np.zeros(CONTEXT, np.float32), samples])
    rows = np.lib.stride_tricks.sliding_window_view(samples, CONTEXT + CHUNK)
    return np.ascontiguousarray(rows[::CHUNK])


def hum(frequency: float, seconds: int = 6) -> NDArray[np.float64]:
    angle = 2 * np.pi * frequency * np.arange(seconds * RATE) / RATE
    return np.sin(angle) + 0.3 * np.sin(2 * angle) + 0.2 * np.sin(3 * angle)


def coloured_noise(tilt: float, seconds: int = 6) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(np.random.default_rng(11).standard_normal(seconds * RATE))
    hertz = np.fft.rfftfreq(seconds * RATE, 1 / RATE)
    return np.fft.irfft(spectrum / np.maximum(hertz, 20) ** tilt)


def at_level(samples: NDArray[np.floating], level_dbfs: float) -> NDArray[np.floating]:
    return np.asarray(samples * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(samples**2)))


# Partition: the same decisions for any split into pushes


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, 7 * RATE), max_size=40))
def test_any_split_gives_the_same_decisions(voice: Samples, cuts: list[int]) -> None:
    assert np.array_equal(pushed(voice, cuts), decide(voice))


@settings(max_examples=15)
@given(sizes=st.lists(st.sampled_from([0, 1, 2, 511, 512, 513, 4000]), min_size=1, max_size=40))
def test_odd_sized_pushes_give_the_same_decisions(voice: Samples, sizes: list[int]) -> None:
    assert np.array_equal(pushed(voice, np.cumsum(sizes).tolist()), decide(voice))


def test_single_samples_give_the_same_decisions(voice: Samples) -> None:
    some = voice[: RATE // 2]
    assert np.array_equal(pushed(some, range(1, len(some))), decide(some))


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 218), max_size=60))
def test_any_split_gives_the_same_probabilities_to_the_last_bit(
    voice: Samples, cuts: list[int]
) -> None:
    padded = padded_chunks(voice)
    fresh = np.arange(len(padded)) % 100 == 0
    whole = Silero().probabilities(padded, fresh)
    network = Silero()
    parts = [
        network.probabilities(*part)
        for part in zip(np.split(padded, sorted(cuts)), np.split(fresh, sorted(cuts)), strict=True)
    ]
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_push_longer_than_a_piece_gives_the_same_decisions(voice: Samples) -> None:
    long = np.tile(voice, 3)
    assert np.array_equal(pushed(long, range(4000, len(long), 4000)), decide(long))


def test_one_decision_for_each_completed_chunk() -> None:
    gate = SpeechGate()
    assert [len(gate.push(np.zeros(n, np.float32))) for n in (0, 1, 510, 1, 1023, 1, 512)] == [
        0, 0, 0, 1, 1, 1, 1,
    ]  # fmt: skip


def test_no_decision_depends_on_what_comes_later(voice: Samples) -> None:
    changed = voice.copy()
    changed[5 * RATE :] = 0.3
    known = 5 * RATE // CHUNK
    assert np.array_equal(decide(changed)[:known], decide(voice)[:known])


def test_reset_forgets(voice: Samples) -> None:
    gate = SpeechGate()
    decide(voice[: 3 * RATE + 77], gate)
    gate.reset()
    assert np.array_equal(decide(voice, gate), decide(voice))


# Reference: the official ONNX file (release 6.2.3, onnxruntime 1.32) at 8 kHz, on every other
# sample of the same seven seconds. With zeros in between, the lower half of a spectrum at 16 kHz is
# that at 8 kHz, to the last digit.


def test_probabilities_equal_those_of_the_onnx_file(
    golden: dict[str, NDArray[Any]], voice: Samples
) -> None:
    spread = np.zeros_like(voice)
    spread[::2] = 2 * voice[::2]
    network = Silero(start=np.zeros((2, CELLS), np.float32))
    padded = padded_chunks(spread)
    probabilities = network.probabilities(padded, np.zeros(len(padded), np.bool_))
    # float32 products in another order
    assert np.abs(probabilities - golden["onnx_probabilities"]).max() < 1e-5


def test_decisions_do_not_drift(golden: dict[str, NDArray[Any]], voice: Samples) -> None:
    assert np.array_equal(decide(voice), golden["decisions"])


# What is speech and what is not


def test_the_voice_is_heard_and_the_silence_around_it_is_not(voice: Samples) -> None:
    decisions = decide(np.concatenate([np.zeros(RATE), voice, np.zeros(RATE)]))
    second = RATE // CHUNK
    assert not decisions[:second].any()
    assert not decisions[-second:].any()
    assert decisions.sum() > 0.3 * len(voice) / CHUNK


@pytest.mark.parametrize("gain_db", [-30, -20, -10, 6, 12])
def test_gain_changes_no_decision_that_matters(voice: Samples, gain_db: float) -> None:
    power = np.square(voice[: len(voice) // CHUNK * CHUNK].reshape(-1, CHUNK)).mean(axis=1)
    loud = power > power.max() / 1000  # what is fainter by 30 dB is never active
    changed = decide(voice * 10 ** (gain_db / 20)) != decide(voice)
    # The slow gain lifts by 40 dB at most: a clip 30 dB fainter may begin one chunk later.
    assert changed[loud].mean() < 0.03


@pytest.mark.parametrize("level_dbfs", [-60, -40, -20])
@pytest.mark.parametrize("tilt", [0, 0.5, 1], ids=["white", "pink", "brown"])
def test_noise_is_no_speech(tilt: float, level_dbfs: float) -> None:
    assert decide(at_level(coloured_noise(tilt), level_dbfs)).mean() < 0.02


@pytest.mark.parametrize("frequency", [50, 60, 100, 120])
def test_hum_is_no_speech(frequency: float) -> None:
    assert decide(at_level(hum(frequency), -30)).mean() < 0.02


def test_dither_is_no_speech() -> None:
    steps = np.random.default_rng(5).integers(-1, 2, 6 * RATE)
    assert not decide(steps / 32768).any()


def test_broken_samples_are_no_speech_and_do_no_lasting_harm(voice: Samples) -> None:
    broken = np.full(CHUNK * 10, np.nan)
    broken[: CHUNK * 5] = np.inf
    decisions = decide(np.concatenate([broken, voice]))
    assert not decisions[:10].any()
    assert np.array_equal(decisions[10:], decide(voice))


def test_silence_is_not_given_to_the_network(voice: Samples) -> None:
    class Counting(Silero):
        heard = 0

        def probabilities(self, padded: Samples, fresh: NDArray[np.bool_]) -> Samples:
            self.heard += len(padded)
            return super().probabilities(padded, fresh)

    gate = SpeechGate()
    gate._network = network = Counting()
    decide(np.zeros(10 * RATE), gate)
    assert network.heard == 0
    decide(voice, gate)
    assert network.heard > 0


class Listening(Silero):
    """Keeps what the network is given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Samples] = []
        self.fresh: list[bool] = []

    def probabilities(self, padded: Samples, fresh: NDArray[np.bool_]) -> Samples:
        self.given += list(padded)
        self.fresh += fresh.tolist()
        return super().probabilities(padded, fresh)


def overheard(samples: Samples, cuts: Iterable[int] = ()) -> Listening:
    gate = SpeechGate()
    gate._network = network = Listening()
    for part in np.split(samples, sorted(cuts)):
        gate.push(part)
    return network


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, 2 * RATE), max_size=40))
def test_any_split_gives_the_network_the_same(voice: Samples, cuts: list[int]) -> None:
    some = voice[3 * RATE : 5 * RATE]
    whole, parts = overheard(some), overheard(some, cuts)
    assert np.array_equal(whole.given, parts.given)
    assert whole.fresh == parts.fresh


def test_each_chunk_is_given_behind_the_end_of_the_one_before() -> None:
    loud = at_level(hum(200, 1)[: 6 * CHUNK], -10).astype(np.float32)  # above the gain's target
    given = overheard(loud, range(CHUNK, 6 * CHUNK, CHUNK)).given
    assert np.array_equal(given, padded_chunks(loud))


@pytest.mark.parametrize("silence", [0.0, 1e-4, np.nan])
@pytest.mark.parametrize(("silent_chunks", "starts_again"), [(7, False), (8, True), (9, True)])
def test_after_a_pause_the_network_starts_again_and_hears_nothing_of_it(
    silence: float, silent_chunks: int, *, starts_again: bool
) -> None:
    loud = at_level(hum(200, 1)[:CHUNK], -10).astype(np.float32)
    pause = np.full(silent_chunks * CHUNK, silence, np.float32)  # 1e-4: 70 dB below
    assert GATE.pause_chunks == 8
    for cuts in ((), (CHUNK,), (CHUNK + pause.size,)):
        network = overheard(np.concatenate([loud, pause, loud]), cuts)
        assert network.fresh == [True, starts_again]
        assert not network.given[1][:CONTEXT].any()


# The shipped files


@pytest.mark.parametrize(
    ("file", "sha256"), [(WEIGHTS_FILE, WEIGHTS_SHA256), (START_FILE, START_SHA256)]
)
def test_shipped_files_are_the_measured_ones(file: Path, sha256: str) -> None:
    assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.npz"
    other.write_bytes(WEIGHTS_FILE.read_bytes() + b"x")
    with pytest.raises(BundleError, match="sha256 differs"):
        SileroWeights(other)


def test_missing_weights_are_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="reinstall"):
        SileroWeights(tmp_path / "none.npz")


def test_contract_names_everything_and_is_plain() -> None:
    contract = gate_contract()
    assert contract == GATE.as_dict()
    assert contract["on"] == 0.3
    assert contract["weights_sha256"] == WEIGHTS_SHA256
    assert all(isinstance(value, int | float | str) for value in contract.values())
