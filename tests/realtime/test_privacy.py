"""Private by default: no connection but to the sound server, no file but those asked for."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.realtime.live_program import Program, command_of
from tests.virtual_microphone import VirtualMicrophone

# Python imports this by itself, also in the processes that `classify` starts.
WATCHER = r"""
import os, sys

_OUT = os.open(os.environ["SER_AUDIT"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

def _watch(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.system", "os.exec"):
        what = arguments[1:]
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        event, what = "write", arguments[0]
        if isinstance(what, int):
            return
    else:
        return
    os.write(_OUT, (event + " " + str(what).replace("\n", " ") + "\n").encode())

sys.addaudithook(_watch)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """What a run did, as Python saw it, and the files that it left."""

    events: list[tuple[str, str]]
    files: list[Path]

    def of_kind(self, prefix: str) -> list[str]:
        return [what for kind, what in self.events if kind.startswith(prefix)]

    def written(self) -> set[str]:
        """Names of the files opened for writing, those of devices excepted."""
        return {Path(name).name for name in self.of_kind("write") if not name.startswith("/dev/")}


class Home:
    """A person's home and working folder, where every file written can be found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir()
        self._log = folder / "audit"
        (folder / "watcher").mkdir()
        (folder / "watcher/sitecustomize.py").write_text(WATCHER)
        (folder / "tmp").mkdir()
        path = os.pathsep.join([str(folder / "watcher"), os.environ["PYTHONPATH"]])
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("XDG_")},
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": path,
            "PYTHONDONTWRITEBYTECODE": "1",
            "SER_AUDIT": str(self._log),
        }

    def run(self, *arguments: str | Path) -> Watched:
        """Run a command to its end with nothing forbidden by the umask."""
        done = subprocess.run(
            command_of(*arguments),
            cwd=self.work,
            env=self.environment,
            umask=0,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return self.watched()

    def watched(self) -> Watched:
        lines = self._log.read_text().splitlines()
        pairs = [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]
        places = (self.work, self.folder / "home", self.folder / "tmp")
        found = [path for place in places for path in place.rglob("*") if path.is_file()]
        # What measures the tests' coverage leaves files of its own.
        files = [path for path in found if not path.name.startswith(".coverage")]
        return Watched(events=pairs, files=files)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def _assert_private(watched: Watched) -> None:
    for path in watched.files:
        assert path.stat().st_mode & 0o077 == 0, path


def _assert_no_sound(watched: Watched) -> None:
    for path in watched.files:
        assert path.suffix in (".csv", ".json", ".log"), path
        path.read_text(encoding="utf-8")  # text, no samples
        assert max(map(len, path.read_text().splitlines()), default=0) < 20_000, path


def test_the_watcher_sees_sockets_and_writes(home: Home) -> None:
    script = "import socket; s = socket.socket(); s.close(); open('x.txt', 'w').close()"
    subprocess.run([sys.executable, "-c", script], cwd=home.work, env=home.environment, check=True)
    watched = home.watched()
    assert watched.of_kind("socket.__new__")
    assert watched.written() == {"x.txt"}


def test_replay_opens_no_socket_and_writes_only_what_was_asked_for(
    home: Home, synthetic_folder: Path
) -> None:
    options = ("--model", synthetic_folder, "--speed", "max", "--no-dashboard")
    watched = home.run("replay", *options)
    assert watched.of_kind("socket") == watched.of_kind("subprocess") == []
    assert watched.written() == set()
    assert watched.files == []


def test_every_file_of_a_rotated_log_is_private(home: Home, synthetic_folder: Path) -> None:
    options = ("--model", synthetic_folder, "--speed", "max", "--no-dashboard")
    watched = home.run("replay", *options, "--csv", "log.csv", "--rotate", "10s")
    assert watched.of_kind("socket") == []
    assert len(watched.files) >= 4
    assert all(path.name.startswith("log") for path in watched.files)
    _assert_private(watched)
    _assert_no_sound(watched)


def test_classify_leaves_its_rows_and_nothing_else(
    home: Home, synthetic_folder: Path, speech: NDArray[np.float32]
) -> None:
    (home.folder / "in").mkdir()
    for number in range(3):
        path = home.folder / f"in/{number}.wav"
        soundfile.write(path, speech[number * 48_000 : (number + 3) * 48_000], 48_000)
    options = ("--model", synthetic_folder, "--jobs", "2", "--csv", "rows.csv")
    watched = home.run("classify", home.folder / "in", *options, "--baseline", "folder")
    # The worker processes are talked to through pipes.
    assert [what for what in watched.of_kind("socket.connect") if what] == []
    assert not [what for what in watched.of_kind("socket.__new__") if "AF_INET" in what]
    assert [path.name for path in watched.files] == ["rows.csv"]
    _assert_private(watched)


def test_a_profile_is_private_and_holds_no_sound(
    home: Home, synthetic_folder: Path, demonstration: Path
) -> None:
    watched = home.run("calibrate", "me", "--from", demonstration, "--model", synthetic_folder)
    assert watched.of_kind("socket") == []
    assert [path.name for path in watched.files] == ["me.json"]
    _assert_private(watched)
    _assert_no_sound(watched)
    # Two vectors of 193 numbers cannot hold thirty seconds of speech.
    assert watched.files[0].stat().st_size < 20_000
    made = [path for path in (home.folder / "home").rglob("*") if path.is_dir()]
    assert len(made) > 1
    for folder in made:
        assert folder.stat().st_mode & 0o077 == 0, folder


# --- the microphone ------------------------------------------------------------------------------


def _sound_server(microphone: VirtualMicrophone) -> dict[str, str]:
    names = ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR")
    return {name: microphone.environment[name] for name in names}


def _sockets(process: int) -> set[str]:
    """The sockets that a process holds, by number."""
    links = [str(entry.readlink()) for entry in Path(f"/proc/{process}/fd").iterdir()]
    return {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}


def _numbers(table: str) -> set[str]:
    """Numbers of the kernel's sockets of one kind."""
    column = 6 if table == "unix" else 9
    lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    return {line.split()[column] for line in lines}


def test_the_monitor_talks_to_the_sound_server_only_and_keeps_no_sound(
    home: Home, microphone: VirtualMicrophone, synthetic_folder: Path
) -> None:
    environment = home.environment | _sound_server(microphone)
    options = ("--model", synthetic_folder, "--no-dashboard")
    with Program(home.work, "monitor", *options, environment=environment, umask=0) as run:
        run.wait_for_rows(6)
        held = _sockets(run.process.pid)
        assert held  # those of the sound server
        assert held <= _numbers("unix")
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
            if Path(f"/proc/net/{table}").exists():
                assert not held & _numbers(table)
        run.interrupt()
    watched = home.watched()
    assert watched.of_kind("socket") == []
    # Python itself looks for PortAudio that way.
    assert all("ldconfig" in command for command in watched.of_kind("subprocess"))
    for name in ("stdout", "stderr"):  # the test's own
        (home.work / name).unlink()
    watched = home.watched()
    made = {path.name for path in watched.files} - {"cookie"}  # PulseAudio's client library's
    assert made <= {"log.csv", "log.csv.meta.json", "native.log"}
    ours = Watched(events=[], files=[path for path in watched.files if path.name in made])
    _assert_private(ours)
    _assert_no_sound(ours)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_system_call_of_any_library_reaches_beyond_the_sound_server(
    home: Home, microphone: VirtualMicrophone, synthetic_folder: Path
) -> None:
    trace = home.folder / "trace"
    calls = "trace=socket,connect,sendto,sendmsg,bind,listen"
    command = command_of("monitor", "--model", synthetic_folder, "--json", "--duration", "1")
    done = subprocess.run(
        ["/usr/bin/env", "strace", "-f", "-qq", "-e", calls, "-o", str(trace), *command],
        env=home.environment | _sound_server(microphone),
        cwd=home.work,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    text = trace.read_text() if trace.exists() else ""
    if "PTRACE" in done.stderr and not text:
        pytest.skip("no process may be traced here")
    assert done.returncode == 0, done.stderr
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 4
    families = set(re.findall(r"socket\((\w+)", text))
    assert families == {"AF_UNIX"}
    reached = set(re.findall(r'connect\(.*?sun_path=@?"([^"]+)"', text))
    server = microphone.environment["PULSE_SERVER"].removeprefix("unix:")
    assert server in reached
    # PortAudio also asks for JACK, another sound server; the message bus is where desktops
    # keep device reservations.
    others = {path for path in reached if path != server and not re.search("jack|/dbus", path)}
    assert others == set()
    assert "bind(" not in text
    assert "listen(" not in text
