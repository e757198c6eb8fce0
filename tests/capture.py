"""Listens to a microphone in a process of its own, so that PortAudio starts up with its server.

``python capture.py FOLDER [DEVICE [CHANNEL]]`` tells each item as a JSON object on a line of
standard output, until standard input closes; the samples go to ``FOLDER/samples.f32``.
`Capture` is the other end. With ``CAPTURE_RATE`` in the environment, every device claims that
default rate.
"""

import dataclasses
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
Item = dict[str, Any]


def is_kind(*kinds: str) -> Callable[[Item], bool]:
    return lambda item: item["kind"] in kinds


def is_over(item: Item) -> bool:
    return item["kind"] == "Gap" and bool(item["over"])


class Capture:
    """A running capture; what it told so far is in `items`."""

    def __init__(
        self, folder: Path, environment: dict[str, str], *arguments: str, rate: int | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._samples = folder / "samples.f32"
        self._errors = folder / "stderr"
        self.items: list[Item] = []
        self._told: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        more = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        if rate is not None:
            more["CAPTURE_RATE"] = str(rate)
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", __file__, str(folder), *arguments],
                env=environment | more,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def until(self, wanted: Callable[[Item], bool], seconds: float = 20.0) -> Item:
        """Wait for the next item of that sort."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                item = self._told.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"not told in {seconds:g} s; {self.items[-3:]}") from None
            if item is None:
                code = self.process.wait()
                said = self._errors.read_text(errors="replace")
                raise EOFError(f"capture ended with {code}; {self.items[-2:]}; {said}")
            self.items.append(item)
            if wanted(item):
                return item

    def until_heard(self, seconds: float) -> None:
        """Wait for sound that arrives that much later than now, and than the first."""
        self.until(is_kind("Block"))
        begun_s = time.monotonic()
        self.until(
            lambda item: item["kind"] == "Block" and item["arrived_s"] >= begun_s + seconds,
            20.0 + seconds,
        )

    def stop(self) -> int:
        """Have it stop; everything it told is in `items` then. The exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.until(is_kind("End"))
        return self.process.wait(20)

    def samples(self) -> NDArray[np.float32]:
        return np.fromfile(self._samples, np.float32)

    def of_kind(self, kind: str) -> list[Item]:
        return [item for item in self.items if item["kind"] == kind]

    def unaccounted_s(self) -> float:
        """Clock time from the first to the last block, less what was told of it."""
        blocks = self.of_kind("Block")
        told = sum((block["samples"] + block["lost"]) / block["rate"] for block in blocks[1:])
        told += sum(gap["elapsed_s"] for gap in self.items if is_over(gap))
        return float(blocks[-1]["arrived_s"] - blocks[0]["arrived_s"] - told)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._told.put(json.loads(line))
        self._told.put(None)


def _tell(kind: str, **facts: object) -> None:
    print(json.dumps({"kind": kind, **facts}), flush=True)


def main() -> None:
    from models.errors import SerError
    from realtime.sources import portaudio
    from realtime.sources.base import Block
    from realtime.sources.microphone import MicrophoneSource

    folder, device, channel, *_ = [Path(sys.argv[1]), *sys.argv[2:], "", ""]
    if "CAPTURE_RATE" in os.environ:
        true_inputs = portaudio.inputs
        rate = int(os.environ["CAPTURE_RATE"])
        portaudio.inputs = lambda: [dataclasses.replace(it, rate=rate) for it in true_inputs()]
    stop = threading.Event()

    def stop_at_end_of_input() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=stop_at_end_of_input, daemon=True).start()
    try:
        source = MicrophoneSource(str(device) or None, int(str(channel)) if channel else None)
    except SerError as error:
        _tell("SerError", text=str(error))
        return
    _tell("Source", name=source.name, rate=source.rate)
    with (Path(folder) / "samples.f32").open("wb") as out:
        for item in source.items(stop):
            if isinstance(item, Block):
                out.write(item.samples.tobytes())
                _tell(
                    "Block",
                    samples=item.samples.size,
                    lost=item.lost_samples,
                    rate=item.rate,
                    arrived_s=item.arrived_s,
                )
            else:
                _tell(type(item).__name__, **dataclasses.asdict(item))
    source.close()
    source.close()
    _tell("End")


if __name__ == "__main__":
    main()
