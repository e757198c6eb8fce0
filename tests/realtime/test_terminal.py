"""The live screen in a real terminal: always given back, never waited for."""

import io
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from realtime import native_noise
from realtime.board import Board
from realtime.dashboard.keys import Keys
from realtime.dashboard.screen import Dashboard, can_draw
from realtime.dashboard.terminal import Terminal as Surface
from realtime.ending_signals import EndingSignals
from realtime.native_noise import native_noise_to
from tests.realtime.dashboard_scene import FACTS, fill
from tests.realtime.live_program import command_of
from tests.realtime.log_rows import has_rows
from tests.terminal import LEAVE, Terminal
from tests.tmux import Tmux
from tests.waiting import PATIENCE_S, wait_until

SCENE = Path(__file__).with_name("dashboard_scene.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")


def scene(*args: str, **variables: str) -> Terminal:
    """The dashboard alone, fed with made-up rows."""
    return Terminal([sys.executable, str(SCENE), *args], **variables)


def count_in(path: Path) -> int:
    text = path.read_text(encoding="ascii") if path.exists() else ""
    return int(text or -1)


# --- every way out -------------------------------------------------------------------------------


def test_q_quits_and_other_keys_are_handed_on() -> None:
    with scene("--already", "90") as terminal:
        terminal.wait_for(b"confidence")
        assert termios.tcgetattr(terminal.slave) != terminal.before
        terminal.press("r")
        terminal.press("q")
        code, stderr = terminal.end()
        assert (code, stderr[:12]) == (0, "keys ['r'], ")
        terminal.assert_restored()


def test_ctrl_backslash_quits_in_order() -> None:
    with scene("--already", "90") as terminal:
        terminal.wait_for(b"confidence")
        terminal.press("\x1c")
        assert terminal.end()[0] == 0
        terminal.assert_restored()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_notice_that_cannot_be_kept_stops_nothing(
    synthetic_folder: Path, demonstration: Path, tmp_path: Path
) -> None:
    log = tmp_path / "state/ser-live/log/native.log"
    log.parent.mkdir(parents=True)
    log.symlink_to("/dev/full")
    csv = tmp_path / "rows/log.csv"
    csv.parent.mkdir()
    command = command_of("replay", demonstration, "--model", synthetic_folder, "--csv", csv)
    with Terminal(command, XDG_STATE_HOME=str(tmp_path / "state")) as terminal:
        wait_until(lambda: has_rows(csv, 2), "two rows")
        shutil.rmtree(csv.parent)
        terminal.wait_for(b"cannot be written")
        terminal.press("q")
        code, stderr = terminal.end()
    assert code == 1
    assert "rows are missing in" in stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_in_order(number: signal.Signals) -> None:
    with scene("--already", "90") as terminal:
        terminal.wait_for(b"confidence")
        terminal.program.send_signal(number)
        terminal.program.send_signal(number)
        ended, stderr = terminal.end()
        assert ended == 128 + number
        assert "% of a core" in stderr  # the caller's own clearing up has run
        terminal.assert_restored()


def test_ctrl_c_is_an_interrupt() -> None:
    with scene() as terminal:
        terminal.wait_for(b"waiting")
        terminal.press("\x03")
        assert terminal.end()[0] == 130
        terminal.assert_restored()


def test_an_error_while_drawing_leaves_the_terminal_in_order() -> None:
    with scene("--pace", "0.05", "--fail-at", "5") as terminal:
        code, stderr = terminal.end()
        assert code == 1
        assert "Traceback" in stderr
        terminal.assert_restored()


def test_a_vanished_terminal_ends_it() -> None:
    with scene("--already", "9") as terminal:
        terminal.wait_for(b"source")
        os.close(terminal.slave)
        os.close(terminal.master)
        assert terminal.program.wait(PATIENCE_S) == 129


# --- while it runs -------------------------------------------------------------------------------


def test_a_resize_is_followed() -> None:
    with scene("--already", "90", "--pace", "100") as terminal:
        terminal.wait_for(b"q\x1b[0m")
        wide = b"\x1b[40;1H"
        assert wide not in terminal.output
        terminal.resize(120, 40)
        terminal.wait_for(wide)
        terminal.resize(30, 8)
        terminal.wait_for(b"too small")


def test_only_changes_are_drawn() -> None:
    with scene("--already", "90", "--pace", "100") as terminal:
        terminal.wait_for(b"\x1b[?2026l")
        drawn = len(terminal.output)
        time.sleep(0.35)  # three frames' time
        assert len(terminal.read()) == drawn
        terminal.press("?")
        terminal.wait_for(b"forget this speaker")
        terminal.press("?")
        terminal.press(" ")
        terminal.wait_for(b"FROZEN")


