"""How the rows of the screen are shared out: lean first, then richer while there is room."""

from dataclasses import dataclass, replace
from functools import lru_cache

from models.labels import EMOTIONS
from realtime.dashboard import headline, history, letters
from realtime.dashboard.bars import NAME, TREND_S
from realtime.dashboard.glyphs import Glyphs

MIN_WIDTH, MIN_HEIGHT = 40, 12
_PANEL_WIDTH = 26
_TREND_BAR = 45
_TREND_COLUMNS = (TREND_S // 2, TREND_S, 2 * TREND_S)
_MOST_HISTORY_S = 300
_MOST_NOTICE_ROWS = 4
_SHORT = 16  # below, there is no room for a bar in a line of its own


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Rows and forms of each part.

    Attributes
    ----------
    width : int
        Columns inside the margins.
    word_rows : int
        1 plain, 3 or 5 in large letters.
    panel : bool
        The level stands to the right of the word instead of on a line of its own.
    caption, legend : bool
        Whether the line under the word and the one above the history are there.
    bar_columns : int
        1 or 2.
    trend : int
        Columns of the last minute that follow each bar, 0 for none.
    cells, history_rows, skyline : int
        Hops a line, lines, and rows of confidence above each line.
    status_rows, notice_rows : int
        Rows for each.
    above_bars : int
        Rows above the bars; the last one names the trend.
    top, above_caption, above_history, above_notices, above_keys : bool
        Empty rows.
    """

    width: int
    cells: int
    status_rows: int = 1
    word_rows: int = 1
    panel: bool = False
    caption: bool = False
    legend: bool = False
    bar_columns: int = 2
    trend: int = 0
    history_rows: int = 1
    skyline: int = 0
    notice_rows: int = 1
    top: bool = False
    above_caption: bool = False
    above_bars: int = 0
    above_history: bool = False
    above_notices: bool = False
    above_keys: bool = False

    @property
    def rows(self) -> int:
        """Rows in all, the line of keys included."""
        blanks = self.top + self.above_caption + self.above_bars + self.above_history
        blanks += self.above_notices + self.above_keys
        return (
            self.word_rows
            + (not self.panel)
            + self.caption
            + len(EMOTIONS) // self.bar_columns
            + self.legend
            + self.history_rows * (1 + self.skyline)
            + self.status_rows
            + self.notice_rows
            + blanks
            + 1
        )


@lru_cache(maxsize=16)
def make_plan(
    width: int, height: int, *, hop_s: float, status_rows: int, notice_rows: int, glyphs: Glyphs
) -> Plan:
    """Share out a screen of `width` columns and `height` rows.

    What has to be told goes before looks: notices get the lines that they need, the third and
    fourth once the last minute is there.
    """
    inner = width - 2
    cells = history.row_cells(inner, hop_s)
    minute = history.rows_for(history.MINUTE_S, cells, hop_s)
    most = min(history.rows_for(_MOST_HISTORY_S, cells, hop_s), history.rows_held(cells))
    plan = Plan(width=inner, cells=cells)
    drawn = bool(glyphs.half) and inner >= headline.WIDEST
    big = inner >= 2 * headline.WIDEST
    panel = inner >= headline.WIDEST + _PANEL_WIDTH

    def grow(**change: object) -> None:
        nonlocal plan
        richer: Plan = replace(plan, **change)  # type: ignore[arg-type]
        if richer.rows <= height:
            plan = richer

    def more(name: str, most: int) -> None:
        for count in range(getattr(plan, name) + 1, most + 1):
            grow(**{name: count})

    more("notice_rows", min(notice_rows, 2))
    grow(legend=True)
    grow(history_rows=2)
    if height < _SHORT:
        more("notice_rows", min(notice_rows, _MOST_NOTICE_ROWS))
    grow(bar_columns=1)
    more("status_rows", status_rows)
    if drawn:
        grow(word_rows=letters.SMALL_ROWS, caption=True, panel=panel)
    more("history_rows", minute)
    grow(caption=True)
    more("notice_rows", min(notice_rows, _MOST_NOTICE_ROWS))
    grow(above_bars=1)
    if plan.bar_columns == 1 and plan.above_bars:
        fitting = [n for n in _TREND_COLUMNS if inner >= NAME + _TREND_BAR + n]
        grow(trend=max(fitting, default=0))
    grow(above_history=True)
    if big:
        grow(word_rows=letters.LARGE_ROWS, panel=inner >= 2 * headline.WIDEST + _PANEL_WIDTH)
    grow(top=True)
    grow(above_keys=True)
    grow(skyline=1)
    grow(above_caption=big)
    grow(above_bars=2)
    grow(notice_rows=max(2, plan.notice_rows))
    grow(above_notices=True)
    more("history_rows", 2 * minute)
    grow(skyline=2)
    more("history_rows", most)
    return plan
