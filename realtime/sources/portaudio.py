"""The one door to PortAudio: inputs, streams, starting afresh.

Every function here may hang with the sound system: call them through `sound_thread`. The
library is loaded at the first call, so that replay and training do without it.
"""

import atexit
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from models.errors import DeviceError
from realtime.sources.device_errors import Problem, device_error, problem_of, without_devices
from realtime.sources.sound_thread import SoundThread

BLOCKS_PER_SECOND = 50
# Room for a reader that is held up, at no cost to latency that a hop of 250 ms would show.
LATENCY_S = 0.1

sound_thread = SoundThread()
_open_streams = 0
_count_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """A device that can record.

    Attributes
    ----------
    index : int
        PortAudio's number, which may change when devices come and go.
    name, host_api : str
        Together they identify the device for longer.
    channels : int
        The most it offers; sound servers offer 32 and more for any microphone.
    rate : int
        Its default, samples per second.
    is_default : bool
        The system's choice.
    """

    index: int
    name: str
    host_api: str
    channels: int
    rate: int
    is_default: bool


class Stream:
    """An open, running input stream.

    Parameters
    ----------
    raw : sounddevice.RawInputStream
    """

    def __init__(self, raw: Any) -> None:  # sounddevice publishes no types
        self._raw = raw

    def close(self) -> None:
        """Close; hangs for as long as the sound system does."""
        self._raw.close(ignore_errors=True)
        _count(-1)


def inputs() -> list[Input]:
    """List the devices that can record, in PortAudio's order.

    Raises
    ------
    DeviceError
        If PortAudio is missing, or there is no such device.
    """
    library = _library()
    with _explained("the microphone"):
        devices = list(library.query_devices())
        host_apis = [api["name"] for api in library.query_hostapis()]
    if not any(device["max_input_channels"] for device in devices):
        raise device_error(without_devices())
    default = _default_index(library)
    return [
        Input(
            index=device["index"],
            name=_one_line(device["name"]),
            host_api=host_apis[device["hostapi"]],
            channels=device["max_input_channels"],
            rate=round(device["default_samplerate"]),
            is_default=device["index"] == default,
        )
        for device in devices
        if device["max_input_channels"]
    ]


def _one_line(name: str) -> str:
    """A name without control characters: those of some headsets on Windows hold line breaks."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


def accepts(device: Input, rate: int) -> bool:
    """Whether a device can be opened at that rate."""
    library = _library()
    try:
        library.check_input_settings(device.index, channels=1, dtype="float32", samplerate=rate)
    except (library.PortAudioError, ValueError):
        return False
    return True


def open_stream(
    device: Input,
    channels: int,
    on_sound: Callable[[Any, bool], None],
    on_end: Callable[[], None],
) -> Stream:
    """Open and start a stream of 20 ms blocks at the device's default rate.

    Parameters
    ----------
    device : Input
    channels : int
    on_sound : callable
        Called in the sound system's thread with a buffer of interleaved float32 samples,
        valid during the call only, and True if the system says that samples were lost.
    on_end : callable
        Called there when the stream has ended, for whatever reason.

    Raises
    ------
    DeviceError
        If the device cannot be opened.
    """
    library = _library()

    def callback(data: Any, _frames: int, _time: object, status: Any) -> None:
        on_sound(data, bool(status.input_overflow))

    with _explained(f"'{device.name}'"):
        raw = library.RawInputStream(
            device=device.index,
            channels=channels,
            samplerate=device.rate,
            blocksize=device.rate // BLOCKS_PER_SECOND,
            latency=LATENCY_S,
            dtype="float32",
            callback=callback,
            finished_callback=on_end,
        )
        _count(+1)
        stream = Stream(raw)
        try:
            raw.start()
        except library.PortAudioError:
            stream.close()
            raise
    return stream


def start_afresh() -> None:
    """Have PortAudio look for devices again; does nothing while any stream is open.

    Raises
    ------
    DeviceError
        If the sound system cannot be started.
    """
    library = _library()
    with _count_lock:
        if _open_streams:
            return
    with contextlib.suppress(library.PortAudioError):
        library._terminate()  # noqa: SLF001 - there is no public way
    with _explained("the sound system"):
        library._initialize()  # noqa: SLF001


def _count(change: int) -> None:
    global _open_streams  # noqa: PLW0603 - PortAudio's own state is global too
    with _count_lock:
        _open_streams += change


def _library() -> ModuleType:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise device_error(Problem.NO_LIBRARY) from error
    except Exception as error:  # its PortAudioError, which is not to be had without it
        raise device_error(Problem.NO_START, detail=str(*error.args[:1])) from error
    atexit.unregister(_leave)
    atexit.register(_leave)
    return sounddevice  # type: ignore[no-any-return]


def _leave() -> None:
    """At the end of the program, skip PortAudio's farewell if it would hang."""
    library = sys.modules.get("sounddevice")
    if library is not None and (sound_thread.is_busy or _open_streams):
        atexit.unregister(library._exit_handler)  # noqa: SLF001


def _default_index(library: ModuleType) -> int:
    try:
        return int(library.query_devices(kind="input")["index"])
    except (library.PortAudioError, ValueError):
        return -1


@contextlib.contextmanager
def _explained(device: str) -> Iterator[None]:
    """Turn PortAudio's failures into sentences with a next step."""
    library = _library()
    try:
        yield
    except library.PortAudioError as error:
        raise _explanation(error, device) from error
    except ValueError as error:
        raise device_error(Problem.OTHER, device, str(error)) from error


def _explanation(error: Exception, device: str) -> DeviceError:
    """PortAudio's arguments are a text, mostly a code, and sometimes what the host said."""
    text, code, host = (*error.args, None, None)[:3]
    _, host_code, host_text = host or (0, 0, "")
    problem = problem_of(code, host_code, host_text or str(text))
    return device_error(problem, device, str(text))
