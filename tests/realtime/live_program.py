"""The whole program as a process of its own, and its CSV as it grows."""

import csv
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Self

from tests.waiting import PATIENCE_S, wait_until

Row = dict[str, str]
HAIL_S = (0.0, 0.0003, 0.001, 0.003, 0.005, 0.01, 0.02, 0.05, 0.0)


def command_of(*arguments: str | Path) -> list[str]:
    """The command line of ``python -m realtime ARGUMENTS``."""
    return [sys.executable, "-P", "-m", "realtime", *map(str, arguments)]


class Program:
    """A running command with a CSV; its messages go to a file, so that nothing waits for us.

    Parameters
    ----------
    folder : Path
        Working directory; gets ``log.csv``, ``stdout`` and ``stderr``.
    arguments : str or Path
        Of the command line, `--csv` excepted.
    environment : mapping, optional
        Of the process.
    stdout : file, optional
        Where standard output goes instead.
    umask : int
        Of the process; -1 leaves it.
    csv_path : Path, optional
        Of the CSV instead.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str | Path,
        environment: Mapping[str, str] = os.environ,
        stdout: IO[bytes] | int | None = None,
        umask: int = -1,
        csv_path: Path | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.csv = csv_path or folder / "log.csv"
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            self.process = subprocess.Popen(
                command_of(*arguments, "--csv", self.csv),
                cwd=folder,
                env={
                    **environment,
                    "PYTHONFAULTHANDLER": "1",
                    "XDG_STATE_HOME": str(folder / "state"),
                },
                stdin=subprocess.DEVNULL,
                stdout=out if stdout is None else stdout,
                stderr=err,
                umask=umask,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def rows(self) -> list[Row]:
        """Whole rows written so far."""
        if not self.csv.exists():
            return []
        lines = self.csv.read_text().splitlines(keepends=True)
        return list(csv.DictReader(line for line in lines if line.endswith("\n")))

    def states(self) -> list[str]:
        """The state of each row."""
        return [row["state"] for row in self.rows()]

    def wait_for_rows(self, count: int) -> list[Row]:
        """Wait until there are so many rows; fails at once if the program has ended."""

        def there() -> bool:
            assert self.process.poll() is None or len(self.rows()) >= count, self.messages()
            return len(self.rows()) >= count

        wait_until(there, lambda: f"{count} rows; {self.messages()}")
        return self.rows()

    def messages(self) -> str:
        """What it said on standard error."""
        return (self.folder / "stderr").read_text()

    def lines(self) -> list[str]:
        """What it wrote on standard output."""
        return (self.folder / "stdout").read_text().splitlines()

    def hail(self, number: signal.Signals) -> None:
        """Send a signal again and again for a tenth of a second, at growing intervals."""
        for interval_s in HAIL_S:
            if self.process.poll() is None:
                self.signal(number)
                time.sleep(interval_s)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.signal(signal.SIGINT)
        return self.end()

    def end(self) -> int:
        """Wait for the end and return the exit code; of a program that hangs, show where."""
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGABRT)
            self.process.wait()
        where = "".join(log.read_text() for log in self.folder.rglob("native.log"))
        last = self.rows()[-1:]
        raise AssertionError(f"hangs after {last}:\n{self.messages()}\n{where}")


def check_windows(rows: list[Row]) -> None:
    """Each window is there exactly once, and time goes on at least hop by hop."""
    assert [int(row["window"]) for row in rows] == list(range(len(rows)))
    ends = [float(row["end_s"]) for row in rows]
    assert all(later > earlier for earlier, later in itertools.pairwise(ends))


def behind_s(rows: list[Row]) -> float:
    """By how much more the clock advanced than stream time, from the first row to the last."""
    first, last = rows[0], rows[-1]
    clock = datetime.fromisoformat(last["time_utc"]) - datetime.fromisoformat(first["time_utc"])
    return clock.total_seconds() - (float(last["end_s"]) - float(first["end_s"]))
