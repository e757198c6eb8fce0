"""Choosing a microphone, finding it again, and what is said when there is none."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import DeviceError
from realtime.dashboard.ink import cell_len
from realtime.device_list import devices_text
from realtime.sources import device_errors, devices, portaudio
from realtime.sources.connection import connect, opened_channels
from realtime.sources.device_errors import STEPS, Problem, device_error, problem_of
from realtime.sources.devices import choose, find_again
from realtime.sources.portaudio import Input


def microphone(
    index: int,
    name: str,
    host_api: str = "ALSA",
    *,
    channels: int = 2,
    rate: int = 44_100,
    is_default: bool = False,
) -> Input:
    return Input(
        index=index,
        name=name,
        host_api=host_api,
        channels=channels,
        rate=rate,
        is_default=is_default,
    )


LINUX = [
    microphone(2, "USB Audio: - (hw:1,0)", channels=1, rate=48_000),
    microphone(3, "USB Camera: Audio (hw:2,0)", channels=2, rate=16_000),
    microphone(7, "pulse", channels=32),
    microphone(9, "default", channels=32, is_default=True),
]
WINDOWS = [
    microphone(1, "Microphone (Realtek High Defini", "MME"),
    microphone(2, "Headset (Jabra)", "MME", is_default=True),
    microphone(5, "Microphone (Realtek High Definition Audio)", "Windows DirectSound"),
    microphone(6, "Headset (Jabra)", "Windows DirectSound"),
    microphone(8, "Headset (Jabra)", "Windows WASAPI"),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (None, 9),
        (3, 3),
        ("7", 7),
        ("pulse", 7),
        ("PULSE", 7),
        ("pulse, ALSA", 7),
        ("camera", 3),
        ("usb cam", 3),
        ("USB Audio: - (hw:1,0)", 2),
        ("USB Audio", 2),
    ],
)
def test_choice_by_number_name_or_part(wanted: str | int | None, index: int) -> None:
    assert choose(wanted, LINUX).index == index


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("jabra", 2), ("jabra wasapi", 8), ("realtek", 1), ("Headset (Jabra), Windows WASAPI", 8)],
)
def test_one_microphone_behind_several_apis_is_not_ambiguous(wanted: str, index: int) -> None:
    assert choose(wanted, WINDOWS).index == index


def test_of_several_apis_the_systems_own_default_comes_first() -> None:
    default = {device.index: device.index == 8 for device in WINDOWS}
    wasapi = [replace(device, is_default=default[device.index]) for device in WINDOWS]
    assert choose("headset", wasapi).index == 8
    assert choose("realtek", wasapi).index == 1  # which is behind others only


def test_without_a_default_the_first_is_taken() -> None:
    assert choose(None, LINUX[:2]).index == 2


def refusal(wanted: str | int) -> str:
    with pytest.raises(DeviceError) as caught:
        choose(wanted, LINUX)
    return str(caught.value)


def test_an_ambiguous_wish_is_answered_with_the_candidates() -> None:
    said = refusal("usb")
    assert "2 'USB Audio: - (hw:1,0)' (ALSA), 3 'USB Camera: Audio (hw:2,0)' (ALSA)" in said
    assert "pulse" not in said


def test_an_unknown_wish_is_answered_with_the_inputs_and_the_closest() -> None:
    assert "did you mean 'pulse'?" in refusal("pulze")
    said = refusal("gramophone")
    assert "did you mean" not in said
    assert all(device.name in said for device in LINUX)
    assert "no input has the number 4" in refusal(4).lower()


def test_a_lost_device_is_found_by_name_at_another_number() -> None:
    moved = [microphone(4, "USB Audio: - (hw:3,0)", channels=1), *LINUX[1:]]
    found = find_again(LINUX[0], "usb audio", moved)
    assert found is not None
    assert found.index == 4
    assert find_again(LINUX[0], 2, moved) == found


def test_a_lost_device_is_looked_for_behind_its_own_api_first() -> None:
    found = find_again(WINDOWS[4], "jabra wasapi", WINDOWS)
    assert found == WINDOWS[4]
    assert find_again(WINDOWS[4], "jabra wasapi", WINDOWS[:4]) == WINDOWS[1]


def test_a_lost_device_is_not_replaced_by_another() -> None:
    others = [microphone(2, "USB Webcam"), *LINUX[2:]]
    assert find_again(LINUX[0], 2, others) is None
    assert find_again(LINUX[0], "usb", others) is None
    assert find_again(LINUX[3], None, others) == LINUX[3]
    assert find_again(LINUX[3], None, others[:1]) == others[0]


def test_channels_of_sound_servers_are_not_averaged_and_missing_ones_are_refused() -> None:
    assert opened_channels(LINUX[0], None) == 1
    assert opened_channels(LINUX[1], 1) == 2
    assert opened_channels(LINUX[2], None) == 2
    assert opened_channels(LINUX[2], 5) == 5
    for channel in (0, 3, -1):
        with pytest.raises(DeviceError, match=f"no channel {channel}: it has 2"):
            opened_channels(LINUX[1], channel)


@pytest.mark.parametrize("rate", [4000, 384_000])
def test_a_device_at_a_rate_that_cannot_be_used_is_not_opened(rate: int) -> None:
    with pytest.raises(DeviceError, match=f"runs at {rate} Hz.* another rate"):
        connect(replace(LINUX[0], rate=rate), None)


def test_wide_letters_leave_the_columns_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    named = [microphone(1, "麦克风"), microphone(2, "Built-in Microphone")]
    monkeypatch.setattr(portaudio, "inputs", lambda: named)
    monkeypatch.setattr(portaudio, "accepts", lambda *_: True)
    _, wide, narrow, *_ = devices_text().splitlines()
    assert cell_len(wide.partition("ALSA")[0]) == cell_len(narrow.partition("ALSA")[0])


def test_the_table_shows_everything_and_marks_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portaudio, "inputs", lambda: LINUX)
    monkeypatch.setattr(portaudio, "accepts", lambda device, rate: rate % device.rate == 0)
    header, *rows = devices_text().splitlines()
    assert header.split() == [
        "no.",
        "name",
        "host",
        "API",
        "channels",
        "default",
        "Hz",
        "works",
        "at",
        "kHz",
    ]
    assert rows[1].split() == [
        "3",
        "USB",
        "Camera:",
        "Audio",
        "(hw:2,0)",
        "ALSA",
        "2",
        "16000",
        "16",
        "32",
        "48",
        "96",
        "192",
    ]
    assert rows[3].startswith("*")
    assert not rows[2].startswith("*")
    assert rows[2].endswith("44.1")


@pytest.mark.parametrize(("wanted", "row"), [("3", 1), ("usb camera", 1), ("", None), ("99", None)])
def test_the_table_marks_what_is_configured(
    wanted: str, row: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portaudio, "inputs", lambda: LINUX)
    monkeypatch.setattr(portaudio, "accepts", lambda *_: True)
    _, *rows = devices_text(wanted).splitlines()
    assert [place for place, text in enumerate(rows[: len(LINUX)]) if ">" in text[:2]] == (
        [] if row is None else [row]
    )
    assert ("No input has the number 99" in rows[-1]) == (wanted == "99")
    assert ("> the one that is configured" in rows) == (row is not None)


def test_a_sound_system_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def inputs() -> list[Input]:
        released.wait(10)
        return LINUX

    monkeypatch.setattr(portaudio, "inputs", inputs)
    monkeypatch.setattr(devices, "PATIENCE_S", 0.05)
    with pytest.raises(DeviceError, match="does not answer"):
        devices_text()
    released.set()


@pytest.mark.parametrize(
    ("code", "host_code", "host_text", "problem"),
    [
        (-9997, 0, "", Problem.BAD_RATE),
        (-9998, 0, "", Problem.BAD_CHANNEL),
        (-9996, 0, "", Problem.GONE),
        (-9993, 0, "Illegal combination of I/O devices", Problem.GONE),
        (-9985, 0, "Device unavailable", Problem.BUSY),
        (-9999, 0, "", Problem.GONE),
        (-9999, -13, "", Problem.DENIED),
        (-9999, 0, "Permission denied", Problem.DENIED),
        (-9999, -16, "", Problem.BUSY),
        (-9999, 0, "Device or resource busy", Problem.BUSY),
        (-1, 0, "", Problem.OTHER),
        (None, 0, "Error querying device -1", Problem.OTHER),
    ],
)
def test_failures_are_told_apart(
    code: int | None, host_code: int, host_text: str, problem: Problem
) -> None:
    assert problem_of(code, host_code, host_text) is problem


@pytest.mark.parametrize("problem", Problem)
def test_each_problem_has_one_sentence_with_the_next_step_on_each_system(problem: Problem) -> None:
    for system, step in zip(("linux", "darwin", "win32"), STEPS[problem], strict=True):
        said = str(device_error(problem, "USB Mic", "an error", system=system))
        assert step in said
        assert "scripts/run replay" in said
        assert "\n" not in said
        assert "{" not in said


def test_devices_that_may_not_be_read_mean_denial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert device_errors.without_devices(tmp_path) is Problem.NO_DEVICE
    assert device_errors.without_devices(tmp_path / "absent") is Problem.NO_DEVICE
    (tmp_path / "pcmC0D0c").touch()
    assert device_errors.without_devices(tmp_path) is Problem.NO_DEVICE
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert device_errors.without_devices(tmp_path) is Problem.DENIED
