"""Runs the real path for a long time and prints what it costs: memory, handles, drift, lost rows.

    scripts/soak day --hours 24          made sound at full speed: speech, silence, noise, gaps
    scripts/soak live --minutes 60       the monitor against a virtual microphone, in real time

`day` pushes sound through worker, estimator, log thread and board, and looks at its own process at
every hour of stream time. `live` starts the program itself, speaks to it all the while, and looks
at that process. Both read the CSV back and check that every window is there exactly once and that
time has not drifted. The exit code is 1 if a figure is beyond its limit.
"""

import argparse
import contextlib
import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.bundle import load_bundle
from models.shipped import bundle_folder
from realtime.board import Board, RunFacts
from realtime.config import RealtimeSettings
from realtime.demonstration import demonstration_clip
from realtime.estimator import Estimator, EstimatorSettings
from realtime.log.log_thread import open_log
from realtime.log.meta import RunMeta
from realtime.sources.base import Block, Gap, SourceItem
from realtime.sources.memory import MemorySource
from realtime.speaker import Speaker
from realtime.worker import Worker

if TYPE_CHECKING:
    from tests.virtual_microphone import VirtualMicrophone

ROOT = Path(__file__).resolve().parents[2]
HOP_S = 0.25
BLOCK_S = 0.5
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# The clocks of a sound card and a computer may differ by 100 parts per million and more.
CLOCKS_DIFFER = 500e-6
SETTLED_S = 600.0
# At each end of a run, so long is looked at.
END_S = 60.0
LIMITS = {
    "resident_mb": 100.0,
    "growth_mb": 5.0,
    "more_files": 0,
    "drift_s": HOP_S,
    "problems": 0,
}


def resident_mb(process: int | str = "self") -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * PAGE_BYTES / 2**20


def open_files(process: int | str = "self") -> int:
    """Open file descriptors of a process."""
    return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())


def cpu_s(process: int) -> float:
    """User and system time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Day:
    """Made sound: rounds of a minute with speech, silence, noise, a loss and a gap.

    Parameters
    ----------
    hours : float

    Attributes
    ----------
    elapsed_s : float
        Stream time so far.
    marks : list of (float, float, int)
        Hours, resident MB and open files of this process, at each hour of stream time.
    """

    def __init__(self, hours: float) -> None:
        self._speech, self.rate = soundfile.read(demonstration_clip(), dtype="float32")
        self._hours = hours
        self.elapsed_s = 0.0
        self.marks: list[tuple[float, float, int]] = []

    def __iter__(self) -> Iterator[SourceItem]:
        """Yield blocks and gaps until the hours are full."""
        rng = np.random.default_rng(0)
        noise = rng.normal(0, 0.01, 10 * self.rate).astype(np.float32)
        silence = np.zeros(15 * self.rate, np.float32)
        while self.elapsed_s < self._hours * 3600:
            for sound in (self._speech, silence, noise):
                yield from self._blocks(sound)
            yield self._lossy(noise[: self.rate])
            yield Gap(elapsed_s=3.0, over=True, reason="unplugged")
            self.elapsed_s += 3.0
            self._mark()

    def _blocks(self, sound: NDArray[np.float32]) -> Iterator[Block]:
        length = int(BLOCK_S * self.rate)
        for start in range(0, sound.size, length):
            samples = sound[start : start + length]
            self.elapsed_s += samples.size / self.rate
            yield Block(samples=samples, rate=self.rate)

    def _lossy(self, samples: NDArray[np.float32]) -> Block:
        lost = self.rate // 10
        self.elapsed_s += (samples.size + lost) / self.rate
        return Block(samples=samples, rate=self.rate, lost_samples=lost)

    def _mark(self) -> None:
        hours = self.elapsed_s / 3600
        every = min(1.0, self._hours / 8)
        if hours >= every * (len(self.marks) + 1):
            self.marks.append((hours, resident_mb(), open_files()))
            print(f"{hours:7.2f} h  {resident_mb():7.1f} MB  {open_files():4d} files", flush=True)


def soak_day(hours: float, model: str, folder: Path) -> dict[str, float]:
    """Run made sound through the real path; return the figures."""
    path = folder / "soak.csv"
    bundle = load_bundle(bundle_folder(model))
    settings = EstimatorSettings(
        window_s=3.0, hop_s=HOP_S, smoothing_s=0.5, reset_after_silence_s=1.0
    )
    day = Day(hours)
    stop = threading.Event()
    facts = RunFacts(source="day", model=model, baseline="adaptive", window_s=3.0, hop_s=HOP_S)
    board = Board(facts)
    meta = RunMeta(
        version="soak", bundle=bundle.fingerprint, settings={}, source="day", started_utc=""
    )
    log = open_log(csv=path, json=False, plain=False, meta=meta, board=board, stop=stop)
    estimator = Estimator(bundle, settings, Speaker(name="adaptive", learns=True), day.rate)
    source = MemorySource(day, day.rate)
    started_s = time.monotonic()
    worker = Worker(source, estimator, board, log, stop, is_live=False)
    worker.start()
    worker.result()
    log.close(60)
    took_s = time.monotonic() - started_s
    first, last = day.marks[0], day.marks[-1]
    rows = check_rows(path)
    return {
        "hours": day.elapsed_s / 3600,
        "times_real_time": day.elapsed_s / took_s,
        "rows": rows["rows"],
        "resident_mb": last[1],
        "growth_mb": last[1] - first[1],
        "more_files": last[2] - first[2],
        "drift_s": rows["end_s"] - day.elapsed_s,
        "problems": float(log.problem is not None),
    }


def check_rows(path: Path) -> dict[str, float]:
    """Read a CSV back: windows must count from 0 without a hole, and time must never go back.

    Returns
    -------
    dict
        Number of `rows`, `end_s` of the last, samples `dropped`, and `behind_s`: by how much more
        the clock advanced than stream time between the first sound and the last. Sound may come
        late but never early, so the least late rows of a minute at both ends are compared.
    """
    count = 0
    end_s = 0.0
    dropped = 0
    first: list[tuple[float, float]] = []
    last: deque[tuple[float, float]] = deque()
    with path.open(newline="") as file:
        for count, row in enumerate(csv.DictReader(file), 1):
            if int(row["window"]) != count - 1:
                raise SystemExit(f"window {row['window']} stands in row {count}")
            if float(row["end_s"]) <= end_s:
                raise SystemExit(f"time goes back in window {row['window']}")
            end_s = float(row["end_s"])
            dropped = int(row["dropped_samples"])
            if row["latency_ms"]:
                late = timedelta(milliseconds=float(row["latency_ms"]))
                arrived = datetime.fromisoformat(row["time_utc"]) - late
                last.append((end_s, arrived.timestamp() - end_s))
                if not first or end_s - first[0][0] <= END_S:
                    first.append(last[-1])
                while end_s - last[0][0] > END_S:
                    last.popleft()
    if not count:
        raise SystemExit(f"{path} holds no rows")
    return {
        "rows": count,
        "end_s": end_s,
        "dropped": dropped,
        "behind_s": _behind_s(first, list(last)),
    }


def _behind_s(first: list[tuple[float, float]], last: list[tuple[float, float]]) -> float:
    """Compare both ends, which are pairs of stream time and the clock's lead over it."""
    if not first:
        return 0.0
    span_s = min(END_S, (last[-1][0] - first[0][0]) / 2)
    began = min(lead for end_s, lead in first if end_s <= first[0][0] + span_s)
    ended = min(lead for end_s, lead in last if end_s >= last[-1][0] - span_s)
    return ended - began


