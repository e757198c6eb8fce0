"""A bounded queue and its own thread before one output, so that no output delays another."""

import threading
import time
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from realtime.log import amounts
from realtime.log.outage import Notify

LOOK_S = 0.1
Item = TypeVar("Item")
Taken_contra = TypeVar("Taken_contra", contravariant=True)


class Sink(Protocol[Taken_contra]):
    """Where rows or pieces of sound end up.

    Attributes
    ----------
    reader_gone : bool
        True once nobody reads what is written.
    """

    reader_gone: bool

    def write(self, item: Taken_contra, /) -> None:
        """Write one; a fault is remembered, not raised."""
        ...

    @property
    def problem(self) -> str | None:
        """One sentence if something is missing."""
        ...

    def close(self) -> None:
        """Write what waits."""
        ...


class Lane(Generic[Item]):
    """Hands items to one sink in its own thread; one thread may put.

    Parameters
    ----------
    name : str
        Of the output, for people.
    sink : Sink
    unit : str
        What an item is, for people.
    limit : int
        Items that may wait.
    notify : callable
        `Board.notice`.
    stop : threading.Event
        Set when the reader of the output is gone or the sink has failed unexpectedly.

    Attributes
    ----------
    missing : int
        Items that found the queue full or were still in it when time ran out.
    """

    def __init__(
        self,
        name: str,
        sink: Sink[Item],
        *,
        unit: str,
        limit: int,
        notify: Notify,
        stop: threading.Event,
    ) -> None:
        self._name = name
        self._sink = sink
        self._unit = unit
        self._limit = limit
        self._notify = notify
        self._stop = stop
        self._queue: SimpleQueue[Item | None] = SimpleQueue()  # bounded by put()
        self._has_room = threading.Event()
        self._is_closing = threading.Event()
        self._failure: BaseException | None = None
        self._is_stuck = False
        self.missing = 0
        self._thread = threading.Thread(target=self._run, name=f"log {name}", daemon=True)
        self._thread.start()

    def put(self, item: Item, *, deadline_s: float = 0.0) -> bool:
        """Hand over one item, or count it when there is no room until `deadline_s`.

        Parameters
        ----------
        item
        deadline_s : float
            Of the monotonic clock; 0 does not wait, infinity as long as it takes.

        Returns
        -------
        bool
            Whether it was taken.

        Raises
        ------
        Exception
            What the sink failed with unexpectedly.
        """
        if self._failure is not None:
            raise self._failure
        if self._queue.qsize() < self._limit or self._wait_for_room(deadline_s):
            self._queue.put(item)
            return True
        self.missing += 1
        lost = amounts.missing(self.missing, self._unit)
        self._notify(f"lane {self._name}", f"{lost} in {self._name}, which is too slow.")
        return False

    def _wait_for_room(self, deadline_s: float) -> bool:
        while not (self._is_closing.is_set() or self._stop.is_set()):
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            self._has_room.clear()
            if self._queue.qsize() < self._limit:
                return True
            self._has_room.wait(min(left_s, LOOK_S))
        return False

    def _run(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                if not self._has_room.is_set():
                    self._has_room.set()
                self._sink.write(item)
                if self._sink.reader_gone:
                    self._stop.set()
            self._sink.close()
        except BaseException as failure:  # noqa: BLE001 - raised again by put() and close()
            self._failure = failure
            self._stop.set()

    def close(self, deadline_s: float) -> None:
        """Let the thread write what is queued until `deadline_s` of the monotonic clock."""
        if self._is_closing.is_set():
            return
        self._is_closing.set()
        self._queue.put(None)
        self._thread.join(max(0.0, deadline_s - time.monotonic()))
        if self._failure is not None:
            raise self._failure
        if self._thread.is_alive():
            self._give_up()

    def _give_up(self) -> None:
        """Count what a stalled output has not taken and leave its thread behind."""
        self._is_stuck = True
        self.missing += 1  # the one in the stalled call
        try:
            while True:
                self.missing += self._queue.get_nowait() is not None
        except Empty:
            self._queue.put(None)

    @property
    def problem(self) -> str | None:
        """One sentence if something is missing."""
        if self._sink.reader_gone:
            return None
        if self.missing:
            why = "takes nothing any more" if self._is_stuck else "was too slow"
            return f"{amounts.missing(self.missing, self._unit)} in {self._name}, which {why}."
        return self._sink.problem

    @property
    def reader_gone(self) -> bool:
        """Whether nobody reads this output any more."""
        return self._sink.reader_gone
