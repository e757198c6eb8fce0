"""The one door to all outputs of a run."""

import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path

from realtime.board import Board
from realtime.estimate import Estimate
from realtime.log.columns import json_line
from realtime.log.csv_log import CsvLog
from realtime.log.lane import Lane, Sink
from realtime.log.meta import RunMeta
from realtime.log.plain import PlainLines
from realtime.log.rotation import Rotation
from realtime.log.stdout_lines import StdoutLines

CLOSE_S = 5.0
QUEUED_ROWS = 4096


class LogThread:
    """Hands each row to every output, and waits for none longer than it is told to.

    Attributes
    ----------
    first_window : int
        Added to the windows of this run: what an appended log already holds.
    """

    def __init__(self, lanes: list[Lane[Estimate]], first_window: int = 0) -> None:
        self._lanes = lanes
        self.first_window = first_window

    def put(self, estimate: Estimate, *, deadline_s: float = 0.0) -> None:
        """Hand over one row.

        Parameters
        ----------
        estimate : Estimate
        deadline_s : float
            Until when, by the monotonic clock, to wait for an output that has 4096 rows
            waiting; after that the row is counted as missing, and announced. Infinity is for a
            source that can wait: then a slow output slows the run and loses nothing.

        Raises
        ------
        Exception
            What an output failed with unexpectedly; faults of disk and pipe are not raised.
        """
        if self.first_window:
            estimate = replace(estimate, window=estimate.window + self.first_window)
        for lane in self._lanes:
            lane.put(estimate, deadline_s=deadline_s)

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Write what waits, for at most `timeout_s` seconds; may be called twice."""
        deadline_s = time.monotonic() + timeout_s
        with contextlib.ExitStack() as stack:
            for lane in self._lanes:
                stack.callback(lane.close, deadline_s)

    @property
    def problem(self) -> str | None:
        """What is missing in which output; if not None, the run ends with exit code 1."""
        return " ".join(lane.problem for lane in self._lanes if lane.problem) or None

    @property
    def reader_gone(self) -> bool:
        """Whether the reader of standard output has left: then the run ends, and needs no sum."""
        return any(lane.reader_gone for lane in self._lanes)


def open_log(
    *,
    csv: Path | None,
    json: bool,
    plain: bool,
    meta: RunMeta,
    overwrite: bool = False,
    append: bool = False,
    rotation: Rotation | None = None,
    board: Board,
    stop: threading.Event,
    stdout: int = 1,
) -> LogThread:
    """Open the outputs that a person asked for.

    Parameters
    ----------
    csv : Path or None
        Where the CSV goes.
    json, plain : bool
        Lines on standard output, of one kind or none.
    meta : RunMeta
        For the description beside the CSV.
    overwrite, append, rotation
        As in `CsvLog`.
    board : Board
        Learns what could not be written.
    stop : threading.Event
        Is set when the reader of standard output has left.
    stdout : int
        Descriptor of standard output.

    Raises
    ------
    OutputError
        If the CSV cannot be written, exists already, or disagrees with this run.
    """
    sinks: list[tuple[str, Sink[Estimate]]] = []
    first_window = 0
    if csv is not None:
        log = CsvLog(
            csv,
            meta,
            overwrite=overwrite,
            append=append,
            rotation=rotation,
            notify=board.notice,
        )
        first_window = log.first_window
        sinks.append((str(csv), log))
    if json or plain:
        lines = StdoutLines(
            json_line if json else PlainLines(), descriptor=stdout, notify=board.notice
        )
        sinks.append(("standard output", lines))
    lanes = [
        Lane(name, sink, unit="row", limit=QUEUED_ROWS, notify=board.notice, stop=stop)
        for name, sink in sinks
    ]
    return LogThread(lanes, first_window)
