"""Tasks spread over several processes and answered in order; none outlives the one that asks.

The processes hold Ctrl-C, SIGTERM and SIGHUP, which a terminal or a service manager sends to all
of a group: only the process that asks decides about the end, and they end with it.
"""

import os
import shutil
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from models.errors import AudioError
from realtime.held_signals import held_signals
from realtime.native_noise import native_noise_to

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkContext, SpawnContext
    from multiprocessing.process import BaseProcess

AHEAD = 4  # answers per process that may wait for their turn
THREADS = Path("/proc/self/task")  # Linux; on macOS, system libraries do not survive a fork

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Processes(Generic[Task, Answer]):
    """A context manager that runs processes for as long as its block lasts.

    What libraries print in them is thrown away.

    Parameters
    ----------
    count : int
    work : callable
        Answers one task; can be pickled, as can tasks and answers.
    folder : Path
        Where `work` keeps temporary files: removed if this process is killed.
    """

    def __init__(self, count: int, work: Callable[[Task], Answer], folder: Path) -> None:
        self._count = count
        self._arguments = (work, folder)
        self._started: list[BaseProcess] = []
        self._idle: list[Connection] = []
        self._busy: dict[Connection, int] = {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, whatever they do."""
        with held_signals():
            for process in self._started:
                process.kill()
            for process in self._started:
                process.join()

    def answers(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Start the processes; return one answer per task, worked out only a few tasks ahead.

        Raises
        ------
        AudioError
            If a process has died.
        Exception
            What `work` failed with.
        """
        # Not imported by those who need one process: it is a tenth of the start.
        from multiprocessing import get_context, resource_tracker

        forks = start_method() == "fork"
        context: ForkContext | SpawnContext = get_context("fork") if forks else get_context("spawn")
        if os.name == "posix" and not forks:
            # The first spawn starts it, and that would let signals through again.
            resource_tracker.ensure_running()
        with held_signals():
            for _ in range(self._count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, *self._arguments))
                process.start()
                self._started.append(process)
                self._idle.append(ours)
                theirs.close()
        return self._in_order(tasks)

    def _in_order(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        answered: dict[int, Answer] = {}
        following = 0
        for number in range(len(tasks)):
            ahead = min(len(tasks), number + AHEAD * self._count)
            is_waiting = True
            while is_waiting:
                while self._idle and following < ahead:
                    self._hand_over(tasks, following)
                    following += 1
                is_waiting = number not in answered
                answered.update(self._taken(tasks, block=is_waiting))
            yield answered.pop(number)

    def _hand_over(self, tasks: Sequence[Task], number: int) -> None:
        connection = self._idle.pop()
        try:
            connection.send(tasks[number])
        except OSError as error:
            raise _died(tasks[number]) from error
        self._busy[connection] = number

    def _taken(self, tasks: Sequence[Task], *, block: bool) -> dict[int, Answer]:
        """Take what has been answered, by number; with `block` wait for one at least."""
        from multiprocessing.connection import wait

        taken: dict[int, Answer] = {}
        ready = wait(list(self._busy), None if block else 0)
        for connection in [one for one in self._busy if one in ready]:
            number = self._busy.pop(connection)
            try:
                answer = connection.recv()
            except (EOFError, OSError) as error:
                raise _died(tasks[number]) from error
            if isinstance(answer, _Failure):
                raise answer.error
            taken[number] = answer
            self._idle.append(connection)
        return taken


def usable_cores() -> int:
    """Cores that this process may run on, where the system tells; otherwise all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start_method() -> str:
    """How to make processes: a fork has everything imported, but must have no other threads."""
    return "fork" if len(list(THREADS.glob("*"))) == 1 else "spawn"


def _died(task: object) -> AudioError:
    return AudioError(
        f"The process that was at work on {task} has died, as it happens where memory runs out: "
        "try again with `--jobs 1`."
    )


def _serve(connection: "Connection", work: Callable[[Task], Answer], folder: Path) -> None:
    """Answer tasks, in a process of its own, for as long as the one that asks is there."""
    from multiprocessing import parent_process

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for Windows, where it cannot be held
    with native_noise_to(None):
        threading.Thread(target=_answer, args=(connection, work), daemon=True).start()
        if (parent := parent_process()) is not None:
            parent.join()
    # It was killed without warning, or it would have ended this process itself.
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


@dataclass(frozen=True, slots=True)
class _Failure:
    """In the place of an answer: what `work` failed with."""

    error: Exception


def _answer(connection: "Connection", work: Callable[[Task], Answer]) -> None:
    """Answer tasks; want of memory closes the connection, by which it is noticed."""
    with connection:
        while True:
            task = connection.recv()
            try:
                answer: Answer | _Failure = work(task)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - raised again by the one that asks
                error.add_note(f"In a process of its own:\n{traceback.format_exc()}")
                answer = _Failure(error)
            connection.send(answer)
