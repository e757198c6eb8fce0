"""The real program in a pseudo-terminal: start, footprint, and latency up to the screen."""

import csv
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PYTHON = [sys.executable, "-P", "-m", "realtime"]
FIRST_FRAME = b"level"
FRAME_END = b"\x1b[?2026l"


@contextmanager
def terminal(arguments: list[str], environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Run the program in a terminal of 100x30; yield its process and the reading end."""
    pid, reader = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [*PYTHON, *arguments], environment)  # noqa: S606 - our program
    fcntl.ioctl(reader, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    try:
        yield pid, reader
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)


def own_environment(**changes: str) -> dict[str, str]:
    """The environment of the program under measurement."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLUMNS": "",
        "LINES": "",
        **changes,
    }


def read_until(reader: int, wanted: bytes, seconds: float) -> float | None:
    """Wait for a text on the screen; return the time of day at which it came."""
    seen = b""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        if select.select([reader], [], [], 0.05)[0]:
            seen += os.read(reader, 65536)
            if wanted in seen:
                return time.time()
    return None


def start_s(arguments: list[str], environment: dict[str, str], runs: int = 9) -> list[float]:
    """Seconds from the command to the first frame of the dashboard, warm."""
    found = []
    for _ in range(runs + 1):
        started = time.time()
        with terminal(arguments, environment) as (_, reader):
            shown = read_until(reader, FIRST_FRAME, 20)
        if shown is not None:
            found.append(shown - started)
    return found[1:]


def _process(pid: int) -> tuple[float, float]:
    """CPU seconds used and resident MB."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return (int(fields[11]) + int(fields[12])) / ticks, resident


@contextmanager
def cores_awake() -> Iterator[None]:
    """Keep the cores busy with what gives way to everything else.

    A core that slept, above all a virtual one, finds its caches empty and works several times
    slower for a while, which is the machine's doing and not the program's.
    """
    # For as long as this process lives, however it ends.
    spin = "import os\nos.nice(19)\nparent = os.getppid()\nwhile os.getppid() == parent: pass"
    endless = [sys.executable, "-c", spin]
    spinners = [
        subprocess.Popen(endless)  # noqa: S603 - our own
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def footprint(
    arguments: list[str], environment: dict[str, str], seconds: float
) -> dict[str, float]:
    """CPU share and memory of a live run, the first seconds left out; latency up to the screen."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.csv")
        frames: list[float] = []
        unread = b""
        with terminal([*arguments, "--csv", str(path)], environment) as (pid, reader):
            begun_s = time.time()
            settled: tuple[float, float, float] | None = None
            while time.time() - begun_s < seconds:
                if select.select([reader], [], [], 0.05)[0]:
                    unread += os.read(reader, 65536)
                    if FRAME_END in unread:
                        frames.append(time.time())
                        unread = unread.rpartition(FRAME_END)[2]
                if settled is None and time.time() - begun_s > 5:
                    settled = (*_process(pid), time.time())
            used, resident = _process(pid)
            if settled is None:
                raise ValueError("a footprint needs more than five seconds")
            figures = {
                "core_share": (used - settled[0]) / (time.time() - settled[2]),
                "resident_mb": resident,
                "growth_mb": resident - settled[1],
                "frames_per_s": len(frames) / seconds,
            }
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    return {**figures, **_latencies(rows, frames)}


def _latencies(rows: list[dict[str, str]], frames: list[float]) -> dict[str, float]:
    """From the arrival of a window's last sample to its row, and to the next frame drawn."""
    to_row = []
    to_screen = []
    for row in rows[8:]:
        written = datetime.fromisoformat(row["time_utc"]).timestamp()
        drawn = next((frame for frame in frames if frame >= written), None)
        if row["latency_ms"] and drawn is not None:
            to_row.append(float(row["latency_ms"]))
            to_screen.append(to_row[-1] + (drawn - written) * 1000)
    if not to_row:
        return {}
    return {
        "row_latency_median_ms": median(to_row),
        "row_latency_p95_ms": float(np.percentile(to_row, 95)),
        "screen_latency_median_ms": median(to_screen),
        "screen_latency_p95_ms": float(np.percentile(to_screen, 95)),
    }
