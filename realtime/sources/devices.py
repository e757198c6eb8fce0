"""The list of microphones, and the choice of one by number, name or part of a name."""

import difflib
import re

from models.errors import DeviceError
from realtime.sources import portaudio
from realtime.sources.device_errors import Problem, device_error
from realtime.sources.portaudio import Input

PATIENCE_S = 6.0
# ALSA puts the card's number into the name; it changes with the socket.
CARD = re.compile(r"[\s:-]*\(hw:\d+,\d+\)$")


def list_inputs() -> list[Input]:
    """List the devices that can record.

    Raises
    ------
    DeviceError
        If PortAudio is missing, there is no such device, or the sound system hangs.
    """
    try:
        return portaudio.sound_thread.submit(portaudio.inputs).result(PATIENCE_S)
    except TimeoutError:
        raise device_error(Problem.NO_ANSWER) from None


def choose(wanted: str | int | None, available: list[Input]) -> Input:
    """Find the device that was asked for.

    Parameters
    ----------
    wanted : str or int or None
        A number, a name, part of a name (words in order, upper or lower case, the host API's
        name may follow), or None for the system's default.
    available : list of Input
        At least one.

    Raises
    ------
    DeviceError
        If the wish fits none, or several that differ.
    """
    if wanted is None:
        return next((device for device in available if device.is_default), available[0])
    text = str(wanted).strip()
    if text.isdecimal():
        return _by_number(int(text), available)
    found = _called(text, available) or _containing(text, available)
    if not found:
        raise DeviceError(_unknown(text, available))
    if len({_identity(device) for device in found}) > 1:
        raise DeviceError(
            f"'{text}' fits several inputs: {_listed(found)}; give the number or more of the name."
        )
    # One microphone behind several host APIs: the system's own default API comes first.
    first_api = next((device.host_api for device in available if device.is_default), None)
    return next((device for device in found if device.host_api == first_api), found[0])


def find_again(lost: Input, wanted: str | int | None, available: list[Input]) -> Input | None:
    """Find a device that was lost, by name: numbers change when devices come and go.

    Parameters
    ----------
    lost : Input
        As it was.
    wanted : str or int or None
        As the person asked for it. None takes whatever is the default now; else another
        device is no replacement, even if it fits what was asked for.
    available : list of Input

    Returns
    -------
    Input or None
        None if it is not there.
    """
    if wanted is None:
        return choose(None, available) if available else None
    same_name = [device for device in available if _identity(device) == _identity(lost)]
    same_api = [device for device in same_name if device.host_api == lost.host_api]
    return next(iter(same_api or same_name), None)


def _identity(device: Input) -> str:
    # Windows' MME cuts names after 31 letters.
    return CARD.sub("", device.name).casefold()[:31]


def _by_number(number: int, available: list[Input]) -> Input:
    for device in available:
        if device.index == number:
            return device
    raise DeviceError(f"No input has the number {number}; choose one of {_listed(available)}.")


def _called(text: str, available: list[Input]) -> list[Input]:
    name = text.casefold()
    return [
        device
        for device in available
        if name
        in (
            device.name.casefold(),
            _identity(device),
            f"{device.name}, {device.host_api}".casefold(),
        )
    ]


def _containing(text: str, available: list[Input]) -> list[Input]:
    words = re.compile(".*".join(re.escape(word) for word in text.split()), re.IGNORECASE)
    return [device for device in available if words.search(f"{device.name}, {device.host_api}")]


def _unknown(text: str, available: list[Input]) -> str:
    names = {device.name.casefold(): device.name for device in available}
    close = difflib.get_close_matches(text.casefold(), names, n=1, cutoff=0.5)
    hint = f"did you mean '{names[close[0]]}'? Choose" if close else "choose"
    return f"No input is called '{text}'; {hint} one of {_listed(available)}."


def _listed(devices: list[Input]) -> str:
    return ", ".join(f"{device.index} '{device.name}' ({device.host_api})" for device in devices)
