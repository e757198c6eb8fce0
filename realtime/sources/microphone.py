"""The microphone: opened at its own rate, watched, and found again when it was lost.

Opening and closing run in threads of their own, because they may hang with the sound system;
meanwhile the source goes on and reports the gap.
"""

import threading
from collections.abc import Iterator
from threading import Event

from models.errors import DeviceError
from realtime.sources import clock, portaudio
from realtime.sources.base import Gap, Notice, SourceItem
from realtime.sources.connection import Connection, abandon, connect
from realtime.sources.default_input import DefaultInput
from realtime.sources.device_errors import Problem, device_error, next_step
from realtime.sources.devices import PATIENCE_S, choose, find_again
from realtime.sources.fresh_look import fresh_inputs
from realtime.sources.portaudio import Input
from realtime.sources.reconnection import Reconnection, close_opened

READ_S = 0.1
# Waking for every block would cost more than the work; a hop is five times as long.
REST_S = 0.05
# Reads in vain, not seconds: a program that was suspended has waited long, but read once.
SILENT_READS = 10
FIRST_READS = 30
CLOSING_S = 0.5
# A new stream's first samples may be older than they look: the gap is told with reserve.
HEAD_START_S = 1.0
NEWS_S = 10.0
CANCELLING = (
    "The channels cancel each other, as with a balanced cable in a stereo input: listen to one of "
    "them with --channel 1, or change the cable."
)


class MicrophoneSource:
    """Listens to one input until stopped; the loss of the device is a gap, not the end.

    Parameters
    ----------
    device : str or int or None
        Number, name, part of a name; None for the system's default: whatever that is when a
        lost device is looked for.
    channel : int or None
        Counted from 1; None averages all.

    Raises
    ------
    DeviceError
        If there is no such device now, or it cannot be opened. Once this has succeeded,
        devices may come and go.

    Notes
    -----
    A device is found again by name, at whatever number and rate it has then. PortAudio sees
    new devices only after starting afresh, which needs all streams closed; while a frozen
    sound system lets the closing hang, no device that was unknown before can be opened.
    """

    paced = True

    def __init__(self, device: str | int | None = None, channel: int | None = None) -> None:
        self._wanted = device
        self._channel = channel
        opening = portaudio.sound_thread.submit(self._open_first)
        try:
            connection = opening.result(PATIENCE_S)
        except TimeoutError:
            opening.add_done_callback(close_opened)
            raise device_error(Problem.NO_ANSWER) from None
        self._connection: Connection | None = connection
        self.name = connection.device.name
        self.rate = connection.device.rate
        self._default = DefaultInput() if device is None else None
        self._news_until_s: dict[str, float] = {}

    def items(self, stop: Event) -> Iterator[SourceItem]:
        """Yield blocks; while the device is lost, a gap every 100 ms."""
        connection = self._connection
        while connection is not None and not stop.is_set():
            yield from self._listen(connection, stop)
            if not stop.is_set():
                yield from self._reconnect(connection, stop)
            connection = self._connection

    def close(self) -> None:
        """Close the stream; does not wait for long if the sound system hangs."""
        connection, self._connection = self._connection, None
        if connection is not None:
            abandon(connection.stream).join(CLOSING_S)

    def _open_first(self) -> Connection:
        return connect(choose(self._wanted, portaudio.inputs()), self._channel)

    def _open_again(self, lost: Input, closing: threading.Thread) -> Connection:
        closing.join(CLOSING_S)
        found = find_again(lost, self._wanted, fresh_inputs())
        if found is not None and found not in _known_inputs():
            portaudio.start_afresh()
            found = find_again(lost, self._wanted, portaudio.inputs())
        if found is None:
            raise device_error(Problem.GONE, f"'{lost.name}'")
        return connect(found, self._channel)

    def _listen(self, connection: Connection, stop: Event) -> Iterator[SourceItem]:
        """Yield blocks until the stream ends or falls silent."""
        patience = FIRST_READS if connection.intake.begun_s is None else SILENT_READS
        silent = 0
        while not stop.is_set():
            blocks = connection.intake.read(READ_S)
            if blocks is None:
                silent += 1
                if silent >= patience or connection.intake.ended.is_set():
                    break
            else:
                silent, patience = 0, SILENT_READS
                yield from blocks
                yield from connection.intake.cancelling.news(CANCELLING)
                stop.wait(REST_S)
            yield from self._news()
        yield from connection.intake.rest()

    def _reconnect(self, lost: Connection, stop: Event) -> Iterator[SourceItem]:
        """Yield gaps until the device delivers sound again."""
        if self._news_until_s.pop("back", None) is not None:
            # No longer true; and told anew when it is true again.
            yield Notice(key="back", text=None)
        yield from lost.intake.cancelling.over()
        begun_s = lost.intake.latest_s
        cause = "it was disconnected" if lost.intake.ended.is_set() else "it delivers no sound"
        step = next_step(Problem.GONE)
        self._connection = None  # closed here, and by nobody once more
        closing = abandon(lost.stream)
        reconnection = Reconnection(lambda: self._open_again(lost.device, closing))
        found: Connection | None = None
        try:
            while found is None and not stop.is_set():
                if reconnection.hangs:
                    cause, step = "the sound system does not answer", next_step(Problem.NO_ANSWER)
                elapsed_s = max(0.0, clock.now_s() - HEAD_START_S - begun_s)
                reason = f"Waiting for {lost.device.name}: {cause}; {step}."
                yield Gap(elapsed_s=elapsed_s, over=False, reason=reason)
                stop.wait(READ_S)
                found = reconnection.poll()
        finally:
            reconnection.close()
        self._connection = found
        end_s = clock.now_s() if found is None else found.intake.begun_s or clock.now_s()
        elapsed_s = max(0.0, end_s - begun_s)
        name = lost.device.name if found is None else found.device.name
        yield Gap(elapsed_s=elapsed_s, over=True, reason=f"The gap in {name} is over.")
        if found is not None:
            again = "is back" if name == lost.device.name else "is listened to now"
            missing = f"{elapsed_s:.1f} s of sound are missing"
            yield self._announced("back", f"{name} {again}: {missing}.")

    def _news(self) -> Iterator[Notice]:
        """Yield word of a changed default, and clear news that is ten seconds old."""
        name = self._default.change() if self._default is not None else None
        if name is not None:
            yield self._announced("default", f"The default microphone is now {name}.")
        for key, until_s in list(self._news_until_s.items()):
            if clock.now_s() > until_s:
                del self._news_until_s[key]
                yield Notice(key=key, text=None)

    def _announced(self, key: str, text: str) -> Notice:
        self._news_until_s[key] = clock.now_s() + NEWS_S
        return Notice(key=key, text=text)


def _known_inputs() -> list[Input]:
    """What PortAudio knew when it started."""
    try:
        return portaudio.inputs()
    except DeviceError:
        return []
