"""The history, written like a text: one cell per hop, one line per few seconds, newest last.

Cells stay where they were written, so that the eye can rest on them; only the last line grows.
When it is full, all lines move up by one.
"""

from itertools import groupby

from realtime.board import HISTORY_ROWS, Snapshot
from realtime.dashboard.glyphs import Glyphs, columns
from realtime.dashboard.ink import Style
from realtime.dashboard.lines import Line, seg
from realtime.dashboard.palette import ALARM, BOLD, DIM, LOOKS, PLAIN
from realtime.estimate import Estimate, State

MINUTE_S = 60
_GUTTER = len("99:59 ")
_Slots = list[Estimate | None]
_ROW_SECONDS = (60, 45, 30, 25, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1)


def row_cells(width: int, hop_s: float) -> int:
    """Cells of one line: as many as fit, a round number of seconds where possible."""
    room = max(1, width - _GUTTER - 1)
    for seconds in _ROW_SECONDS:
        cells = round(seconds / hop_s)
        if 1 < cells <= room and abs(cells * hop_s - seconds) < 1e-9:
            return cells
    return room


def rows_for(seconds: float, cells: int, hop_s: float) -> int:
    """Lines needed so that, while the last one fills, the ones above hold `seconds`."""
    return -int(-seconds // (cells * hop_s)) + 1


def rows_held(cells: int) -> int:
    """Lines that the board's memory can fill."""
    return HISTORY_ROWS // cells


def history_lines(
    snapshot: Snapshot, cells: int, rows: int, skyline: int, glyphs: Glyphs
) -> list[Line]:
    """Draw the newest `rows` lines of `cells` hops, with `skyline` lines of height above each."""
    latest = snapshot.latest
    newest = 0 if latest is None else latest.window // cells
    first = max(0, newest - rows + 1)
    slots = _slots(snapshot, first * cells, rows * cells)
    lines: list[Line] = []
    for number in range(first, first + rows):
        start = (number - first) * cells
        line = slots[start : start + cells]
        label = _label(line[0], number * cells, snapshot.facts.hop_s) if number <= newest else ""
        lines.extend(
            [seg(" " * _GUTTER), *_skyline(line, level, skyline, glyphs)]
            for level in reversed(range(skyline))
        )
        gutter = seg(f"{label:>{_GUTTER - 1}} ", DIM)
        lines.append([gutter, *_cells(line, glyphs, newest=number == newest)])
    return lines


def _slots(snapshot: Snapshot, first: int, count: int) -> _Slots:
    """Lay out the rows whose windows are `first` to `first + count`, None where there is none."""
    slots: _Slots = [None] * count
    for row in snapshot.history[-count:]:
        if row.window >= first:
            slots[row.window - first] = row
    return slots


def _label(row: Estimate | None, window: int, hop_s: float) -> str:
    """Say where in the stream a line begins: losses and loops take part of a hop of it."""
    return clock(max(0.0, row.end_s - hop_s) if row else window * hop_s)


def clock(seconds: float) -> str:
    """Write a time of the stream in five columns: as 9:59, 99h59 or 99d23."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if hours >= 100:
        return f"{days}d{hour:02}"
    return f"{hours}h{minutes:02}" if hours else f"{minutes}:{rest:02}"


def _kind(slot: Estimate | None) -> tuple[State | None, str | None]:
    return (None, None) if slot is None else (slot.state, slot.emotion)


def _cells(slots: _Slots, glyphs: Glyphs, *, newest: bool) -> Line:
    line: Line = []
    for _, run in groupby(slots, key=_kind):
        members = list(run)
        line += _run(members[0], len(members), glyphs)
    while newest and line and not line[-1].text.strip():
        line.pop()
    return [*line, seg(glyphs.now, BOLD)] if newest else line


def _run(slot: Estimate | None, length: int, glyphs: Glyphs) -> Line:
    if slot is None:
        return [seg(" " * length)]
    if slot.emotion is not None and slot.state is State.SPEECH:
        look = LOOKS[slot.emotion]
        return [seg(look.letter, look.first), seg(look.letter * (length - 1), look.cell)][:length]
    sign, style = _SIGNS[slot.state]
    return [seg(getattr(glyphs, sign) * length, style)]


_SIGNS: dict[State, tuple[str, Style]] = {
    State.SPEECH: ("unsure", PLAIN),
    State.NO_SPEECH: ("silence", DIM),
    State.UNSURE: ("unsure", PLAIN),
    State.GAP: ("gap", ALARM),
}


def _skyline(slots: _Slots, level: int, levels: int, glyphs: Glyphs) -> Line:
    """Draw one of `levels` lines of the confidence above the emotions, counted from below."""
    line: Line = []
    for emotion, run in groupby(slots, key=lambda slot: slot.emotion if slot else None):
        shares = [slot.confidence or 0.0 if slot and emotion else 0.0 for slot in run]
        heights = [share * levels - level for share in shares]
        line.append(seg(columns(heights, glyphs.up), LOOKS[emotion].ink if emotion else PLAIN))
    return line


def legend(glyphs: Glyphs, row_s: float, width: int) -> Line:
    """Explain the signs that the bars do not."""
    signs = ((glyphs.silence, "silence"), (glyphs.unsure, "unsure"), (glyphs.gap, "gap"))
    key = "  ".join(f"{sign} {word}" for sign, word in signs)
    title = f"history, {row_s:g} s a line"
    room = width - len(title) - len(key)
    if room < 2:
        return [seg(key, DIM)]
    return [seg(title + " " * room + key, DIM)]
