"""Listens to a microphone in a process of its own and tells what it yields, line by line.

``python capture.py FOLDER [DEVICE [CHANNEL]]``: one JSON object per item on standard output, until
standard input closes; the samples go to ``FOLDER/samples.f32``.
"""

import json
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from models.errors import SerError
from realtime.sources.base import Block
from realtime.sources.microphone import MicrophoneSource


def main() -> None:
    folder = Path(sys.argv[1])
    device = sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] else None
    channel = int(sys.argv[3]) if len(sys.argv) > 3 else None
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    try:
        source = MicrophoneSource(device, channel)
    except SerError as error:
        print(json.dumps({"kind": "SerError", "text": str(error)}), flush=True)
        return
    print(json.dumps({"kind": "Source", "name": source.name, "rate": source.rate}), flush=True)
    with (folder / "samples.f32").open("wb") as out:
        for item in source.items(stop):
            told = {"kind": type(item).__name__}
            if isinstance(item, Block):
                out.write(item.samples.tobytes())
                told |= {
                    "samples": item.samples.size,
                    "lost": item.lost_samples,
                    "rate": item.rate,
                    "arrived_s": item.arrived_s,
                }
            else:
                told |= asdict(item)
            print(json.dumps(told), flush=True)
    source.close()
    source.close()
    print(json.dumps({"kind": "End"}), flush=True)


if __name__ == "__main__":
    main()
