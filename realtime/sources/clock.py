"""A clock that also runs while the computer sleeps, as with the lid closed."""

import time

# Linux's monotonic clock stops in sleep, its boot-time clock does not. On macOS the system's
# CLOCK_MONOTONIC goes on where time.monotonic() stops; on Windows time.monotonic() goes on.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def now_s() -> float:
    """Seconds since some fixed moment, sleep included."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
