"""The input level in decibels of full scale, with peak hold and a mark for clipping."""

from realtime.board import Snapshot
from realtime.dashboard.glyphs import Glyphs, bar
from realtime.dashboard.lines import Line, seg
from realtime.dashboard.palette import BOLD, CLIP, DIM
from realtime.estimate import Estimate, State

FLOOR_DBFS = -60.0
HOLD_S = 3.0
_NARROW = 50
_CLEAR = "no clipping"
_TITLE = "level "


def _held(snapshot: Snapshot) -> list[Estimate]:
    """Return the rows of the last seconds that were heard; none while nothing arrives."""
    if snapshot.latest is None or snapshot.latest.state is State.GAP:
        return []
    rows = max(1, round(HOLD_S / snapshot.facts.hop_s))
    return [row for row in snapshot.history[-rows:] if row.state is not State.GAP]


def _share(level_dbfs: float) -> float:
    return min(max(1.0 - level_dbfs / FLOOR_DBFS, 0.0), 1.0)


def _scale(rows: list[Estimate], width: int, glyphs: Glyphs) -> Line:
    """Draw the meter itself: level, then the track with the peak mark."""
    level = rows[-1].level_dbfs if rows else FLOOR_DBFS
    peak = max((row.level_dbfs for row in rows), default=FLOOR_DBFS)
    filled = bar(_share(level), width, glyphs.line)
    rest = [*(glyphs.track * (width - len(filled)))]
    mark = min(round(_share(peak) * width), width - 1) - len(filled)
    if not 0 <= mark < len(rest) or peak <= FLOOR_DBFS:
        return [seg(filled, BOLD), seg("".join(rest), DIM)]
    return [
        seg(filled, BOLD),
        seg("".join(rest[:mark]), DIM),
        seg(glyphs.peak, BOLD),
        seg("".join(rest[mark + 1 :]), DIM),
    ]


def _number(level_dbfs: float | None) -> str:
    if level_dbfs is None:
        return "-"
    return f"{level_dbfs:.0f}" if level_dbfs >= FLOOR_DBFS else f"<{FLOOR_DBFS:.0f}"


def _clipping(rows: list[Estimate]) -> Line:
    worst = max((row.clipped_ratio for row in rows), default=0.0)
    if worst == 0.0:
        return [seg(_CLEAR, DIM)]
    return [seg(f" CLIP {100 * worst:.0f} % ", CLIP)]


def _figures(rows: list[Estimate]) -> tuple[str, str]:
    level = rows[-1].level_dbfs if rows else None
    peak = max((row.level_dbfs for row in rows), default=None)
    return f"{_number(level):>3} dBFS", f"peak {_number(peak):>3}"


def meter_line(snapshot: Snapshot, width: int, glyphs: Glyphs) -> Line:
    """Draw level, peak and clipping in one line."""
    rows = _held(snapshot)
    level, peak = _figures(rows)
    clip = _clipping(rows)
    held = f"{peak}  " if width >= _NARROW else ""
    room = width - len(_TITLE) - len(level) - len(held) - len(_CLEAR) - 3
    figures = [seg(f" {level}  ", BOLD), seg(held, DIM), *clip]
    return [seg(_TITLE, DIM), *_scale(rows, room, glyphs), *figures]


def meter_panel(snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Line]:
    """Draw the same in three short lines."""
    rows = _held(snapshot)
    level, peak = _figures(rows)
    return [
        [seg(_TITLE, DIM), seg(level, BOLD), seg(f"  {peak}", DIM)],
        _scale(rows, width, glyphs),
        _clipping(rows),
    ]
