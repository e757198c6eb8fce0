"""Real faults of a real PulseAudio daemon: each becomes a gap of the right length, not the end."""

import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.sources.microphone import HEAD_START_S
from tests.capture import Capture, Item, is_kind, is_over
from tests.virtual_microphone import VirtualMicrophone, missing_programs, own_microphone

pytestmark = pytest.mark.skipif(missing_programs() is not None, reason=str(missing_programs()))

NOTICED_S = 2.0
DAEMONS = 9
ENDS_IN_A_GAP = """
import threading
from realtime.sources import portaudio
from realtime.sources.base import Gap
from realtime.sources.microphone import MicrophoneSource

source = MicrophoneSource()
for item in source.items(threading.Event()):
    if isinstance(item, Gap):
        break
    print("heard", flush=True)
source.close()
for thread in threading.enumerate():
    if thread.name == "closing":
        thread.join()
print(portaudio._open_streams)
"""


@pytest.fixture(scope="module")
def daemons() -> Iterator[list[VirtualMicrophone]]:
    """One for each test, since none survives its test whole; started early, to run in by then."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(own_microphone()) for _ in range(DAEMONS)]


@pytest.fixture
def daemon(daemons: list[VirtualMicrophone]) -> Iterator[VirtualMicrophone]:
    microphone = daemons.pop()
    yield microphone
    microphone.kill()


def check(capture: Capture, cause: str) -> Item:
    """The laws of a gap; its last report."""
    gaps = capture.of_kind("Gap")
    overs = [gap for gap in gaps if gap["over"]]
    assert len(overs) == 1
    assert gaps[-1] is overs[0]
    lengths = [gap["elapsed_s"] for gap in gaps]
    assert lengths == sorted(lengths)
    assert lengths[0] + HEAD_START_S < NOTICED_S + 0.25
    assert any(cause in gap["reason"] for gap in gaps)
    reports_per_s = (len(gaps) - 1) / max(0.5, lengths[-1])
    assert reports_per_s < 15
    heard = [item["kind"] for item in capture.items if item["kind"] != "Notice"]
    kinds = [kind for kind, _ in itertools.groupby(heard)]
    assert kinds[:4] == ["Source", "Block", "Gap", "Block"]
    told = [notice["text"] for notice in capture.of_kind("Notice") if notice["text"]]
    assert f"default is back: {overs[0]['elapsed_s']:.1f} s of sound are missing." in [
        text.replace("pulse", "default") for text in told
    ]
    assert abs(capture.unaccounted_s()) < 0.2
    return overs[0]


def test_a_killed_daemon_is_waited_for(daemon: VirtualMicrophone, tmp_path: Path) -> None:
    with Capture(tmp_path, daemon.environment) as capture:
        capture.until(is_kind("Block"))
        daemon.kill()
        capture.until(is_kind("Gap"))
        daemon.start()
        capture.until(is_over)
        capture.until_heard(0.5)
        assert capture.stop() == 0
    check(capture, "it was disconnected")


def test_a_device_that_is_lost_twice_in_a_row_is_back_twice(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    with Capture(tmp_path, daemon.environment) as capture:
        capture.until(is_kind("Block"))
        for _ in range(2):
            daemon.kill()
            capture.until(is_kind("Gap"))
            daemon.start()
            capture.until(is_over)
            capture.until(lambda item: "is back" in (item.get("text") or ""))
        assert capture.stop() == 0
    told = [item for item in capture.items if item["kind"] in {"Gap", "Notice"}]
    kinds = [kind for kind, _ in itertools.groupby(item["kind"] for item in told)]
    assert kinds == ["Gap", "Notice", "Gap", "Notice"]
    backs = [item["text"] for item in told if item["kind"] == "Notice"]
    # Taken away before the second gap is told: it would contradict it, and not be told anew.
    assert [text is None for text in backs] == [False, True, False]


def test_a_frozen_daemon_is_noticed_and_listened_to_again(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    with Capture(tmp_path, daemon.environment, "pulse") as capture:
        capture.until(is_kind("Block"))
        daemon.freeze()
        capture.until(lambda item: "does not answer" in item.get("reason", ""))
        daemon.thaw()
        capture.until(is_over)
        capture.until_heard(0.5)
        assert capture.stop() == 0
    over = check(capture, "it delivers no sound")
    assert over["elapsed_s"] > 2


def test_a_frozen_daemon_does_not_hold_the_program_up_at_its_end(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    with Capture(tmp_path, daemon.environment) as capture:
        capture.until(is_kind("Block"))
        daemon.freeze()
        capture.until(is_kind("Gap"))
        assert capture.stop() == 0
    assert is_over(capture.items[-2])


def test_a_run_that_ends_in_a_gap_has_closed_its_stream_once(daemon: VirtualMicrophone) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDS_IN_A_GAP],
        env=daemon.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "heard\n"
        daemon.remove()
        *_, open_streams = program.stdout
    assert (program.returncode, open_streams) == (0, "0\n")


def test_a_frozen_daemon_that_dies_is_replaced(daemon: VirtualMicrophone, tmp_path: Path) -> None:
    with Capture(tmp_path, daemon.environment) as capture:
        capture.until(is_kind("Block"))
        daemon.freeze()
        capture.until(is_kind("Gap"))
        daemon.kill()
        daemon.start()
        capture.until(is_over)
        capture.until_heard(0.5)
        assert capture.stop() == 0
    check(capture, "it delivers no sound")


def test_a_microphone_pulled_out_is_found_when_it_is_back(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    with Capture(tmp_path, daemon.environment) as capture:
        capture.until(is_kind("Block"))
        daemon.remove()
        capture.until(is_kind("Gap"))
        time.sleep(0.5)
        daemon.add("another")
        capture.until(is_over)
        capture.until_heard(0.5)
        assert capture.stop() == 0
    check(capture, "it was disconnected")


def test_without_a_microphone_the_start_is_refused_with_the_next_step(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    daemon.remove()
    with Capture(tmp_path, daemon.environment) as capture:
        said = capture.until(is_kind("SerError"))["text"]
    assert said.startswith("'default' cannot be opened")
    assert "scripts/run replay" in said


def test_a_frozen_daemon_at_the_start_is_one_sentence(
    daemon: VirtualMicrophone, tmp_path: Path
) -> None:
    daemon.freeze()
    with Capture(tmp_path, daemon.environment) as capture:
        said = capture.until(is_kind("SerError"))["text"]
        capture.process.wait(10)
    assert "does not answer" in said
