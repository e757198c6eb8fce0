"""What the bench times is the program: its hop is judged, and each stage takes the last one's."""

from pathlib import Path

import soundfile

from models.kernel import library
from scripts.benchmarks import hop


def test_every_stage_of_a_hop_runs_compiled_and_in_numpy(demonstration: Path) -> None:
    clip, rate = soundfile.read(demonstration, dtype="float32")
    stages = hop.Stages(clip, rate)
    for run in (*stages.compiled().values(), *stages.by_numpy().values()):
        run()


def test_numpy_takes_over_for_the_time_of_a_call() -> None:
    before = library.compiled
    assert hop.with_kernel(None, lambda: [library.compiled()])() == [None]
    assert library.compiled is before


def test_every_hop_of_the_bench_is_judged(demonstration: Path) -> None:
    clip, rate = soundfile.read(demonstration, dtype="float32")
    one_hop = hop.Hop(clip, rate)
    assert all(one_hop() is not None for _ in range(20))
