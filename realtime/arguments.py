"""What the command lines of this program and of its training have in common."""

import argparse
import os
from pathlib import Path
from typing import NoReturn

from realtime.messages import clean


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, as every other error is said."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2; a subcommand's sentence begins with the program's name too."""
        program = self.prog.split()[0]
        message = message.removeprefix("argument ")
        self.exit(2, f"{program}: {clean(message)}; see `{self.prog} --help`.\n")


def positive(text: str) -> float:
    """Read a number above 0, an argument's `type`."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value


def named_path(text: str) -> Path:
    """Read the name of a file or folder, an argument's `type`.

    Nothing is not the folder here, and a dash is no file that somebody would find again.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no file or folder")
    if text == "-":
        raise argparse.ArgumentTypeError("standard input and output have no name: give a file's")
    return Path(text)


def count(text: str) -> int:
    """Read a whole number from 1, an argument's `type`."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command."""
    parser.add_argument(
        "--config",
        type=named_path,
        metavar="FILE",
        help="settings (default: your own config.toml, else the shipped one)",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def one_thread_per_process() -> None:
    """Keep numpy to one thread; it reads this when it is first imported, so call it before."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
