"""The progress bar in terminals that are narrow, or know no blocks."""

import fcntl
import os
import struct
import sys
import termios

import pytest

from realtime.progress import draw

TEXT = "12.3 of 45 s of speech"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")


def drawn(columns: int, encoding: str = "utf-8") -> str:
    """What is written to a terminal of that width."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(slave, "w", encoding=encoding, errors="backslashreplace") as stream:
        draw(0.274, TEXT, stream)
        written = os.read(master, 4096).decode()
    os.close(master)
    return written


@pytest.mark.parametrize("columns", [80, 54, 40, 26, 25, 23, 10])
def test_a_bar_never_goes_over_to_another_line(columns: int) -> None:
    start, line = drawn(columns)[0], drawn(columns)[1:]
    assert start == "\r"
    assert len(line) < columns
    assert TEXT.startswith(line.lstrip("█▏▎▍▌▋▊▉·").strip())
    assert ("█" in line) == (columns > 30)


def test_a_bar_is_thirty_columns_wide_where_there_is_room_or_no_width_is_known() -> None:
    assert drawn(80) == drawn(0) == f"\r████████▎{'·' * 21} {TEXT} "


def test_a_terminal_without_blocks_gets_none() -> None:
    assert drawn(80, "ascii") == f"\r########.{'.' * 21} {TEXT} "
