"""All measurements, one table each: ``scripts/bench [--quick] [--long] [--out DIR]``."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.benchmarks import hop, program, report, streams, throughput, training
from tests.virtual_microphone import VirtualMicrophone, missing_programs

ROOT = Path(__file__).resolve().parents[2]


def hop_sections(seconds: float) -> tuple[list[str], dict[str, Any]]:
    """One hop, its rivals, its stages and its floor."""
    figures: dict[str, Any] = hop.measure(seconds)
    header = ["what", "median, ms", "spread, ms"]
    against = [*header, "times one hop"]
    floor = [[name, f"{value:.3g}"] for name, value in figures["floor"].items()]
    sections = [
        report.table(
            "One hop of 0.25 s against a window of 3 s, each in a loop of its own",
            against,
            report.timing_rows(figures["hop"], "one hop"),
        ),
        report.table(
            "The same in turn: one hop is the mean of twelve after the rivals had the caches",
            against,
            report.timing_rows(figures["hop in turn"], "one hop"),
        ),
        report.table(
            f"Where the time of one hop goes; kernel {figures['kernel']}",
            header,
            report.timing_rows(figures["stages"]),
        ),
        report.table(
            "What numpy takes for it where there is no kernel",
            header,
            report.timing_rows(figures["stages in numpy"]),
        ),
        report.table("What one hop cannot do without, counted", ["what", "count"], floor),
    ]
    return sections, figures


def program_sections(seconds: float) -> tuple[list[str], dict[str, Any]]:
    """Start, footprint and latency of replay, and of the monitor where there is a microphone."""
    starts: dict[str, list[float]] = {}
    live: dict[str, dict[str, float]] = {}
    environment = program.own_environment()
    starts["replay"] = program.start_s(["replay"], environment)
    live["replay, real pace"] = program.footprint(["replay", "--loop"], environment, seconds)
    with program.cores_awake():
        live["replay, real pace, cores kept awake"] = program.footprint(
            ["replay", "--loop"], environment, seconds
        )
    with tempfile.TemporaryDirectory(prefix="mic") as folder:
        microphone = _virtual_microphone(Path(folder))
        if microphone is not None:
            with microphone as sound:
                heard = program.own_environment(**sound.environment)
                speaker = sound.play(_raw_speech(Path(folder)))
                starts["monitor"] = program.start_s(["monitor"], heard)
                live["monitor"] = program.footprint(["monitor"], heard, seconds)
                speaker.kill()
                speaker.wait()
    rows = [
        [name, f"{sorted(values)[len(values) // 2]:.2f}", f"{min(values):.2f}–{max(values):.2f}"]
        for name, values in starts.items()
    ]
    kinds = list(live["replay, real pace"])
    sections = [
        report.table(
            "Command to first frame of the dashboard, warm", ["what", "median, s", "range, s"], rows
        ),
        report.table(
            f"Live for {seconds:g} s with the dashboard in a terminal of 100x30",
            ["what", *kinds],
            [[name, *(f"{value:.3g}" for value in row.values())] for name, row in live.items()],
        ),
    ]
    return sections, {"start_s": starts, "live": live}


def _virtual_microphone(folder: Path) -> VirtualMicrophone | None:

    reason = missing_programs()
    if reason is not None:
        print(reason)
        return None
    # Fragments of 20 ms, as a sound server has them from a microphone for a reader like ours.
    return VirtualMicrophone(folder, reserve_ms=40)


def _raw_speech(folder: Path) -> Path:
    import numpy as np
    import soundfile

    from realtime.demonstration import demonstration_clip

    speech = soundfile.read(demonstration_clip(), dtype="int16")[0]
    path = folder / "speech.raw"
    path.write_bytes(np.tile(speech, 20).tobytes())
    return path


def throughput_sections(*, quick: bool, long: bool) -> tuple[list[str], dict[str, Any]]:
    """Recordings: formats, processes, lengths."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        speeds = throughput.measure(Path(folder), minutes=2 if quick else 10)
        by_length = throughput.lengths(
            Path(folder), (1, 5) if quick else (1, 10, 60, 600) if long else (1, 10, 60)
        )
    header = ["what", "times real time", "CPU s per hour", "wall s", "peak MB"]

    def rows(figures: dict[str, dict[str, float]]) -> list[list[str]]:
        return [
            [name, *(f"{value:.3g}" for value in figure.values())]
            for name, figure in figures.items()
        ]

    sections = [
        report.table("Recordings, stereo at 44.1 kHz, start-up included", header, rows(speeds)),
        report.table("The same by length of the file", header, rows(by_length)),
    ]
    return sections, {"throughput": speeds, "lengths": by_length}


def stream_sections() -> tuple[list[str], dict[str, Any]]:
    """Streams on one core."""
    curve = streams.measure()
    rows = [[f"{point['streams']:.0f}", f"{point['core_share']:.3f}"] for point in curve]
    rows.append([f"**{streams.saturation(curve):.0f}**", "1.000 (interpolated)"])
    title = "Streams in one process at a hop of 0.25 s, gate included"
    return [report.table(title, ["streams", "share of one core"], rows)], {"streams": curve}


def training_sections() -> tuple[list[str], dict[str, Any]]:
    """Features of the corpus and both networks, where the corpus is."""
    data = training.corpus_folder()
    if data is None:
        print("no RAVDESS, SER_RAVDESS does not name its folder: training is left out")
        return [], {}
    seconds = training.measure(data)
    rows = [[step, f"{taken:.1f}"] for step, taken in seconds.items()]
    title = f"Training on {os.cpu_count()} cores, nothing cached"
    return [report.table(title, ["step", "s"], rows)], {"training_s": seconds}


def main() -> None:
    """Measure everything, print the tables, write docs/performance.*."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of many")
    parser.add_argument("--long", action="store_true", help="also a file of ten hours (6 GB)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", metavar="DIR")
    arguments = parser.parse_args()
    # Stopped like that, too, it ends the programs that it started.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sections: list[str] = []
    figures: dict[str, Any] = {}
    parts: tuple[Callable[[], tuple[list[str], dict[str, Any]]], ...] = (
        lambda: hop_sections(8 if arguments.quick else 60),
        lambda: program_sections(20 if arguments.quick else 90),
        lambda: throughput_sections(quick=arguments.quick, long=arguments.long),
        stream_sections,
        *([] if arguments.quick else [training_sections]),
    )
    for part in parts:
        made, found = part()
        sections += made
        figures.update(found)
        print("\n".join(made), flush=True)
        # What was measured is kept if a later part is stopped.
        report.write(arguments.out, sections, figures)


if __name__ == "__main__":
    main()
