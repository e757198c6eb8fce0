"""Lines of styled text: measured, shortened and flowed."""

from collections.abc import Iterable

from realtime.dashboard.ink import Segment, Style, cell_len, set_cell_size
from realtime.dashboard.palette import DIM, PLAIN

Line = list[Segment]


def seg(text: str, style: Style = PLAIN) -> Segment:
    """Make one piece of a line."""
    return Segment(text, style)


def width_of(line: Line) -> int:
    """Columns that a line takes."""
    return sum(cell_len(piece.text) for piece in line)


def shorten(text: str, width: int, cut: str) -> str:
    """Make `text` at most `width` columns wide, ending in `cut` where something is missing."""
    if cell_len(text) <= width:
        return text
    if width <= cell_len(cut):
        return cut[:width]
    return set_cell_size(text, width - cell_len(cut)).rstrip() + cut


def fit(line: Line, width: int, cut: str) -> Line:
    """Shorten a line to `width` columns."""
    room = width
    for place, piece in enumerate(line):
        taken = cell_len(piece.text)
        if taken > room:
            return [*line[:place], Segment(shorten(piece.text, room, cut), piece.style)]
        room -= taken
    return line


def pad(line: Line, width: int) -> Line:
    """Fill a line with spaces up to `width` columns."""
    return [*line, seg(" " * max(0, width - width_of(line)))]


def flow(items: Iterable[Line], width: int, dot: str) -> list[Line]:
    """Set items side by side, separated by `dot`, and break where a line would be too long."""
    lines: list[Line] = []
    for item in items:
        joined = [*lines[-1], seg(dot, DIM), *item] if lines else []
        if joined and width_of(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(list(item))
    return lines
