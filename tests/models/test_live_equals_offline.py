"""The proof: for any partition into blocks and any source rate, live equals offline.

Offline here is written the slow, plain way from the definition in the text: resample the whole
segment, decide all chunks, compute all frames, take mean, deviation and steps per window.
"""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.feature_table import FLOORED_MFCC, PITCH, SPANS
from models.filter_banks import make_filter_banks
from models.frames import FrameExtractor
from models.gate import SpeechGate
from models.segment import SegmentStream
from models.windows import Window

EXTRACTOR = FrameExtractor(make_filter_banks())
WINDOW, HOP = 48000, 4000


def _offline(
    samples: NDArray[np.float32], rate: int, window: int, hop: int
) -> list[tuple[int, NDArray[np.float64] | None]]:
    canonical = soxr.resample(samples, rate, 16000, "HQ") if rate != 16000 else samples
    speech = SpeechGate().push(canonical)
    count = (canonical.size - 1024) // 160 + 1
    frames = EXTRACTOR.features(EXTRACTOR.windowed(canonical)).astype(np.float64)
    level = EXTRACTOR.level_db(EXTRACTOR.windowed(canonical))
    spoken = np.array([speech[(160 * k + 512) // 512] for k in range(count)])
    frames[~spoken] = 0
    rows: list[tuple[int, NDArray[np.float64] | None]] = []
    for end in range(hop, canonical.size + 1, hop):
        inside = [k for k in range(count) if 160 * k >= end - window and 160 * k + 1024 <= end]
        heard = [k for k in inside if spoken[k]]
        active = [k for k in heard if level[k] >= max(level[heard]) - 30]
        vector = _vector(frames, active, inside[0]) if len(active) >= 50 else None
        rows.append((len(active), vector))
    return rows


def _vector(frames: NDArray[np.float64], active: list[int], first: int) -> NDArray[np.float64]:
    mfcc, contrast = frames[:, FLOORED_MFCC], frames[:, SPANS["contrast"]]
    deviating = frames[:, SPANS["contrast"].start : FLOORED_MFCC.start + 24]
    stepping = [k for k in active if k - 1 in active and k >= first + 16]
    steps = [np.abs(mfcc[k, :24] - mfcc[k - 1, :24]) for k in stepping]
    changes = [mfcc[k, :8] - mfcc[k - 16, :8] for k in active if k - 16 in active]
    voicing = frames[:, PITCH][:, 2]
    pairs = [k for k in active if k - 8 in active]
    earlier = [k - 8 for k in pairs]
    return np.concatenate(
        [
            frames[active].mean(axis=0),
            deviating[active].std(axis=0),
            np.mean(steps, axis=0),
            np.mean([_pitch_steps(frames[:, PITCH], k) for k in stepping], axis=0),
            np.abs(contrast[pairs] - contrast[earlier]).mean(axis=0),
            np.mean(changes, axis=0),
            np.average(
                mfcc[pairs, :8] - mfcc[earlier, :8],
                axis=0,
                weights=np.minimum(voicing[pairs], voicing[earlier]),
            ),
            np.average(mfcc[active, :8], axis=0, weights=voicing[active]),
        ]
    )


def _pitch_steps(pitches: NDArray[np.float64], k: int) -> list[float]:
    now, then, long_ago = pitches[k], pitches[k - 8], pitches[k - 16]
    semitones = [
        one[3] / one[2] if one[2] else 0.0 for one in (now, pitches[k - 1], then, long_ago)
    ]
    moves = [
        semitones[0] - semitones[1],
        semitones[0] - semitones[2],
        semitones[0] - 2 * semitones[2] + semitones[3],
    ]
    heard = [
        min(now[2], pitches[k - 1][2]),
        min(now[2], then[2]),
        min(now[2], then[2], long_ago[2]),
    ]
    weights = np.multiply(heard, np.maximum(0.0, 1 - np.abs(moves) / np.array([2.0, 12.0, 12.0])))
    return [*weights, *weights * moves, *np.abs(weights * moves)[:2]]


def _live(
    samples: NDArray[np.float32], rate: int, cuts: list[int], window: int, hop: int
) -> list[Window]:
    stream = SegmentStream(rate, EXTRACTOR, window_samples=window, hop_samples=hop)
    windows: list[Window] = []
    for part in np.split(samples, sorted(cuts)):
        windows += stream.push(part)
    return windows + stream.push(samples[:0], last=True)


@pytest.fixture(scope="module")
def sources(speech_48k: NDArray[np.float32]) -> dict[int, NDArray[np.float32]]:
    """Five seconds of speech with a pause, at several rates."""
    five = speech_48k[int(2.2 * 48000) : int(7.2 * 48000)]
    rates = [8000, 16000, 22050, 44100, 48000, 96000]
    return {rate: soxr.resample(five, 48000, rate, "HQ") for rate in rates}


@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_windows_equal_those_of_the_definition(
    data: st.DataObject, sources: dict[int, NDArray[np.float32]]
) -> None:
    rate = data.draw(st.sampled_from(sorted(sources)))
    window = data.draw(st.sampled_from([16000, 32000, 48000]))
    hop = data.draw(st.sampled_from([1600, 4000, 8000]))
    samples = sources[rate]
    cuts = data.draw(st.lists(st.integers(0, samples.size), max_size=40))
    live = _live(samples, rate, cuts, window, hop)
    offline = _offline(samples, rate, window, hop)
    assert [row.active_frames for row in live] == [count for count, _ in offline]
    for row, (_, vector) in zip(live, offline, strict=True):
        assert (row.vector is None) == (vector is None)
        if row.vector is not None and vector is not None:
            # Sums of float32: relative to the largest, as mel power spans ten decades.
            np.testing.assert_allclose(row.vector, vector, rtol=2e-5, atol=2e-4)


def test_the_blocks_of_a_real_device_give_the_same(
    sources: dict[int, NDArray[np.float32]],
) -> None:
    samples = sources[48000]
    whole = _live(samples, 48000, [], WINDOW, HOP)
    parts = _live(samples, 48000, list(range(960, samples.size, 960)), WINDOW, HOP)
    assert [row.active_frames for row in whole] == [row.active_frames for row in parts]
    assert [row.level_dbfs for row in parts] == pytest.approx([row.level_dbfs for row in whole])


def test_rows_begin_after_the_first_hop_and_grow_to_the_window(
    sources: dict[int, NDArray[np.float32]],
) -> None:
    rows = _live(sources[16000], 16000, [], WINDOW, HOP)
    assert [row.end for row in rows] == list(range(HOP, 80001, HOP))
    assert [row.start for row in rows] == [max(0, row.end - WINDOW) for row in rows]
    assert max(row.frames for row in rows) == 294


def test_a_tenth_of_a_hop_left_over_gets_no_row() -> None:
    assert len(_live(np.zeros(8399, np.float32), 16000, [], WINDOW, HOP)) == 2


def test_level_and_clipping_are_those_of_each_hop() -> None:
    samples = np.zeros(48000, np.float32)
    samples[12000:18000] = 1.0
    rows = _live(samples, 48000, [5, 12345], WINDOW, HOP)
    assert [row.clipped_ratio for row in rows] == [0, 0.5, 0, 0]
    assert rows[0].level_dbfs == -120
    assert rows[1].level_dbfs == pytest.approx(-3.01, abs=0.01)
