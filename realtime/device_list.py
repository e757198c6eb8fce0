"""The `devices` command: a table of the microphones and of the rates that they work at."""

from models.errors import DeviceError
from realtime.dashboard.ink import cell_len, set_cell_size
from realtime.messages import clean
from realtime.sources import portaudio
from realtime.sources.device_errors import Problem, device_error
from realtime.sources.devices import PATIENCE_S, choose, list_inputs
from realtime.sources.portaudio import Input

RATES = (8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000)


def devices_text(wanted: str = "") -> str:
    """Render the inputs as a table, the default marked.

    Parameters
    ----------
    wanted : str
        What the configuration names, number or name; it is marked too.

    Raises
    ------
    DeviceError
        As `list_inputs`.
    """
    devices = list_inputs()
    try:
        rates = portaudio.sound_thread.submit(
            lambda: [_working_rates(device) for device in devices]
        ).result(PATIENCE_S)
    except TimeoutError:
        raise device_error(Problem.NO_ANSWER) from None
    configured, said = _configured(wanted, devices)
    header = ("", "no.", "name", "host API", "channels", "default Hz", "works at kHz")
    rows = [
        (
            ("*" if device.is_default else "") + (">" if device == configured else ""),
            str(device.index),
            device.name,
            device.host_api,
            str(device.channels),
            str(device.rate),
            working,
        )
        for device, working in zip(devices, rates, strict=True)
    ]
    table = [header, *rows]
    widths = [max(cell_len(row[column]) for row in table) for column in range(len(header))]
    lines = [
        "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        for row in table
    ]
    note = "* the default; choose with --device NUMBER or part of the NAME"
    return "\n".join([*map(str.rstrip, lines), "", note, *said])


def _configured(wanted: str, devices: list[Input]) -> tuple[Input | None, list[str]]:
    """The device that is configured, if it is there, and what to say of it."""
    if not wanted:
        return None, []
    try:
        return choose(wanted, devices), ["> the one that is configured"]
    except DeviceError as error:
        return None, [f"What is configured is none of them: {clean(str(error))}"]


def _working_rates(device: Input) -> str:
    works = [rate for rate in RATES if portaudio.accepts(device, rate)]
    return " ".join(f"{rate / 1000:g}" for rate in works) or "none"
