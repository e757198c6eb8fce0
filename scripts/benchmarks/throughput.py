"""Recordings through the whole program: times real time per core, formats, cores, lengths."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import soundfile
import soxr

from realtime.demonstration import demonstration_clip

ROOT = Path(__file__).resolve().parents[2]
RATE = 44_100
POLL_S = 0.05
# Start-up, which no second process shortens, is to be a small part of it.
COPIES = 8
FORMATS = ("wav", "flac", "mp3", "ogg")


def write_recording(path: Path, seconds: float) -> Path:
    """Write stereo speech at 44.1 kHz: the demonstration clip, again and again."""
    clip, rate = soundfile.read(demonstration_clip(), dtype="float32")
    speech = soxr.resample(clip, rate, RATE)
    stereo = np.stack([speech, speech], axis=1)
    left = round(seconds * RATE)
    with soundfile.SoundFile(path, "w", RATE, 2) as file:
        while left > 0:
            file.write(stereo[:left])
            left -= len(stereo)
    return path


def run(*arguments: str | Path) -> dict[str, float]:
    """Run the program once: wall and CPU seconds, and the peak of its own memory."""
    started = time.perf_counter()
    program = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "realtime", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # The kernel's own peak would count this process, from which the program was forked.
    watch = _PeakWatch(program.pid)
    watch.start()
    _, status, usage = os.wait4(program.pid, 0)
    ended = time.perf_counter()
    watch.stop.set()
    watch.join()
    program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode:
        raise RuntimeError(f"{arguments} ended with {program.returncode}")
    return {
        "wall_s": ended - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": watch.peak_kb / 1024,
    }


class _PeakWatch(threading.Thread):
    """Follows the high-water mark of a process's resident memory, seldom, to take no time."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.peak_kb = 0
        self._status = Path(f"/proc/{process}/status")

    def run(self) -> None:
        """Look until told to stop, or until the process has ended."""
        while not self.stop.wait(POLL_S):
            with contextlib.suppress(OSError):
                found = [line for line in self._status.read_text().splitlines() if "VmHWM" in line]
                self.peak_kb = max([self.peak_kb, *(int(line.split()[1]) for line in found)])


def measure(folder: Path, *, minutes: float = 10.0, runs: int = 3) -> dict[str, dict[str, float]]:
    """Times real time for `classify` and `replay --speed max`, start-up included."""
    figures: dict[str, dict[str, float]] = {}
    for name in FORMATS:
        path = write_recording(folder / f"speech.{name}", minutes * 60)
        best = _median([run("classify", path, "--jobs", "1") for _ in range(runs)])
        figures[f"classify {name}"] = _speed(best, minutes)
    wav = folder / "speech.wav"
    replays = [run("replay", wav, "--speed", "max", "--json") for _ in range(runs)]
    figures["replay --speed max wav"] = _speed(_median(replays), minutes)
    copies = [folder / f"copy{number}.wav" for number in range(COPIES)]
    for copy in copies:
        copy.symlink_to(wav)
    for jobs in (1, 2):
        taken = _median([run("classify", *copies, "--jobs", str(jobs)) for _ in range(runs)])
        figures[f"classify {COPIES} files, {jobs} processes"] = _speed(taken, COPIES * minutes)
    return figures


def lengths(folder: Path, minutes: tuple[float, ...]) -> dict[str, dict[str, float]]:
    """Cost per hour of sound, and memory, by the length of the file."""
    figures = {}
    for length in minutes:
        path = write_recording(folder / "length.w64", length * 60)
        figures[f"{length:g} min"] = _speed(run("classify", path, "--jobs", "1"), length)
        path.unlink()
    return figures


def _median(runs: list[dict[str, float]]) -> dict[str, float]:
    return sorted(runs, key=lambda run: run["wall_s"])[len(runs) // 2]


def _speed(taken: dict[str, float], minutes: float) -> dict[str, float]:
    return {
        "times_real_time": minutes * 60 / taken["wall_s"],
        "cpu_s_per_hour": taken["cpu_s"] * 60 / minutes,
        "wall_s": taken["wall_s"],
        "peak_mb": taken["peak_mb"],
    }
