"""The eight probabilities as bars, with their course over the last minute where there is room."""

from models.labels import EMOTIONS
from realtime.board import Snapshot
from realtime.dashboard.glyphs import Glyphs, bar, column
from realtime.dashboard.lines import Line, pad, seg
from realtime.dashboard.palette import BOLD, DIM, LOOKS, PLAIN
from realtime.estimate import Estimate

TREND_S = 60
NAME = max(map(len, EMOTIONS))
_PERCENT = len(" 100 %")
_TREND_GAP = 3
_LEAST_BAR = 5


def bar_lines(snapshot: Snapshot, width: int, columns: int, glyphs: Glyphs) -> list[Line]:
    """Draw the bars in one or two columns, in the fixed order of the emotions."""
    latest = snapshot.latest
    each = (width - 2 * (columns - 1)) // columns
    lines = [_bar(index, latest, each, glyphs) for index in range(len(EMOTIONS))]
    if columns == 1:
        return lines
    half = len(lines) // 2
    gap = seg("  ")
    return [[*a, gap, *b] for a, b in zip(lines[:half], lines[half:], strict=True)]


def _bar(index: int, latest: Estimate | None, width: int, glyphs: Glyphs) -> Line:
    emotion = EMOTIONS[index]
    look = LOOKS[emotion]
    letters = min(NAME, max(4, width - _LEAST_BAR - _PERCENT - 3))
    room = max(1, width - letters - _PERCENT - 3)
    name = f"{emotion[:letters]:<{letters}} "
    if latest is None or latest.probabilities is None:
        number = f"{'-':>{_PERCENT}}"
        return [seg(look.letter + " ", DIM), seg(name, DIM), seg(" " * room + number, DIM)]
    share = latest.probabilities[index]
    weight = BOLD if share == max(latest.probabilities) else PLAIN
    drawn = bar(share, room, glyphs.across)
    return [
        seg(look.letter + " ", look.ink + BOLD),
        seg(name, weight),
        seg(drawn.ljust(room), look.ink),
        seg(f"{100 * share:>{_PERCENT - 2}.0f} %", weight),
    ]


def bar_and_trend_lines(snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Line]:
    """Draw the bars and, beside each, its mean per second over the last minute, newest right."""
    bars = bar_lines(snapshot, width - TREND_S - _TREND_GAP, 1, glyphs)
    seconds = _seconds(snapshot)
    gap = " " * _TREND_GAP
    return [
        [*line, seg(gap), seg(_trend(seconds, index, glyphs), LOOKS[EMOTIONS[index]].ink)]
        for index, line in enumerate(bars)
    ]


def trend_heading(width: int) -> Line:
    """Name the two columns of `bar_and_trend_lines`."""
    left = pad([seg("now", DIM)], width - TREND_S)
    return [*left, seg(f"{'last minute':<{TREND_S - 3}}", DIM), seg("now", DIM)]


def _seconds(snapshot: Snapshot) -> list[list[tuple[float, ...]]]:
    """Group the probabilities by whole second of the stream, so that columns stay what they are."""
    groups: list[list[tuple[float, ...]]] = [[] for _ in range(TREND_S)]
    if snapshot.latest is None:
        return groups
    hop_s = snapshot.facts.hop_s
    newest = int(snapshot.latest.window * hop_s)
    for row in reversed(snapshot.history):
        age = newest - int(row.window * hop_s)
        if age >= TREND_S:
            break
        if row.probabilities is not None:
            groups[TREND_S - 1 - age].append(row.probabilities)
    return groups


def _trend(seconds: list[list[tuple[float, ...]]], index: int, glyphs: Glyphs) -> str:
    return "".join(
        column(sum(p[index] for p in group) / len(group), glyphs.up) if group else " "
        for group in seconds
    )
