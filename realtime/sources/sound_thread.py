"""One thread for all calls to the sound system, which may hang: its callers wait with a limit."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class SoundThread:
    """Runs calls one after the other, in the order of submission.

    The thread ends with the program, even while a call hangs. Some systems bind a library to
    the thread that initialised it, so there is one thread for good, not one for each call.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._unfinished = 0

    @property
    def is_busy(self) -> bool:
        """True while a call runs or waits; at the program's end that means it hangs."""
        return self._unfinished > 0

    def submit(self, call: Callable[[], Result]) -> "Future[Result]":
        """Have a function called; the future tells its result or its exception."""
        future: Future[Result] = Future()
        with self._lock:
            self._unfinished += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
                self._thread.start()
        self._calls.put((future, call))
        return future

    def _run(self) -> None:
        while True:
            future, call = self._calls.get()
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                future.set_exception(error)
            else:
                future.set_result(result)
            with self._lock:
                self._unfinished -= 1
