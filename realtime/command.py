"""How a command ends: its exit code, and one clear sentence where something was wrong."""

import os
import sys
from collections.abc import Callable

from models.errors import SerError

INTERRUPTED = 130
FAILED = 1


def run_command(command: Callable[[], int], *, program: str, debug: bool) -> int:
    """Run a command to its exit code.

    0 done, 1 one clear sentence on standard error, 2 usage, 130 interrupted.

    Parameters
    ----------
    command : callable
        Returns an exit code, or raises.
    program : str
        Name that the sentence begins with.
    debug : bool
        Let errors through, with their traceback.
    """
    try:
        return command()
    except SerError as error:
        if debug:
            raise
        print(f"{program}: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        if debug:
            raise
        print(
            f"{program}: The package {error.name} is not installed: install this program with its "
            "`training` extra, or use `scripts/train`.",
            file=sys.stderr,
        )
        return FAILED
    except BrokenPipeError:
        # The reader of standard output has gone, as `head` does: nothing left to tell it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
