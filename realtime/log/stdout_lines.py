"""Lines on standard output, whose reader may be slow, full or gone."""

import errno
import os
import select
import time
from collections.abc import Callable

from realtime.estimate import Estimate
from realtime.log import amounts, private_file
from realtime.log.outage import Clock, Notify, Outage

NOTICE = "stdout"
LineOf = Callable[[Estimate], str | None]


class StdoutLines:
    """Writes lines to a descriptor, past Python's buffers, so that none is held back.

    Parameters
    ----------
    line_of : callable
        Makes the line of an estimate, or None for no line.
    descriptor : int
        Where to; 1 is standard output.
    notify : callable
        `Board.notice`.
    clock : callable
        Seconds, monotonic.

    Attributes
    ----------
    reader_gone : bool
        True once the other end of the pipe is closed; then nothing is written any more.
    missing : int
        Lines that could not be written.
    """

    def __init__(
        self,
        line_of: LineOf,
        *,
        descriptor: int = 1,
        notify: Notify,
        clock: Clock = time.monotonic,
    ) -> None:
        self._line_of = line_of
        self._descriptor = descriptor
        self._notify = notify
        self._outage = Outage(clock)
        self._last_error: OSError | None = None
        self._torn = b""
        self.reader_gone = False
        self.missing = 0

    def write(self, estimate: Estimate) -> None:
        """Write the line of one estimate; raises nothing."""
        line = self._line_of(estimate)
        if line is None or self.reader_gone:
            return
        if not self._outage.may_try():
            self.missing += 1
            return
        self._send(self._torn, line.encode() + b"\n")

    def _send(self, torn: bytes, line: bytes) -> None:
        """Write the rest of an earlier line, then this one; after a fault keep lines whole."""
        data = torn + line
        sent = 0
        try:
            while sent < len(data):
                sent += self._write_some(data[sent:])
        except OSError as error:
            if error.errno in {errno.EPIPE, errno.ECONNRESET}:
                self.reader_gone = True
                return
            is_begun = sent > len(torn)
            self._torn = data[sent:] if is_begun else torn[sent:]
            self.missing += bool(line) and not is_begun
            self._fail(error)
        else:
            self._torn = b""
            if self._outage.error is not None:
                self._outage.over()
                text = f"{amounts.missing(self.missing, 'line')} on standard output."
                self._notify(NOTICE, text if self.missing else None)

    def _write_some(self, data: bytes) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:  # a shell may have left the terminal non-blocking
                select.select([], [self._descriptor], [])

    def _fail(self, error: OSError) -> None:
        self._last_error = error
        self._outage.failed(error)
        self._notify(
            NOTICE,
            f"Standard output cannot be written ({private_file.reason(error)}): "
            f"{private_file.remedy(error)}, and it goes on by itself.",
        )

    @property
    def problem(self) -> str | None:
        """One sentence if lines are missing."""
        if self._last_error is None or not (self.missing or self._torn):
            return None
        return (
            f"{amounts.missing(self.missing + bool(self._torn), 'line')} on standard output "
            f"({private_file.reason(self._last_error)})."
        )

    def close(self) -> None:
        """Try once more to complete a torn line; the descriptor stays open."""
        if self._torn and not self.reader_gone:
            self._send(self._torn, b"")
