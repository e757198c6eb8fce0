"""The door to PortAudio, with a stand-in that fails on demand: real ones fail too rarely."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from models.errors import DeviceError
from realtime.sources import portaudio
from realtime.sources.portaudio import Input

MICROPHONE = Input(
    index=1, name="USB Mic", host_api="ALSA", channels=2, rate=48_000, is_default=True
)


class PortAudioError(Exception):
    pass


class FakeStream:
    def __init__(self, library: "FakeLibrary", **settings: Any) -> None:
        self.library = library
        self.settings = settings
        self.closed = 0
        if library.failure is not None and library.fails_at == "open":
            raise library.failure
        library.streams.append(self)

    def start(self) -> None:
        if self.library.failure is not None and self.library.fails_at == "start":
            raise self.library.failure
        self.settings["callback"](b"\0" * 16, 2, None, SimpleNamespace(input_overflow=True))
        self.settings["finished_callback"]()

    def close(self, *, ignore_errors: bool) -> None:
        assert ignore_errors
        self.closed += 1


class FakeLibrary(ModuleType):
    PortAudioError = PortAudioError

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.failure: Exception | None = None
        self.fails_at = "open"
        self.streams: list[FakeStream] = []
        self.calls: list[str] = []
        self.devices: list[dict[str, Any]] = []

    def RawInputStream(self, **settings: Any) -> FakeStream:  # noqa: N802 - sounddevice's name
        return FakeStream(self, **settings)

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA"}]

    def query_devices(self, kind: str | None = None) -> Any:
        if kind is None:
            return self.devices
        if self.failure is not None:
            raise self.failure
        return self.devices[-1]

    def check_input_settings(self, device: int, **settings: Any) -> None:
        assert (device, settings["channels"]) == (1, 1)
        if settings["samplerate"] != 48_000:
            raise PortAudioError("Invalid sample rate", -9997)

    def _terminate(self) -> None:
        self.calls.append("terminate")
        if self.failure is not None:
            raise self.failure

    def _initialize(self) -> None:
        self.calls.append("initialize")
        if self.failure is not None and self.fails_at == "initialize":
            raise self.failure

    def _exit_handler(self) -> None:
        self.calls.append("exit")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    fake = FakeLibrary()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(portaudio, "_open_streams", 0)
    return fake


def opened(sounds: list[tuple[bytes, bool]], ends: list[bool]) -> portaudio.Stream:
    return portaudio.open_stream(
        MICROPHONE,
        2,
        lambda data, flagged: sounds.append((bytes(data), flagged)),
        lambda: ends.append(True),
    )


def test_a_stream_is_opened_at_the_devices_own_rate_in_blocks_of_20_ms(
    library: FakeLibrary,
) -> None:
    sounds: list[tuple[bytes, bool]] = []
    ends: list[bool] = []
    stream = opened(sounds, ends)
    settings = library.streams[0].settings
    assert (settings["samplerate"], settings["blocksize"], settings["channels"]) == (48_000, 960, 2)
    assert sounds == [(b"\0" * 16, True)]
    assert ends == [True]
    stream.close()
    assert library.streams[0].closed == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Error opening RawInputStream: Invalid sample rate", -9997), "its own default rate"),
        (("Invalid number of channels", -9998), "that number of channels"),
        (("Device unavailable", -9985), "in use by another program"),
        (("Illegal combination of I/O devices", -9993), "it is gone"),
        (("Unanticipated host error", -9999, (0, -13, "Permission denied")), "does not let"),
        (("Unanticipated host error", -9999, (0, -16, "")), "in use by another program"),
        (("Error querying device -1",), "Error querying device -1"),
    ],
)
@pytest.mark.parametrize("fails_at", ["open", "start"])
def test_failures_become_sentences_and_leave_no_stream_open(
    library: FakeLibrary, fails_at: str, arguments: tuple[Any, ...], said: str
) -> None:
    library.failure, library.fails_at = PortAudioError(*arguments), fails_at
    with pytest.raises(DeviceError, match=said):
        opened([], [])
    assert all(stream.closed == 1 for stream in library.streams)
    assert portaudio._open_streams == 0


def test_an_unknown_device_name_becomes_a_sentence(library: FakeLibrary) -> None:
    library.failure = ValueError("No input device matching 'x'")
    with pytest.raises(DeviceError, match="No input device matching"):
        opened([], [])


def test_line_breaks_and_escape_codes_in_a_name_are_spaces(library: FakeLibrary) -> None:
    name = "Headset (@System32\\drivers\\bthhfenum.sys,#2;%1 Hands-Free%0\r\n;(Buds))\x1b"
    input_ = {"name": name, "index": 0, "hostapi": 0, "max_input_channels": 1}
    library.devices = [input_ | {"default_samplerate": 16_000.0}]
    (found,) = portaudio.inputs()
    assert found.name == "Headset (@System32\\drivers\\bthhfenum.sys,#2;%1 Hands-Free%0 ;(Buds))"


def test_inputs_are_those_that_record(library: FakeLibrary) -> None:
    speaker = {"index": 0, "name": "Speaker", "hostapi": 0, "max_input_channels": 0}
    usb = {"index": 1, "name": "USB Mic", "hostapi": 0, "max_input_channels": 2}
    library.devices = [device | {"default_samplerate": 48_000.0} for device in (speaker, usb)]
    assert portaudio.inputs() == [MICROPHONE]
    library.failure = PortAudioError("Error querying device -1")
    assert [device.is_default for device in portaudio.inputs()] == [False]
    library.devices.pop()
    with pytest.raises(DeviceError, match="scripts/run replay"):
        portaudio.inputs()


@pytest.mark.usefixtures("library")
def test_a_rate_is_tried_out() -> None:
    assert portaudio.accepts(MICROPHONE, 48_000)
    assert not portaudio.accepts(MICROPHONE, 16_000)


def test_a_fresh_start_waits_until_all_streams_are_closed(library: FakeLibrary) -> None:
    stream = opened([], [])
    portaudio.start_afresh()
    assert library.calls == []
    stream.close()
    portaudio.start_afresh()
    assert library.calls == ["terminate", "initialize"]


def test_a_fresh_start_survives_one_that_failed(library: FakeLibrary) -> None:
    library.failure, library.fails_at = PortAudioError("Not initialized", -10_000), "terminate"
    portaudio.start_afresh()
    library.fails_at = "initialize"
    with pytest.raises(DeviceError):
        portaudio.start_afresh()


def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeviceError, match="PortAudio library is missing"):
        portaudio.inputs()
