"""A running stream together with what takes its sound."""

import threading
from dataclasses import dataclass

from models.audio import HIGHEST_RATE, LOWEST_RATE
from models.errors import DeviceError
from realtime.sources import portaudio
from realtime.sources.intake import Intake
from realtime.sources.portaudio import Input, Stream

# Sound servers offer 32 and more channels for any microphone: their average has no meaning.
MOST_REAL_CHANNELS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """What it takes to listen to one device.

    Attributes
    ----------
    device : Input
    stream : Stream
    intake : Intake
    """

    device: Input
    stream: Stream
    intake: Intake


def connect(device: Input, channel: int | None) -> Connection:
    """Open a device at its own rate; may hang, see `portaudio.sound_thread`.

    Parameters
    ----------
    device : Input
    channel : int or None
        Counted from 1; None averages all.

    Raises
    ------
    DeviceError
        If it has no such channel, runs at a rate that cannot be used, or cannot be opened.
    """
    if not LOWEST_RATE <= device.rate <= HIGHEST_RATE:
        raise DeviceError(
            f"'{device.name}' runs at {device.rate} Hz; {LOWEST_RATE} to {HIGHEST_RATE} Hz can be "
            "used: choose another rate in the settings of your sound system, or another device "
            "with --device."
        )
    channels = opened_channels(device, channel)
    intake = Intake(device.rate, channels, channel)
    stream = portaudio.open_stream(device, channels, intake.take, intake.ended.set)
    return Connection(device=device, stream=stream, intake=intake)


def opened_channels(device: Input, channel: int | None) -> int:
    """How many channels to open: all that are real, since some systems open no fewer.

    Raises
    ------
    DeviceError
        If the wanted channel is not among them.
    """
    if channel is not None and not 1 <= channel <= device.channels:
        raise DeviceError(
            f"'{device.name}' has no channel {channel}: it has {device.channels}, counted from 1; "
            "choose one with --channel, or leave it out to average all."
        )
    if device.channels <= MOST_REAL_CHANNELS:
        return device.channels
    return max(2, channel or 0)


def abandon(stream: Stream) -> threading.Thread:
    """Close a stream in a thread of its own, which may hang for ever."""
    thread = threading.Thread(target=stream.close, name="closing", daemon=True)
    thread.start()
    return thread
