"""What can be wrong with a microphone, and the next step on each system."""

import enum
import os
import sys
from pathlib import Path

from models.errors import DeviceError

REPLAY = "without a microphone, `scripts/run replay` plays the demonstration"


class Problem(enum.Enum):
    """Kinds of failure that need different steps."""

    NO_LIBRARY = enum.auto()
    NO_START = enum.auto()
    NO_DEVICE = enum.auto()
    GONE = enum.auto()
    DENIED = enum.auto()
    BUSY = enum.auto()
    BAD_RATE = enum.auto()
    BAD_CHANNEL = enum.auto()
    NO_ANSWER = enum.auto()
    OTHER = enum.auto()


FOUND = {
    Problem.NO_LIBRARY: "The PortAudio library is missing or broken",
    Problem.NO_START: "The sound system cannot be started ({detail})",
    Problem.NO_DEVICE: "No microphone was found",
    Problem.GONE: "{device} cannot be opened: it is gone, or its sound server does not run",
    Problem.DENIED: "The system does not let this program use {device}",
    Problem.BUSY: "{device} is in use by another program",
    Problem.BAD_RATE: "{device} refuses its own default rate",
    Problem.BAD_CHANNEL: "{device} refuses that number of channels",
    Problem.NO_ANSWER: "The sound system does not answer",
    Problem.OTHER: "{device} cannot be opened ({detail})",
}

# Linux, macOS, Windows.
STEPS = {
    Problem.NO_LIBRARY: (
        "install it with `sudo apt-get install libportaudio2` or your system's package manager",
        "reinstall the package with `pip install --force-reinstall sounddevice`",
        "reinstall the package with `pip install --force-reinstall sounddevice`",
    ),
    Problem.NO_START: (
        "correct ~/.asoundrc and /etc/asound.conf (`arecord -L` says what is wrong in them)",
        "restart it with `sudo killall coreaudiod`",
        "restart the service Windows Audio",
    ),
    Problem.NO_DEVICE: (
        "plug one in and check that `pactl list short sources` or `arecord -l` shows it",
        "plug one in and look for it in System Settings > Sound > Input",
        "plug one in and look for it in Settings > System > Sound > Input",
    ),
    Problem.GONE: (
        "plug it in again, or restart the sound server (`systemctl --user restart pipewire-pulse`)",
        "plug it in again and look for it in System Settings > Sound > Input",
        "plug it in again and look for it in Settings > System > Sound > Input",
    ),
    Problem.DENIED: (
        "add yourself to the group audio with `sudo usermod -aG audio $USER`, then log in again",
        "allow your terminal in System Settings > Privacy & Security > Microphone, and restart it",
        "switch on 'Let desktop apps access your microphone' in Settings > Privacy > Microphone",
    ),
    Problem.BUSY: (
        "close the program that `fuser -v /dev/snd/*` names, or choose the device `pulse`",
        "close the other program, or choose another device with `--device`",
        "close the other program, or switch off exclusive mode in the device's advanced properties",
    ),
    Problem.BAD_RATE: (
        "choose the device `pulse` or `default`, which converts rates",
        "choose a rate that it offers in Audio MIDI Setup",
        "choose its default format in the device's advanced properties",
    ),
    Problem.BAD_CHANNEL: (
        "see `devices` for its channels and choose one with `--channel`",
        "see `devices` for its channels and choose one with `--channel`",
        "see `devices` for its channels and choose one with `--channel`",
    ),
    Problem.NO_ANSWER: (
        "restart it with `systemctl --user restart pipewire pipewire-pulse` (or `pulseaudio -k`)",
        "restart it with `sudo killall coreaudiod`",
        "restart the service Windows Audio",
    ),
    Problem.OTHER: (
        "choose another one of `devices`, or restart the sound server",
        "choose another one of `devices`, or restart with `sudo killall coreaudiod`",
        "choose another one of `devices`, or restart the service Windows Audio",
    ),
}

BY_CODE = {
    -9999: Problem.GONE,
    -9998: Problem.BAD_CHANNEL,
    -9997: Problem.BAD_RATE,
    -9996: Problem.GONE,
    -9993: Problem.GONE,
    -9987: Problem.NO_ANSWER,
    -9985: Problem.BUSY,
}
# Of the host's own words, and its codes: EACCES, E_ACCESSDENIED; EBUSY, AUDCLNT_E_DEVICE_IN_USE.
DENIED_SIGNS = ("permission", "access", "denied")
DENIED_CODES = (-13, -2147024891)
BUSY_SIGNS = ("busy", "in use", "already")
BUSY_CODES = (-16, -2004287478)

SOUND_FOLDER = Path("/dev/snd")


def problem_of(code: int | None, host_code: int = 0, host_text: str = "") -> Problem:
    """Tell the kind of a PortAudio failure.

    Parameters
    ----------
    code : int or None
        PortAudio's own, such as -9997.
    host_code, host_text
        What the system below it said.
    """
    said = host_text.lower()
    if host_code in DENIED_CODES or any(sign in said for sign in DENIED_SIGNS):
        return Problem.DENIED
    if host_code in BUSY_CODES or any(sign in said for sign in BUSY_SIGNS):
        return Problem.BUSY
    return BY_CODE.get(code or 0, Problem.OTHER)


def without_devices(folder: Path = SOUND_FOLDER) -> Problem:
    """Why there is no input at all: on Linux, files that exist but may not be read tell."""
    try:
        inputs = list(folder.glob("pcmC*c"))
    except OSError:
        return Problem.NO_DEVICE
    denied = bool(inputs) and not any(_is_readable(path) for path in inputs)
    return Problem.DENIED if denied else Problem.NO_DEVICE


def _is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


def device_error(
    problem: Problem, device: str = "the microphone", detail: str = "", system: str = sys.platform
) -> DeviceError:
    """One sentence: what was found, and the next step on this system.

    Parameters
    ----------
    problem : Problem
    device : str
        Its name in quotes, or "the microphone".
    detail : str
        What the sound system said.
    system : str
        As `sys.platform`.
    """
    found = FOUND[problem].format(device=device, detail=detail)
    found = found[0].upper() + found[1:]
    return DeviceError(f"{found}: {next_step(problem, system)}; {REPLAY}.")


def next_step(problem: Problem, system: str = sys.platform) -> str:
    """What to do about a problem on this system."""
    linux, mac, windows = STEPS[problem]
    return {"darwin": mac, "win32": windows}.get(system, linux)
