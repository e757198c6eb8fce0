"""monitor: devices that die and come back, a screen that says so, a program that is killed."""

import os
import re
import shlex
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from tests.realtime.live_program import (
    Program,
    behind_s,
    check_windows,
    command_of,
)
from tests.realtime.log_disk import small_disk
from tests.realtime.log_rows import fill, has_rows, windows
from tests.tmux import Tmux
from tests.virtual_microphone import VirtualMicrophone
from tests.waiting import wait_until

__all__ = ["small_disk"]


def _wait_for_state(run: Program, state: str, after: int = 0) -> None:
    wait_until(lambda: state in run.states()[after:], lambda: f"{state}: {run.messages()}")


@pytest.mark.parametrize(
    "fault",
    [
        ("kill", "start", "disconnected"),
        ("freeze", "thaw", "no sound"),
        ("remove", "add virt", ""),
    ],
    ids=["server killed", "server frozen", "unplugged"],
)
def test_a_device_lost_in_mid_run_is_a_gap_and_the_run_goes_on(
    fault: tuple[str, str, str],
    microphone: VirtualMicrophone,
    synthetic_folder: Path,
    tmp_path: Path,
) -> None:
    lose, find, cause = fault
    options = ("--no-dashboard", "--model", synthetic_folder, "--record", "heard.wav")
    with Program(tmp_path / "run", "monitor", *options, environment=microphone.environment) as run:
        run.wait_for_rows(4)
        getattr(microphone, lose)()
        _wait_for_state(run, "gap")
        method, *names = find.split()
        getattr(microphone, method)(*names)
        _wait_for_state(run, "no_speech", after=run.states().index("gap"))
        rows = run.wait_for_rows(len(run.rows()) + 6)
        assert run.interrupt() == 130
    check_windows(run.rows())
    assert abs(behind_s(rows)) < 1
    assert "Waiting for default: " in run.messages()
    assert cause in run.messages()
    assert "default is back: " in run.messages()
    assert "lost in gaps" in run.messages()
    gaps = [row for row in rows if row["state"] == "gap"]
    assert all(not row["emotion"] and not row["latency_ms"] for row in gaps)
    # In the recording the gap is silence: its time is stream time too.
    end_s = float(run.rows()[-1]["end_s"])
    assert soundfile.info(run.folder / "heard.wav").duration == pytest.approx(end_s, abs=0.6)


def test_killed_without_warning_the_log_is_readable_and_can_be_continued(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path
) -> None:
    options = ("--no-dashboard", "--model", synthetic_folder, "--hop", "0.05")
    folder = tmp_path / "run"
    with Program(folder, "monitor", *options, environment=microphone.environment) as run:
        seen = run.wait_for_rows(8)
        run.signal(signal.SIGKILL)
        assert run.process.wait() == -signal.SIGKILL
    check_windows(run.rows())
    before = len(run.rows())
    assert before >= len(seen)
    more = ("--append", "--duration", "1")
    with Program(folder, "monitor", *options, *more, environment=microphone.environment) as run:
        assert run.end() == 0, run.messages()
    assert windows(run.csv) == list(range(before + 20))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end_it_completes_its_files_and_sums_up(
    number: signal.Signals,
    microphone: VirtualMicrophone,
    synthetic_folder: Path,
    tmp_path: Path,
) -> None:
    options = ("--no-dashboard", "--model", synthetic_folder, "--record", "heard.flac")
    with Program(tmp_path / "run", "monitor", *options, environment=microphone.environment) as run:
        run.wait_for_rows(6)
        run.hail(number)
        assert run.end() == 128 + number
    rows = run.rows()
    assert f"{len(rows)} windows in" in run.messages()
    # What was recorded is all there, which a FLAC file that was not closed would not say.
    end_s = float(rows[-1]["end_s"])
    assert soundfile.info(run.folder / "heard.flac").duration == pytest.approx(end_s, abs=0.6)


def test_a_disk_that_fills_is_told_and_nothing_is_lost_once_there_is_room(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path, small_disk: Path
) -> None:
    options = ("--no-dashboard", "--model", synthetic_folder, "--hop", "0.05")
    path = small_disk / "log.csv"
    environment = microphone.environment
    with Program(
        tmp_path / "run", "monitor", *options, environment=environment, csv_path=path
    ) as run:
        run.wait_for_rows(4)
        filler = fill(small_disk)
        wait_until(lambda: "held back" in run.messages(), run.messages)
        before = len(run.rows())
        filler.unlink()
        run.wait_for_rows(before + 20)
        assert run.interrupt() == 130
    check_windows(run.rows())
    # Told once, not with every row.
    assert run.messages().count("cannot be written") == 1


def test_a_folder_that_is_removed_is_told_and_the_exit_code_tells_too(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path
) -> None:
    options = ("--no-dashboard", "--model", synthetic_folder, "--hop", "0.05")
    path = tmp_path / "removed/log.csv"
    path.parent.mkdir()
    environment = microphone.environment
    with Program(
        tmp_path / "run", "monitor", *options, environment=environment, csv_path=path
    ) as run:
        run.wait_for_rows(4)
        shutil.rmtree(path.parent)
        wait_until(lambda: "make its folder again" in run.messages(), "a notice")
        assert run.process.poll() is None
        assert run.interrupt() == 1
    assert "rows are missing" in run.messages()


class Screen:
    """The monitor in a terminal emulator of its own."""

    def __init__(self, microphone: VirtualMicrophone, folder: Path, model: Path) -> None:
        self.csv = folder / "log.csv"
        command = command_of("monitor", "--model", model, "--csv", self.csv)
        variables = [
            f"{name}={value}"
            for name, value in microphone.environment.items()
            if name.startswith(("PULSE", "XDG", "HOME", "PYTHONPATH"))
        ]
        shell = shlex.join(["env", "LC_ALL=C.UTF-8", *variables, *command])
        self.tmux = Tmux(f"{shell}; cat", folder)
        self.shown, self.wait_for = self.tmux.shown, self.tmux.wait_for

    def wait_for_rows(self, count: int) -> None:
        wait_until(lambda: has_rows(self.csv, count), lambda: f"{count} rows; {self.shown()}")


@pytest.fixture
def screen(
    microphone: VirtualMicrophone, synthetic_folder: Path, tmp_path: Path
) -> Iterator[Screen]:
    screen = Screen(microphone, tmp_path, synthetic_folder)
    with screen.tmux:
        yield screen


def test_the_screen_tells_of_a_lost_device_and_shows_no_native_noise(
    screen: Screen, microphone: VirtualMicrophone
) -> None:
    screen.wait_for("default")
    screen.wait_for("exact silence")
    microphone.kill()
    screen.wait_for("Waiting for default: it was disconnected; plug it in again")
    # What was said of the sound before says nothing of a device that is gone.
    assert "exact silence" not in screen.shown()
    assert "restart the sound server" in re.sub(r"\s+", " ", screen.shown())
    # PortAudio and ALSA complain aloud at that moment.
    assert "Expression" not in screen.shown()
    microphone.start()
    screen.wait_for("Waiting for default", there=False)
    screen.tmux("send-keys", "q")
    screen.wait_for("lost in gaps")
    assert "Expression" not in screen.shown()


def test_killed_under_its_dashboard_it_leaves_a_readable_log(screen: Screen) -> None:
    screen.wait_for_rows(5)
    os.kill(screen.tmux.child(), signal.SIGKILL)
    written = windows(screen.csv)
    assert written == list(range(len(written)))
    assert len(written) > 4
