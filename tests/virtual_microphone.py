"""A microphone without hardware: a private PulseAudio daemon that plays what it is told.

The monitor of a null sink is the microphone; playing a file into the sink is speaking. The
daemon has its own folder and socket, so that neither the person's sound server nor another
test is touched. Capture runs in a subprocess with `environment`, so that PortAudio starts up
with the right server.

The daemon can be killed, restarted, frozen and thawed; its microphones can be removed and
added: these are the faults that the tests of device loss provoke.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.waiting import wait_until

PROGRAMS = ("pulseaudio", "pactl", "pacat")


def missing_programs() -> str | None:
    """Say why there can be no virtual microphone here, or return None."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"no virtual microphone: {', '.join(absent)} not installed"
    if sys.platform != "linux":
        return "no virtual microphone: the pulse plug-in of ALSA exists on Linux only"
    return None


class VirtualMicrophone:
    """A private PulseAudio daemon whose default source is the monitor of a null sink.

    Parameters
    ----------
    folder : Path
        Must be short: the path of a socket has at most 107 characters.
    reserve_ms : int
        Of the silence that keeps a microphone on time. Its sound comes in fragments of half of
        that, each of which wakes the recorder's library several times.
    """

    def __init__(self, folder: Path, *, reserve_ms: int = 10) -> None:
        self.folder = folder
        self._reserve_ms = reserve_ms
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_SERVER": f"unix:{folder / 'native'}",
            "PULSE_CONFIG": str(folder / "daemon.conf"),
        }
        self._daemon: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self, *, microphone: bool = True) -> None:
        """Start the daemon, as at log-in; `microphone=False` leaves it without a source."""
        if self._daemon is not None:
            raise RuntimeError("the daemon runs already")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # By default the system kills a daemon whose real-time thread is busy for 0.2 s, as on a
        # machine with other work it may be.
        (self.folder / "daemon.conf").write_text("rlimit-rttime = -1\n")
        for leftover in ("native", "pid"):
            (self.folder / leftover).unlink(missing_ok=True)
        command = [
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"),
            "--resample-method=speex-float-10",
            f"--load=module-native-protocol-unix auth-anonymous=1 socket={self.folder / 'native'}",
        ]
        log = (self.folder / "log").open("ab")
        with log:
            self._daemon = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(lambda: self._control("info").returncode == 0, "the PulseAudio daemon")
        if microphone:
            self.add("virt")

    def add(self, name: str, *, rate: int = 48_000, channels: int = 1) -> None:
        """Plug in a microphone and make it the default; a silent player keeps it on time."""
        self.pactl(
            *("load-module", "module-null-sink", f"sink_name={name}", f"rate={rate}"),
            *(f"channels={channels}", f"sink_properties=device.description={name}"),
        )
        self.pactl("set-default-sink", name)
        self.pactl("set-default-source", f"{name}.monitor")
        silence = Path("/dev/zero")
        self._players.append(
            self.play(silence, sink=name, rate=rate, channels=channels, latency_ms=self._reserve_ms)
        )

    def remove(self) -> None:
        """Unplug every microphone; the daemon stays."""
        self._control("unload-module", "module-null-sink")
        self._stop_players()

    def play(
        self,
        raw: Path,
        *,
        sink: str = "virt",
        rate: int = 48_000,
        channels: int = 1,
        latency_ms: int = 1000,
    ) -> "subprocess.Popen[bytes]":
        """Speak: play interleaved s16le samples at the sink's own rate and channels.

        The player's latency is its reserve, lest a loaded machine makes it stutter.
        """
        return subprocess.Popen(
            [
                *("pacat", "--playback", f"--latency-msec={latency_ms}", f"--rate={rate}"),
                *(f"--channels={channels}", "--format=s16le", "--raw"),
                *(f"--device={sink}", str(raw)),
            ],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def pactl(self, *arguments: str) -> str:
        """Run a command of `pactl`; its output."""
        done = self._control(*arguments)
        if done.returncode:
            raise RuntimeError(f"pactl {' '.join(arguments)}: {done.stderr.decode()}")
        return done.stdout.decode()

    def kill(self) -> None:
        """End the daemon at once, as in a crash; a second call does nothing."""
        self._stop_players()
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None

    def freeze(self) -> None:
        """Stop the daemon without ending it: its clients hang."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen daemon go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._daemon is None:
            raise RuntimeError("the daemon does not run")
        self._daemon.send_signal(number)

    def _stop_players(self) -> None:
        for player in self._players:
            player.kill()
            player.wait()
        self._players.clear()

    def _control(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            ["/usr/bin/env", "pactl", *arguments],
            env=self.environment,
            capture_output=True,
            check=False,
        )


@contextmanager
def own_microphone() -> Iterator[VirtualMicrophone]:
    """Run one in a folder of its own, whose path is short enough for a socket."""
    with (
        tempfile.TemporaryDirectory(prefix="vm") as name,
        VirtualMicrophone(Path(name)) as microphone,
    ):
        yield microphone
