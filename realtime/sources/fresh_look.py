"""A look at the devices from outside, by a short-lived process of its own.

PortAudio sees new devices only when it starts afresh, and each time it does, it and the
libraries below it keep some 12 kB; a night of looking for an unplugged microphone would cost
100 MB. A process that ends gives everything back, and if it hangs, it can be ended.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict

from models.errors import DeviceError
from realtime.sources.device_errors import Problem, device_error
from realtime.sources.portaudio import Input, inputs

PATIENCE_S = 5.0


def fresh_inputs() -> list[Input]:
    """List the devices that can record, as a program that is started now sees them.

    Raises
    ------
    DeviceError
        If there is none, or the sound system hangs.
    """
    # It imports what this program does: a folder `models` where the person is would hide ours.
    command = [sys.executable, "-P", "-m", __name__]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        found = [Input(**facts) for facts in json.loads(done.stdout)]
    except subprocess.TimeoutExpired:
        raise device_error(Problem.NO_ANSWER) from None
    except (OSError, ValueError):
        found = []
    if not found:
        raise device_error(Problem.NO_DEVICE)
    return found


def main() -> None:
    """Print the inputs as JSON; an empty list if there is none."""
    try:
        found = inputs()
    except DeviceError:
        found = []
    print(json.dumps([asdict(device) for device in found]))


if __name__ == "__main__":
    main()
