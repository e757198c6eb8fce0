"""The whole screen as a pure function of the state: lines of styled text."""

from itertools import zip_longest

from realtime.board import Snapshot
from realtime.dashboard import headline, letters
from realtime.dashboard.bars import bar_and_trend_lines, bar_lines, trend_heading
from realtime.dashboard.glyphs import UNICODE, Glyphs
from realtime.dashboard.help import help_lines
from realtime.dashboard.history import history_lines, legend
from realtime.dashboard.lines import Line, fit, pad, seg
from realtime.dashboard.meter import meter_line, meter_panel
from realtime.dashboard.palette import BOLD
from realtime.dashboard.plan import MIN_HEIGHT, MIN_WIDTH, Plan, make_plan
from realtime.dashboard.status import key_line, notice_lines, notice_rows, status_lines

_MARGIN = " "
_PANEL_GAP = 3


def render(
    snapshot: Snapshot,
    width: int,
    height: int,
    *,
    glyphs: Glyphs = UNICODE,
    frozen: bool = False,
    help_open: bool = False,
) -> list[Line]:
    """Draw a snapshot.

    Parameters
    ----------
    snapshot : Snapshot
        The state to show.
    width, height : int
        Columns and rows of the terminal.
    glyphs : Glyphs
        The characters that the terminal can show.
    frozen, help_open : bool
        Whether the person has stopped the picture, or asked for help.

    Returns
    -------
    list of Line
        At most `height` lines of at most `width` columns, from the top.
    """
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _too_small(width, height, glyphs)
    if help_open:
        return [_inside(line, width, glyphs) for line in help_lines(glyphs)[:height]]
    status = status_lines(snapshot, width - 2, glyphs)
    hop_s = snapshot.facts.hop_s
    plan = make_plan(
        width,
        height,
        hop_s=hop_s,
        status_rows=len(status),
        notice_rows=notice_rows(snapshot, width - 2),
        glyphs=glyphs,
    )
    body = _top(snapshot, plan, glyphs) + _middle(snapshot, plan, glyphs)
    foot = [
        *([[]] * plan.above_notices),
        *notice_lines(snapshot, plan.notice_rows, plan.width, glyphs),
        *status[: plan.status_rows],
        *([[]] * plan.above_keys),
        key_line(snapshot, plan.width, frozen=frozen),
    ]
    body += [[] for _ in range(height - len(body) - len(foot))]
    return [_inside(line, width, glyphs) for line in body + foot]


def _inside(line: Line, width: int, glyphs: Glyphs) -> Line:
    return [seg(_MARGIN), *fit(line, width - 2, glyphs.cut)] if line else []


def _too_small(width: int, height: int, glyphs: Glyphs) -> list[Line]:
    texts = (
        "terminal too small",
        f"needs {MIN_WIDTH}x{MIN_HEIGHT}",
        f"this is {width}x{height}",
        "q quits",
    )
    return [fit([seg(text, BOLD)], width, glyphs.cut) for text in texts[:height]]


def _top(snapshot: Snapshot, plan: Plan, glyphs: Glyphs) -> list[Line]:
    """Draw the word with the level beside it or below."""
    lines: list[Line] = [[]] * plan.top
    word = headline.word_lines(snapshot, plan.word_rows, glyphs)
    if plan.word_rows == 1 and not plan.caption:
        word[0] += [seg("  "), *headline.confidence_line(snapshot.latest)]
    if plan.panel:
        scale = 2 if plan.word_rows == letters.LARGE_ROWS else 1
        left = scale * headline.WIDEST + _PANEL_GAP
        panel = meter_panel(snapshot, plan.width - left, glyphs)
        word = [[*pad(a or [], left), *(b or [])] for a, b in zip_longest(word, panel)]
    lines += word
    lines += [[]] * plan.above_caption
    if plan.caption:
        lines.append(headline.caption(snapshot, plan.width, glyphs))
    if not plan.panel:
        lines.append(meter_line(snapshot, plan.width, glyphs))
    return lines


def _middle(snapshot: Snapshot, plan: Plan, glyphs: Glyphs) -> list[Line]:
    """Draw bars and history."""
    lines: list[Line] = []
    lines += [[]] * plan.above_bars
    if plan.trend:
        lines[-1] = trend_heading(plan.width, plan.trend)
        lines += bar_and_trend_lines(snapshot, plan.width, plan.trend, glyphs)
    else:
        lines += bar_lines(snapshot, plan.width, plan.bar_columns, glyphs)
    lines += [[]] * plan.above_history
    if plan.legend:
        lines.append(legend(glyphs, plan.cells * snapshot.facts.hop_s, plan.width))
    lines += history_lines(snapshot, plan.cells, plan.history_rows, plan.skyline, glyphs)
    return lines