def soak_live(minutes: float, model: str, folder: Path) -> dict[str, float]:
    """Run the monitor against a virtual microphone in real time; return the figures."""
    from tests.virtual_microphone import VirtualMicrophone

    path = folder / "soak.csv"
    with VirtualMicrophone(folder) as microphone, _speaking(microphone, folder):
        command = [sys.executable, "-P", "-m", "realtime", "monitor", "--model", model]
        environment = {**microphone.environment, "PYTHONPATH": str(ROOT)}
        program = subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--csv", str(path), "--no-dashboard", "--duration", str(minutes * 60)],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        marks = list(_marks(program, minutes))
    rows = check_rows(path)
    # The history that the screen shows is full after 512 s; before, there is no verdict on growth.
    settled = next((mark for mark in marks if mark[0] > marks[0][0] + SETTLED_S), marks[-1])
    last = marks[-1]
    return {
        "minutes": minutes,
        "rows": rows["rows"],
        "dropped_samples": rows["dropped"],
        "resident_mb": last[1],
        "warm_up_mb": settled[1] - marks[0][1],
        "growth_mb": last[1] - settled[1],
        "more_files": last[2] - settled[2],
        "cpu_share": (last[3] - marks[0][3]) / (last[0] - marks[0][0]),
        "drift_s": max(0.0, abs(rows["behind_s"]) - CLOCKS_DIFFER * minutes * 60),
        "behind_s": rows["behind_s"],
        "problems": program.wait(),
    }


@contextlib.contextmanager
def _speaking(microphone: "VirtualMicrophone", folder: Path) -> Iterator[None]:
    """Play the demonstration clip again and again, with five seconds of silence between."""
    speech, rate = soundfile.read(demonstration_clip(), dtype="int16")
    sound = np.concatenate([speech, np.zeros(5 * rate, np.int16)]).tobytes()
    pipe = folder / "speech"
    os.mkfifo(pipe, 0o600)

    def speak() -> None:
        with contextlib.suppress(BrokenPipeError), pipe.open("wb", buffering=0) as out:
            while True:
                out.write(sound)

    threading.Thread(target=speak, daemon=True).start()
    player = microphone.play(pipe, rate=rate)
    try:
        yield
    finally:
        player.kill()
        player.wait()


def _marks(
    program: "subprocess.Popen[bytes]", minutes: float
) -> Iterator[tuple[float, float, int, float]]:
    """Seconds, resident MB, open files and CPU seconds of a program, until it ends."""
    while program.poll() is None:
        time.sleep(min(10.0, minutes * 3))
        with contextlib.suppress(OSError):
            mark = (
                time.monotonic(),
                resident_mb(program.pid),
                open_files(program.pid),
                cpu_s(program.pid),
            )
            if not mark[2]:
                return
            print(f"{mark[1]:7.1f} MB {mark[2]:4d} files {mark[3]:8.2f} s of CPU", flush=True)
            yield mark


def beyond_limits(figures: dict[str, float]) -> list[str]:
    """Names of the figures that are larger than they may be."""
    return [name for name, limit in LIMITS.items() if abs(figures[name]) > limit]


def main() -> int:
    """Run one of the two and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    day = kinds.add_parser("day", help="made sound at full speed")
    day.add_argument("--hours", type=float, default=24.0)
    live = kinds.add_parser("live", help="virtual microphone in real time")
    live.add_argument("--minutes", type=float, default=60.0)
    for kind in (day, live):
        kind.add_argument("--model", default=RealtimeSettings().model)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        if arguments.kind == "day":
            figures = soak_day(arguments.hours, arguments.model, Path(folder))
        else:
            figures = soak_live(arguments.minutes, arguments.model, Path(folder))
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))
    beyond = beyond_limits(figures)
    if beyond:
        print(f"beyond the limit: {', '.join(beyond)}", file=sys.stderr)
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
