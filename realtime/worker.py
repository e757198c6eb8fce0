"""The worker thread: what a source yields goes through the estimator to the log and the board."""

import math
import threading
import time
from collections.abc import Iterable

from realtime.board import Board
from realtime.estimate import Estimate
from realtime.estimator import MANY_ROWS, Estimator
from realtime.log.log_thread import LogThread
from realtime.log.record import Recorder
from realtime.sources.base import Notice, Source
from realtime.sources.notices import Notices
from realtime.summary import Summary

# The rows of a night asleep come at once. A live source can wait for the log meanwhile, for half
# of what its ring holds; the rows of some minutes have room in the queue.
CATCH_UP_S = 5.0
RESET_NOTICE = "reset"
RESET_TOLD_S = 3.0


class Worker(threading.Thread):
    """Runs until the source ends, `stop` is set, or something fails.

    Parameters
    ----------
    source : Source
    estimator : Estimator
    board : Board
        Gets rows, notices and the end.
    log : LogThread
    stop : Event
        Ends the run; set by the worker when it is over.
    is_live : bool
        True if the source cannot wait: then rows that the log has no room for are counted
        instead of holding it up for long, and hints about the microphone are given.
    recorder : Recorder or None
        Keeps the sound itself.
    longest_s : float or None
        Ends the run after that much stream time.
    """

    def __init__(
        self,
        source: Source,
        estimator: Estimator,
        board: Board,
        log: LogThread,
        stop: threading.Event,
        *,
        is_live: bool,
        recorder: Recorder | None = None,
        longest_s: float | None = None,
    ) -> None:
        super().__init__(name="worker", daemon=True)
        self._source = source
        self._estimator = estimator
        self._board = board
        self._log = log
        self._stop_event = stop
        self._is_live = is_live
        self._recorder = recorder
        self._longest_s = longest_s
        self._reset_wanted = threading.Event()
        self._notices = Notices(with_hints=is_live)
        self._failure: BaseException | None = None
        self._is_over = False
        self.summary = Summary()

    def reset_speaker(self) -> None:
        """Ask for a fresh adaptive baseline; safe from any thread."""
        self._reset_wanted.set()

    def run(self) -> None:
        """Work; the thread's body."""
        try:
            self._work()
        except BaseException as failure:  # noqa: BLE001 - raised again by result()
            self._failure = failure
        finally:
            self._board.finish()
            self._stop_event.set()

    def result(self) -> Summary:
        """Wait for the end; raise again what made the worker fail."""
        self.join()
        if self._failure is not None:
            raise self._failure
        return self.summary

    def _work(self) -> None:
        told_s = math.inf
        for item in self._source.items(self._stop_event):
            if self._reset_wanted.is_set():
                self._reset_wanted.clear()
                self._estimator.reset_speaker()
                self._board.notice(
                    RESET_NOTICE, "The voice is forgotten: what is said now is learnt."
                )
                told_s = time.monotonic()
            elif time.monotonic() - told_s >= RESET_TOLD_S:
                self._board.notice(RESET_NOTICE, None)
                told_s = math.inf
            for notice in self._notices.of(item):
                self._board.notice(notice.key, notice.text)
            if isinstance(item, Notice):
                continue
            if self._recorder is not None:
                self._recorder.put(item)
            self._publish(self._estimator.pushed(item))
            self._board.notice("voice", self._estimator.stranger)
            if self._is_over:
                break
        self._publish([self._estimator.finish()])

    def _publish(self, batches: Iterable[list[Estimate]]) -> None:
        # Until when the rows may wait for room in the log.
        deadline_s = 0.0 if self._is_live else math.inf
        for rows in batches:
            if len(rows) >= MANY_ROWS and not deadline_s:
                deadline_s = time.monotonic() + CATCH_UP_S
            for row in rows:
                self._publish_one(row, deadline_s)
                if self._is_over:
                    return

    def _publish_one(self, row: Estimate, deadline_s: float) -> None:
        if self._longest_s is not None and row.end_s > self._longest_s + 1e-9:
            # After a gap, rows need not end at multiples of the hop.
            self._is_over = True
            return
        self._log.put(row, deadline_s=deadline_s)
        self._board.add(row)
        self.summary.add(row)
        self._is_over = self._longest_s is not None and row.end_s >= self._longest_s - 1e-9