def test_freezing_stops_the_picture_but_not_the_work(tmp_path: Path) -> None:
    count = tmp_path / "count"
    with scene("--pace", "0.02", "--count", str(count)) as terminal:
        terminal.wait_for(b"source")
        terminal.press(" ")
        terminal.wait_for(b"FROZEN")
        drawn, made = len(terminal.read()), count_in(count)
        wait_until(lambda: count_in(count) > made + 20, "more rows")
        assert len(terminal.read()) == drawn
        terminal.press(" ")
        wait_until(lambda: len(terminal.read()) > drawn, "a new picture")


def test_a_stopped_picture_stays_when_the_sound_has_ended(
    demonstration: Path, synthetic_folder: Path
) -> None:
    options = ("--model", synthetic_folder, "--speed", "30")
    with Terminal(command_of("replay", demonstration, *options)) as terminal:
        terminal.wait_for(b"confidence")
        terminal.press(" ")
        terminal.wait_for(b"ENDED")
        assert LEAVE not in terminal.read()
        terminal.press("q")
        code, summary = terminal.end()
        assert code == 0
        assert "120 windows" in summary
        terminal.assert_restored()


def test_what_has_to_be_told_is_told_while_the_picture_stands_still() -> None:
    board = Board(FACTS)
    fill(board, 40)
    screen = Dashboard(board, file=io.StringIO())
    screen._press(" ", threading.Event())
    board.notice("lost", "Waiting for the microphone.")
    fill(board, 60)
    shown = screen._shown()
    assert shown.notices == ("Waiting for the microphone.",)
    assert len(shown.history) == 40
    board.notice("lost", None)
    assert not screen._shown().notices


@contextmanager
def stalled(folder: Path) -> Iterator[Terminal]:
    """The dashboard in a terminal that nobody reads."""
    count = folder / "count"
    args = ("--already", "2000", "--pace", "0.004", "--count", str(count))
    with scene(*args, COLORTERM="truecolor") as terminal:
        terminal.resize(200, 60)
        # Far more is drawn than the kernel's few kilobytes hold.
        wait_until(lambda: count_in(count) > 2250, "rows in spite of the stall")
        yield terminal


@pytest.mark.parametrize("way_out", ["q", "SIGTERM"])
def test_a_stalled_terminal_delays_neither_work_nor_quitting(tmp_path: Path, way_out: str) -> None:
    with stalled(tmp_path) as terminal:
        if way_out == "q":
            terminal.press("q")
        else:
            terminal.program.terminate()
        terminal.program.wait(PATIENCE_S)
        assert termios.tcgetattr(terminal.slave) == terminal.before
        assert LEAVE not in terminal.read()  # it was stalled indeed


def test_a_terminal_that_was_stalled_catches_up(tmp_path: Path) -> None:
    with stalled(tmp_path) as terminal:
        terminal.press(" ")
        terminal.wait_for(b"FROZEN")
        wait_until(lambda: terminal.read().endswith(b"\x1b[?2026l"), "the end of the frame")
        assert terminal.output.count(b"\x1b[?2026h") == terminal.output.count(b"\x1b[?2026l")


def test_ctrl_s_does_not_stop_the_picture() -> None:
    with scene("--pace", "0.05") as terminal:
        terminal.wait_for(b"source")
        terminal.press("\x13")
        drawn = len(terminal.read())
        wait_until(lambda: len(terminal.read()) > drawn + 5000, "more of the picture")
        terminal.press("q")
        assert terminal.end()[0] == 0
        terminal.assert_restored()


def test_no_color_is_respected() -> None:
    with scene("--already", "90", NO_COLOR="1") as terminal:
        terminal.wait_for(b"help")
        assert not re.search(rb"\x1b\[(?:[\d;]*;)?[34][0-8][;m]", terminal.output)
        terminal.press("q")
        terminal.end()


def test_sixteen_colours_are_enough() -> None:
    with scene("--already", "90", TERM="xterm", COLORTERM="") as terminal:
        terminal.wait_for(b"help")
        assert b"38;" not in terminal.output
        # One for each emotion's bar: those nearest to the true colours would be three yellows.
        inks = re.findall(rb"\x1b\[(39|3[0-7]|9[0-7])m\xe2\x96[\x88-\x8f]", terminal.output)
        assert set(inks) == {b"39", b"36", b"33", b"94", b"31", b"35", b"32", b"91"}


def test_a_terminal_without_unicode_gets_none() -> None:
    variables = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with scene("--already", "90", **variables) as terminal:
        terminal.wait_for(b"help")
        terminal.output.decode("ascii")
        assert b"S U R" not in terminal.output


# --- no terminal ---------------------------------------------------------------------------------


