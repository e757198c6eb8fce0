from threading import Event

import numpy as np

from realtime.sources.base import Block, Gap, Notice, SourceItem
from realtime.sources.memory import MemorySource


def test_arrays_become_blocks_and_the_rest_passes() -> None:
    gap = Gap(elapsed_s=1.0, over=True, reason="unplugged")
    notice = Notice(key="quiet", text=None)
    lossy = Block(samples=np.ones(3, np.float32), rate=48_000, lost_samples=7)
    source = MemorySource([np.zeros(5, np.float32), gap, notice, lossy], 16_000)
    first, *rest = source.items(Event())
    assert isinstance(first, Block)
    assert (first.samples.size, first.rate, first.lost_samples) == (5, 16_000, 0)
    assert rest == [gap, notice, lossy]
    source.close()


def test_stop_ends_it_between_two_items() -> None:
    stop = Event()
    taken: list[SourceItem] = []
    for item in MemorySource([np.zeros(1, np.float32)] * 5, 16_000).items(stop):
        taken.append(item)
        if len(taken) == 2:
            stop.set()
    assert len(taken) == 2
