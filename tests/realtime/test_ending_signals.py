"""Signals that ask for the end come in twos and threes; the run ends once, and in order."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.realtime.live_program import Program, check_windows
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

ALL = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
# Whoever uses it hangs in closing.
HANGS = """
import time
from realtime.ending_signals import EndingSignals
with EndingSignals() as signals:
    signals.opened()
    print("open", flush=True)
    while not signals.code:
        time.sleep(0.001)
    print("closing", flush=True)
    while True:
        time.sleep(0.001)
"""
OPENS = """
import time
from realtime.ending_signals import EndingSignals
with EndingSignals():
    try:
        print("opening", flush=True)
        time.sleep(3600)
    finally:
        print("cleared up", flush=True)
        time.sleep(0.1)
"""


def _started(script: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def _said(program: "subprocess.Popen[str]") -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


@ALL
def test_a_hail_of_signals_ends_a_replay_as_one_does(
    number: signal.Signals, synthetic_folder: Path, tmp_path: Path
) -> None:
    options = ("--no-dashboard", "--baseline", "off", "--model", synthetic_folder)
    with Program(tmp_path / "run", "replay", "--speed", "max", "--loop", *options) as run:
        run.wait_for_rows(200)
        run.hail(number)
        assert run.end() == 128 + number, run.messages()
    check_windows(run.rows())
    assert f"{len(run.rows())} windows in" in run.messages()
    assert len(run.messages().splitlines()) == 1


@ALL
def test_who_does_not_want_to_wait_for_the_closing_signals_again(number: signal.Signals) -> None:
    with _started(HANGS) as program:
        assert _said(program) == "open"
        program.send_signal(number)
        assert _said(program) == "closing"

        def is_over() -> bool:
            program.send_signal(number)
            return program.poll() is not None

        wait_until(is_over, "the end")
        assert program.returncode == -number


@ALL
def test_before_anything_is_open_a_signal_interrupts_once(number: signal.Signals) -> None:
    with _started(OPENS) as program:
        assert _said(program) == "opening"
        program.send_signal(number)
        assert _said(program) == "cleared up"
        program.send_signal(number)
        assert program.wait(PATIENCE_S) == 128 + number
