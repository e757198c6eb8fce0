"""How a command ends: its exit code, and one clear sentence where something was wrong."""

import contextlib
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

from realtime.messages import tell, unfailing_messages

try:
    from models.errors import SerError
except ImportError as error:
    import models

    raise SystemExit(
        f"ser-live: another package named `models` ({models.__path__}) hides this program's own: "
        "install it by itself, with `pipx install` or `uv tool install`."
    ) from error

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
    if sys.stderr is None:
        # Closed by a shell: messages would go to standard output, or into the next file opened.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for good
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # A name that the terminal cannot show is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    with unfailing_messages():
        return _exit_code(command, program=program, debug=debug)


def _exit_code(command: Callable[[], int], *, program: str, debug: bool) -> int:
    try:
        exit_code = command()
        if sys.stdout is not None:
            # What it holds back could not be told of once the interpreter ends.
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of standard output has gone, as `head` does: nothing left to tell it.
        _discard_output()
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except (SerError, ModuleNotFoundError, OSError) as error:
        if debug:
            raise
        if isinstance(error, OSError):
            _discard_output()
        tell(_sentence(error), program=program)
        return error.exit_code if isinstance(error, SerError) else FAILED
    return exit_code


def _sentence(error: SerError | ModuleNotFoundError | OSError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return (
            f"The package {error.name} is not installed: install this program with its "
            "`training` extra, or use `scripts/train`."
        )
    if isinstance(error, OSError):
        return (
            f"{error.filename or 'Reading or writing'} failed ({error.strerror or error}): check "
            "the disk and where the output goes, or see more with --debug."
        )
    return str(error)


def _discard_output() -> None:
    """Let nothing that is still to be written fail once more at the end."""
    # A test's standard output has no descriptor.
    with contextlib.suppress(OSError):
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
