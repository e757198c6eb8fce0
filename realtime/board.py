"""The latest state of a run, which the worker writes and the dashboard reads at its own pace."""

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from realtime.estimate import Estimate

HISTORY_ROWS = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFacts:
    """What does not change during a run, for the status line.

    Attributes
    ----------
    source, model, baseline : str
        Names for people.
    window_s, hop_s : float
        Lengths in seconds.
    """

    source: str
    model: str
    baseline: str
    window_s: float
    hop_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """One consistent view of a run.

    Attributes
    ----------
    facts : RunFacts
        Source, model, settings.
    history : tuple of Estimate
        Oldest first, one per hop, at most `HISTORY_ROWS`.
    notices : tuple of str
        What the person should know now; what came up last is first.
    finished : bool
        True when the source has ended.
    """

    facts: RunFacts
    history: tuple[Estimate, ...]
    notices: tuple[str, ...]
    finished: bool

    @property
    def latest(self) -> Estimate | None:
        """The newest row, if there is one."""
        return self.history[-1] if self.history else None


def wording(text: str) -> str:
    """A notice without its numbers, which may change with every row."""
    return re.sub(r"\d+", "", text)


class Board:
    """Holds the newest rows and notices; safe to use from several threads.

    Parameters
    ----------
    facts : RunFacts
    on_notice : callable or None
        Called with each new notice, in the thread that gives it; the same words with other
        numbers are not new.
    """

    def __init__(self, facts: RunFacts, on_notice: Callable[[str], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._on_notice = on_notice
        self._on_row: Callable[[], None] | None = None
        self._facts = facts
        self._history: deque[Estimate] = deque(maxlen=HISTORY_ROWS)
        self._notices: dict[str, str] = {}
        self._finished = False

    def add(self, estimate: Estimate) -> None:
        """Append one row."""
        with self._lock:
            self._history.append(estimate)
            if self._on_row is not None:
                self._on_row()

    def watch(self, on_row: Callable[[], None] | None) -> None:
        """Have a function called after each new row, in the thread that adds it; None for none.

        It must be quick and must not touch the board. The one before is not called any more
        once this has returned.
        """
        with self._lock:
            self._on_row = on_row

    def notice(self, key: str, text: str | None) -> None:
        """Set, replace or (with None) clear the notice named `key`."""
        with self._lock:
            is_new = text is not None and wording(self._notices.get(key, "")) != wording(text)
            if text is None:
                self._notices.pop(key, None)
            elif key in self._notices:
                self._notices[key] = text
            else:
                self._notices = {key: text, **self._notices}
        if text is not None and is_new and self._on_notice is not None:
            self._on_notice(text)

    def finish(self) -> None:
        """Say that no more rows will come."""
        with self._lock:
            self._finished = True

    def snapshot(self) -> Snapshot:
        """Copy the present state."""
        with self._lock:
            return Snapshot(
                facts=self._facts,
                history=tuple(self._history),
                notices=tuple(self._notices.values()),
                finished=self._finished,
            )
