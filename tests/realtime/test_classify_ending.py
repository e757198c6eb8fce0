"""classify that is asked to end, interrupted or killed: nothing of it is left behind."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from realtime.classify_output import HEADER
from tests.realtime.live_program import command_of
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")

RATE = 48_000
# With another thread running, processes are spawned, as on macOS; without, they are forked.
WITH_A_THREAD = """
import sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
if __name__ == "__main__":
    from realtime.cli import main
    sys.exit(main())
"""


def _unmeasured() -> dict[str, str]:
    """The environment without coverage, whose tracer a signal may leave with its lock taken."""
    return {name: value for name, value in os.environ.items() if "COVERAGE" not in name}


class Classifying:
    """`classify` of a folder, in a process group and with a temporary folder of its own."""

    def __init__(self, folder: Path, *arguments: str | Path, spawns: bool = False) -> None:
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.csv = folder / "rows.csv"
        self._stderr = folder / "stderr"
        command = command_of("classify", *arguments, "--csv", self.csv)
        if spawns:
            script = folder / "with_a_thread.py"
            script.write_text(WITH_A_THREAD)
            command[1:4] = [str(script)]
        with self._stderr.open("wb") as err:
            self.process = subprocess.Popen(
                command,
                env={**_unmeasured(), "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stderr=err,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for number in self.group():
            os.kill(number, signal.SIGKILL)
        self.process.wait()

    def group(self) -> list[int]:
        """The process and all that it started."""
        members = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = entry.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid and fields[0] not in "ZX":
                members.append(int(entry.parent.name))
        return members

    def wait_for_rows(self, count: int) -> None:
        """Wait until there are so many rows beside the header."""
        wait_until(
            lambda: self.csv.exists() and self.csv.read_text().count("\n") > count, self.messages
        )

    def messages(self) -> str:
        """What it said on standard error."""
        return self._stderr.read_text()

    def end(self) -> int:
        """Wait for the end of all of them and return the exit code."""
        code = self.process.wait(PATIENCE_S)
        wait_until(lambda: not self.group(), lambda: f"the end of {self.group()}")
        return code

    def complete_rows(self) -> int:
        """Rows that were written, each of them whole."""
        text = self.csv.read_text()
        assert text.endswith("\n")
        rows = text.splitlines()
        assert all(row.count(",") == len(HEADER) - 1 for row in rows)
        return len(rows) - 1


@pytest.fixture(scope="module")
def recordings(
    tmp_path_factory: pytest.TempPathFactory, speech: NDArray[np.float32]
) -> Iterator[Path]:
    """A short recording, and then more of a quarter of an hour than anybody waits for."""
    folder = tmp_path_factory.mktemp("recordings")
    soundfile.write(folder / "a.wav", speech[: 3 * RATE], RATE)
    soundfile.write(folder / "b.wav", np.tile(speech, 30), RATE)
    for number in range(20):
        (folder / f"c{number}.wav").symlink_to("b.wav")
    yield folder
    (folder / "b.wav").unlink()


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("whole_group", [False, True], ids=["alone", "group"])
def test_asked_to_end_it_leaves_whole_rows_and_nothing_else(
    jobs: int,
    number: signal.Signals,
    *,
    whole_group: bool,
    recordings: Path,
    synthetic_folder: Path,
    tmp_path: Path,
) -> None:
    options = ("--model", synthetic_folder, "--jobs", str(jobs))
    with Classifying(tmp_path, recordings, *options) as run:
        run.wait_for_rows(1)
        assert len(run.group()) == (1 if jobs == 1 else 3)
        assert list(run.temporary.iterdir())
        (os.killpg if whole_group else os.kill)(run.process.pid, number)
        assert run.end() == 128 + number
        assert run.complete_rows() >= 1
        assert run.messages() == ""
        assert list(run.temporary.iterdir()) == []


@pytest.mark.parametrize("spawns", [False, True], ids=["forked", "spawned"])
def test_interrupted_while_its_processes_start_it_says_nothing(
    *, spawns: bool, recordings: Path, synthetic_folder: Path, tmp_path: Path
) -> None:
    options = ("--model", synthetic_folder, "--jobs", "8")
    with Classifying(tmp_path, recordings, *options, spawns=spawns) as run:
        wait_until(lambda: len(run.group()) > 1, run.messages)
        for _ in range(3):
            os.killpg(run.process.pid, signal.SIGINT)
        assert run.end() == 130
        assert run.messages() == ""
        assert list(run.temporary.iterdir()) == []


@pytest.mark.parametrize("spawns", [False, True], ids=["forked", "spawned"])
def test_killed_without_warning_it_takes_its_processes_along(
    *, spawns: bool, recordings: Path, synthetic_folder: Path, tmp_path: Path
) -> None:
    options = ("--model", synthetic_folder, "--jobs", "3")
    with Classifying(tmp_path, recordings, *options, spawns=spawns) as run:
        run.wait_for_rows(1)
        run.process.kill()
        assert run.end() == -signal.SIGKILL
        assert run.complete_rows() >= 1
        assert list(run.temporary.iterdir()) == []


def test_a_process_that_dies_is_told(
    recordings: Path, synthetic_folder: Path, tmp_path: Path
) -> None:
    options = ("--model", synthetic_folder, "--jobs", "2")
    with Classifying(tmp_path, recordings, *options) as run:
        run.wait_for_rows(1)
        victim = next(number for number in run.group() if number != run.process.pid)
        os.kill(victim, signal.SIGKILL)
        assert run.end() == 1
        assert "has died" in run.messages()
        assert "--jobs 1" in run.messages()
        assert len(run.messages().splitlines()) == 1
        assert list(run.temporary.iterdir()) == []
