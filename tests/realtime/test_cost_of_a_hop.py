"""What one hop may cost, counted: frames, windows judged, memory. No test takes the time."""

import itertools
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from models.bundle import Bundle
from models.frames import FrameExtractor
from models.listener import Listener
from models.silero import Silero
from realtime.estimator import MANY_ROWS, Estimator, EstimatorSettings
from realtime.sources.base import Block, Gap
from realtime.speaker import Speaker

RATE = 48000
HOP = RATE // 4
DEVICE_BLOCK = RATE // 50
# In one hop: frames of 10 ms, windows, chunks of 32 ms.
MOST = {"frames": 25, "judged": 1, "chunks": 8}
Samples = NDArray[np.float32]


class Counts:
    """How much was computed since the last look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._counted = dict.fromkeys(MOST, 0)
        self._count(
            monkeypatch, FrameExtractor, "compute", "frames", lambda _, numbers: len(numbers)
        )
        self._count(monkeypatch, Listener, "heard", "judged", lambda *_: 1)
        self._count(monkeypatch, Silero, "probabilities", "chunks", lambda rows, *_: len(rows))

    def _count(
        self,
        monkeypatch: pytest.MonkeyPatch,
        owner: type,
        method: str,
        name: str,
        size: Callable[..., int],
    ) -> None:
        real = getattr(owner, method)

        def counted(this: object, *arguments: object) -> object:
            self._counted[name] += size(*arguments)
            return real(this, *arguments)

        monkeypatch.setattr(owner, method, counted)

    def taken(self) -> dict[str, int]:
        """The counts, which begin anew."""
        found = dict(self._counted)
        self._counted.update(dict.fromkeys(found, 0))
        return found


def _estimator(bundle: Bundle) -> Estimator:
    settings = EstimatorSettings(
        window_s=3.0, hop_s=0.25, smoothing_s=0.5, reset_after_silence_s=1.0
    )
    return Estimator(bundle, settings, Speaker(name="test", learns=True), RATE)


def _blocks(samples: Samples, length: int) -> Iterator[Block]:
    for start in range(0, samples.size - length + 1, length):
        yield Block(samples=samples[start : start + length], rate=RATE, arrived_s=0.0)


@pytest.mark.parametrize("length", [DEVICE_BLOCK, HOP])
def test_a_hop_computes_its_own_frames_only(
    length: int, synthetic_bundle: Bundle, speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = Counts(monkeypatch)
    estimator = _estimator(synthetic_bundle)
    total = dict.fromkeys(counts.taken(), 0)
    rows = 0
    for block in _blocks(speech, length):
        rows += len(estimator.push(block))
        for name, count in counts.taken().items():
            # A resampler gives its samples in bursts; a whole window has 294 frames.
            assert count <= 2 * MOST[name]
            total[name] += count
    assert rows >= speech.size // HOP - 1
    assert all(count <= MOST[name] * rows for name, count in total.items())
    assert total["judged"] > 0.25 * rows
    assert total["frames"] > 0.3 * MOST["frames"] * rows


def test_silence_computes_nothing(
    synthetic_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = Counts(monkeypatch)
    estimator = _estimator(synthetic_bundle)
    for block in _blocks(np.zeros(4 * RATE, np.float32), DEVICE_BLOCK):
        estimator.push(block)
    assert counts.taken() == dict.fromkeys(MOST, 0)


@pytest.mark.parametrize(
    "item",
    [
        Gap(elapsed_s=9000.0, over=True, reason="asleep"),
        Block(samples=np.zeros(RATE, np.float32), rate=RATE, lost_samples=9000 * RATE),
    ],
    ids=["gap", "lost"],
)
def test_rows_of_a_long_absence_come_a_few_at_a_time(
    item: Gap | Block, synthetic_bundle: Bundle
) -> None:
    estimator = _estimator(synthetic_bundle)
    estimator.push(Block(samples=np.zeros(RATE, np.float32), rate=RATE))
    rows = 0
    windows: set[int] = set()
    tracemalloc.start()
    try:
        for batch in estimator.pushed(item):
            assert len(batch) <= MANY_ROWS
            rows += len(batch)
            windows.update(row.window for row in batch)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == len(windows) >= 36_000
    assert peak < 6_000_000
    assert estimator.finish() == [] or isinstance(item, Block)


def test_a_thousand_hops_leave_nothing_behind(synthetic_bundle: Bundle, speech: Samples) -> None:
    estimator = _estimator(synthetic_bundle)
    blocks = itertools.cycle(_blocks(speech, DEVICE_BLOCK))

    def hops(count: int) -> int:
        rows = 0
        while rows < count:
            rows += len(estimator.push(next(blocks)))
        return rows

    tracemalloc.start()
    try:
        hops(200)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        hops(1000)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 20_000
    assert peak - before < 1_500_000