def test_without_a_terminal_nothing_is_written() -> None:
    file = io.StringIO()
    stop = threading.Event()
    stop.set()
    board = Board(FACTS)
    fill(board, 10)
    Dashboard(board, file=file).run(stop, EndingSignals())
    assert file.getvalue() == ""
    assert not can_draw(file)


def test_piped_output_has_no_escape_codes() -> None:
    done = subprocess.run(
        [sys.executable, str(SCENE), "--hops", "2", "--pace", "0.01"],
        capture_output=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert done.stdout == b""
    assert b"\x1b" not in done.stderr


def test_a_dumb_terminal_is_not_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dumb(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "dumb")
    assert not can_draw(Dumb())
    monkeypatch.setenv("TERM", "xterm")
    assert can_draw(Dumb())


# --- what takes no terminal's place --------------------------------------------------------------


def test_a_surface_that_is_gone_swallows_what_is_written() -> None:
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    surface = Surface(write_fd, "utf-8")
    assert surface.size() == (80, 24)
    surface.enter()
    surface.write("x")
    assert not surface.busy
    surface.leave()
    surface.leave()
    os.close(write_fd)


def test_keys_that_are_no_terminal_are_none() -> None:
    read_fd, write_fd = os.pipe()
    keys = Keys(read_fd)
    keys.open()
    os.write(write_fd, b"q")
    assert keys.wait(0.0, None) == ""
    keys.close()
    os.close(read_fd)
    os.close(write_fd)


@pytest.mark.parametrize(
    "sent",
    [
        "\x1bOQ",  # F2
        "\x1bOR",  # F3
        "\x1b[H",  # Home
        "\x1b[24~",  # F12
        "\x1b[1;5Q",  # Ctrl-F2
        "\x1b[[B",  # F2 of the Linux console
        "\x1b",  # Escape
    ],
)
def test_a_special_key_is_no_letter_even_in_pieces(sent: str) -> None:
    master, slave = os.openpty()
    keys = Keys(slave)
    keys.open()
    os.write(master, sent.encode() + b"r")
    assert keys.wait(PATIENCE_S, None) == "r"
    for character in sent:
        os.write(master, character.encode())
        assert keys.wait(PATIENCE_S, None) == ""
    os.write(master, b"?")
    assert keys.wait(PATIENCE_S, None) == "?"
    keys.close()
    os.close(master)
    os.close(slave)


def test_a_terminal_that_is_gone_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be ready for ever, and every wait end at once."""
    master, slave = os.openpty()
    keys = Keys(slave)
    keys.open()
    os.close(master)
    watched: list[list[int]] = []
    look = select.select

    def noted(reading: list[int], *others: Any) -> Any:
        watched.append(reading)
        return look(reading, *others)

    monkeypatch.setattr("select.select", noted)
    assert [keys.wait(0.0, None), keys.wait(0.0, None)] == ["", ""]
    assert watched == [[slave], []]
    keys.close()
    os.close(slave)


def test_a_terminal_gets_back_what_it_had_once_however_often_it_is_asked() -> None:
    master, slave = os.openpty()
    keys = Keys(slave)
    before = termios.tcgetattr(slave)
    keys.open()
    keys.open()
    assert termios.tcgetattr(slave) != before
    keys.close()
    assert termios.tcgetattr(slave) == before
    tty.setraw(slave)  # by whoever has the terminal now
    theirs = termios.tcgetattr(slave)
    keys.close()
    assert termios.tcgetattr(slave) == theirs
    os.close(master)
    os.close(slave)


def test_a_background_job_is_not_stopped_where_it_gives_its_terminal_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    master, slave = os.openpty()
    keys = Keys(slave)
    keys.open()
    before = signal.getsignal(signal.SIGTTOU)
    meanwhile: list[object] = []
    give_back = termios.tcsetattr

    def noted(*arguments: Any) -> None:
        meanwhile.append(signal.getsignal(signal.SIGTTOU))
        give_back(*arguments)

    monkeypatch.setattr("termios.tcsetattr", noted)
    keys.close()
    assert meanwhile == [signal.SIG_IGN]
    assert signal.getsignal(signal.SIGTTOU) is before
    os.close(master)
    os.close(slave)


def test_a_wait_that_was_ended_by_news_does_not_end_the_next_one() -> None:
    master, slave = os.openpty()
    keys = Keys(slave)
    keys.open()
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    os.write(write_fd, b"\0" * 100)
    assert keys.wait(PATIENCE_S, read_fd) == ""
    assert select.select([read_fd], [], [], 0.0)[0] == []
    os.write(write_fd, b"\0")
    os.write(master, b"q")
    assert keys.wait(PATIENCE_S, read_fd) == "q"
    keys.close()
    for descriptor in (master, slave, read_fd, write_fd):
        os.close(descriptor)


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("rq", "rq"),
        ("\x1br", "r"),  # Alt-R
        ("r\x1b[A\x1b[Bq", "rq"),  # cursor keys between letters
        ("é", ""),
        ("r" * 100, "r" * 100),
    ],
)
def test_letters_are_handed_on_as_they_were_typed(sent: str, typed: str) -> None:
    master, slave = os.openpty()
    keys = Keys(slave)
    keys.open()
    os.write(master, sent.encode() + b"?")
    heard = ""
    while not heard.endswith("?"):
        heard += keys.wait(PATIENCE_S, None)
    assert heard == typed + "?"
    keys.close()
    os.close(master)
    os.close(slave)


# --- native noise --------------------------------------------------------------------------------


def test_native_noise_goes_to_the_log_and_comes_back(tmp_path: Path) -> None:
    log = tmp_path / "mine" / "logs" / "native.log"
    script = f"""
import os, sys
from pathlib import Path
from realtime.dashboard.keys import Keys
from realtime.native_noise import native_noise_to
print("before", file=sys.stderr)
try:
    with native_noise_to(Path({str(log)!r})):
        os.write(2, b"ALSA lib: noise\\n")
        print("from Python", file=sys.stderr)
        raise ValueError
except ValueError:
    print("after", file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True, umask=0
    )
    assert done.stderr == "before\nafter\n"
    assert log.read_text(encoding="utf-8") == "ALSA lib: noise\nfrom Python\n"
    assert log.stat().st_mode & 0o777 == 0o600
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in (log.parent, tmp_path / "mine"))


