"""What the bench times is the program: its hop is judged, and each stage takes the last one's."""

from pathlib import Path

import soundfile

from scripts.benchmarks import hop


def test_every_stage_of_a_hop_runs(demonstration: Path) -> None:
    clip, rate = soundfile.read(demonstration, dtype="float32")
    for run in hop._stages(clip, rate).values():
        run()


def test_every_hop_of_the_bench_is_judged(demonstration: Path) -> None:
    clip, rate = soundfile.read(demonstration, dtype="float32")
    one_hop = hop.Hop(clip, rate)
    assert all(one_hop() is not None for _ in range(20))
