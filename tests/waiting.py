"""Waiting for what a test needs, however long a busy machine takes; that is not what is tested."""

import time
from collections.abc import Callable

PATIENCE_S = 60.0


def wait_until(
    true: Callable[[], object], what: str | Callable[[], str], seconds: float = PATIENCE_S
) -> None:
    """Poll until a condition holds; a test that waits in vain says for what.

    Parameters
    ----------
    true : callable
    what : str or callable
        A callable says it as it is at the end.
    seconds : float
    """
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            told = what if isinstance(what, str) else what()
            raise TimeoutError(f"waited {seconds:g} s in vain for {told}")
        time.sleep(0.005)
