"""A folder that a command writes to, or one sentence that says why it cannot."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from models.errors import OutputError

# What is written, and the option that names its folder.
MODEL = ("model", "--out")
REPORT = ("report", "--report")


@contextlib.contextmanager
def writing_to(folder: Path, what: str, option: str) -> Iterator[None]:
    """Make a folder, and tell of what cannot be written there.

    Parameters
    ----------
    folder : Path
    what : str
        What is written, as in "model".
    option : str
        The option that names the folder.

    Raises
    ------
    OutputError
        For any `OSError` in the block.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise OutputError(
            f"The {what} cannot be written to {folder} ({error.strerror or error}): "
            f"name another folder with {option}."
        ) from error


def check_writable(folder: Path, what: str, option: str) -> None:
    """See that files can be made in a folder, before the work whose result goes there.

    Raises
    ------
    OutputError
        If they cannot.
    """
    with writing_to(folder, what, option), tempfile.TemporaryFile(dir=folder):
        pass