def test_a_log_of_noise_stays_small(tmp_path: Path) -> None:
    log = tmp_path / "native.log"
    log.write_bytes(b"x" * (1 << 21))
    with native_noise_to(log):
        os.write(2, b"one line\n")
    assert log.read_bytes() == b"one line\n"


def test_noise_without_a_log_is_thrown_away(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for log in (None, tmp_path / "file" / "below"):
        with native_noise_to(log):
            os.write(2, b"noise\n")
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"


def test_a_closed_standard_error_is_left_closed() -> None:
    script = """
import os
from realtime.dashboard.keys import Keys
from realtime.native_noise import native_noise_to
os.close(2)
with native_noise_to(None):
    pass
try:
    os.fstat(2)
except OSError:
    print("closed")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert done.stdout == "closed\n"


def test_a_library_that_complains_all_day_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_noise, "_LOOK_S", 0.01)
    log = tmp_path / "native.log"
    with native_noise_to(log):
        os.write(2, b"complaint\n" * 200_000)
        wait_until(lambda: log.stat().st_size == 0, "the log to begin anew")
        os.write(2, b"later\n")
        assert log.read_bytes() == b"later\n"


# --- tmux ----------------------------------------------------------------------------------------


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    shell = shlex.join(["env", "PS1=shell> ", "LC_ALL=C.UTF-8", "bash", "--norc", "--noprofile"])
    with Tmux(shell, tmp_path) as tmux:
        tmux.wait_for("shell>")
        yield tmux


def test_a_shell_gets_its_terminal_back(tmux: Tmux) -> None:
    command = shlex.join([sys.executable, str(SCENE), "--already", "270", "--pace", "1"])
    tmux("send-keys", f"echo marker; {command}", "Enter")
    tmux.wait_for("confidence")
    assert "marker" not in tmux.shown()
    assert tmux.state() == "100"
    for part in ("· silence", "0:15 ", "source Built-in Microphone", "no clipping", "q quit"):
        assert part in tmux.shown()
    tmux("resize-window", "-x", "120", "-y", "40")
    tmux.wait_for("last minute")
    tmux("resize-window", "-x", "60", "-y", "24")
    tmux.wait_for("12 s a line")
    assert tmux.state() == "100"
    tmux("send-keys", "C-z")
    tmux.wait_for("Stopped")
    assert tmux.state() == "011"
    tmux("send-keys", "bg; sleep 0.3; clear; jobs", "Enter")
    tmux.wait_for("Stopped")  # it must not draw over what the shell shows
    assert tmux.state() == "011"
    tmux("send-keys", "fg", "Enter")
    tmux.wait_for("12 s a line")
    assert tmux.state() == "100"
    tmux("send-keys", "q")
    tmux.wait_for("keys []")
    assert tmux.state() == "011"
    assert "Stopped" in tmux.shown()  # what the shell had shown before
    tmux("send-keys", r"stty -a | grep -w -- -echo || printf 'echo %s\n' is-on", "Enter")
    tmux.wait_for("echo is-on")
