"""The eight probabilities as bars, with their course over the last minute where there is room."""

from math import ceil

from models.labels import EMOTIONS
from realtime.board import Snapshot
from realtime.dashboard.glyphs import Glyphs, bar, columns
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
    sign = seg(look.letter, look.first)
    letters = min(NAME, max(4, width - _LEAST_BAR - _PERCENT - 3))
    room = max(1, width - letters - _PERCENT - 3)
    name = f"{emotion[:letters]:<{letters}} "
    if latest is None or latest.probabilities is None:
        number = f"{'-':>{_PERCENT}}"
        return [sign, seg(f" {name}{' ' * room}{number}", DIM)]
    share = latest.probabilities[index]
    weight = BOLD if share == max(latest.probabilities) else PLAIN
    drawn = bar(share, room, glyphs.across)
    return [
        sign,
        seg(" "),
        seg(name, weight),
        seg(drawn.ljust(room), look.ink),
        seg(f"{100 * share:>{_PERCENT - 2}.0f} %", weight),
    ]


def bar_and_trend_lines(snapshot: Snapshot, width: int, trend: int, glyphs: Glyphs) -> list[Line]:
    """Draw the bars and, beside each, its course over the last minute in `trend` columns."""
    bars = bar_lines(snapshot, width - trend - _TREND_GAP, 1, glyphs)
    means = [_mean(group) for group in _grouped(snapshot, trend)]
    gap = seg(" " * _TREND_GAP)
    trends = (columns([mean[i] for mean in means], glyphs.up) for i in range(len(EMOTIONS)))
    return [
        [*line, gap, seg(trend, LOOKS[emotion].ink)]
        for line, trend, emotion in zip(bars, trends, EMOTIONS, strict=True)
    ]


def trend_heading(width: int, trend: int) -> Line:
    """Name the two columns of `bar_and_trend_lines`."""
    left = pad([seg("now", DIM)], width - trend)
    return [*left, seg(f"{'last minute':<{trend - 3}}", DIM), seg("now", DIM)]


def _grouped(snapshot: Snapshot, trend: int) -> list[list[tuple[float, ...]]]:
    """Sort the last minute's probabilities into columns that begin at fixed stream times."""
    groups: list[list[tuple[float, ...]]] = [[] for _ in range(trend)]
    if snapshot.latest is None:
        return groups
    per_column = TREND_S / trend / snapshot.facts.hop_s
    oldest = int(snapshot.latest.window / per_column) - trend + 1
    for row in snapshot.history[-ceil(trend * per_column) :]:
        place = int(row.window / per_column) - oldest
        if row.probabilities is not None and place >= 0:
            groups[place].append(row.probabilities)
    return groups


def _mean(group: list[tuple[float, ...]]) -> list[float]:
    """Average the speech of a column, never below what shows as a line: empty means no speech."""
    if not group:
        return [0.0] * len(EMOTIONS)
    return [max(sum(shares) / len(group), 0.1) for shares in zip(*group, strict=True)]
