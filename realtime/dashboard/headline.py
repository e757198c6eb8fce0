"""What is heard now: the word, large, and a line that says how sure and for how long."""

from itertools import takewhile

from models.labels import EMOTIONS
from realtime.board import HISTORY_ROWS, Snapshot
from realtime.dashboard import letters
from realtime.dashboard.glyphs import Glyphs
from realtime.dashboard.ink import Style
from realtime.dashboard.lines import Line, flow, seg
from realtime.dashboard.palette import ALARM, BOLD, DIM, LOOKS
from realtime.estimate import Estimate, State

LISTENING = "listening"
WIDEST = max(map(letters.width, [*EMOTIONS, LISTENING, "no speech", "no signal", "unsure"]))


def word_of(latest: Estimate | None) -> str:
    """Name the present state in one or two words."""
    if latest is None:
        return LISTENING
    if latest.state is State.SPEECH and latest.emotion is not None:
        return str(latest.emotion)
    return {State.NO_SPEECH: "no speech", State.GAP: "no signal"}.get(latest.state, "unsure")


def _ink(latest: Estimate | None) -> Style:
    if latest is None or latest.state is State.NO_SPEECH:
        return DIM
    if latest.state is State.GAP:
        return ALARM
    return LOOKS[latest.emotion].ink if latest.emotion else BOLD


def word_lines(snapshot: Snapshot, rows: int, glyphs: Glyphs) -> list[Line]:
    """Draw the present state one, three or five rows high."""
    latest = snapshot.latest
    word, ink = word_of(latest), _ink(latest)
    if rows == letters.LARGE_ROWS:
        return [[seg(row, ink)] for row in letters.large(word, glyphs.up[-1])]
    if rows == letters.SMALL_ROWS:
        return [[seg(row, ink)] for row in letters.small(word, glyphs.half)]
    return [[seg(word.upper(), ink + BOLD)]]


def percent(share: float) -> str:
    """Write a share of one as a percentage."""
    return f"{100 * share:.0f} %"


def confidence_line(latest: Estimate | None) -> Line:
    """Say how sure the present state is, in a few words."""
    if latest is None:
        return [seg("waiting for the first sound", DIM)]
    if latest.state is State.SPEECH and latest.confidence is not None:
        return [seg("confidence ", DIM), seg(percent(latest.confidence), BOLD)]
    if latest.state is State.UNSURE:
        return _candidates(latest)
    return []


def _candidates(latest: Estimate) -> Line:
    ranked = _ranked(latest)[:2]
    line: Line = [seg("perhaps ", DIM)]
    for i, (emotion, share) in enumerate(ranked):
        line += [seg(" or ", DIM)] * (i > 0) + [seg(f"{emotion} {percent(share)}", BOLD)]
    return line


def _ranked(row: Estimate) -> list[tuple[str, float]]:
    pairs = zip(EMOTIONS, row.probabilities or (), strict=False)
    return sorted(((str(e), p) for e, p in pairs), key=lambda pair: -pair[1])


def _same(a: Estimate, b: Estimate) -> bool:
    return a.state is b.state and a.emotion is b.emotion


def _lasted(latest: Estimate, snapshot: Snapshot) -> str:
    """Say for how long the present state and emotion have lasted, as far as the history goes."""
    run = [*takewhile(lambda row: _same(row, latest), reversed(snapshot.history))]
    duration = _duration(latest.end_s - run[-1].end_s + snapshot.facts.hop_s)
    return f"for over {duration}" if len(run) == HISTORY_ROWS else f"for {duration}"


def _last_heard(snapshot: Snapshot) -> list[Line]:
    for row in reversed(snapshot.history):
        if row.emotion is not None:
            ago = _duration(snapshot.history[-1].end_s - row.end_s)
            return [[seg(f"last heard: {row.emotion}, {ago} ago", DIM)]]
    return []


def caption(snapshot: Snapshot, width: int, glyphs: Glyphs) -> Line:
    """Write the line under the word: the same in small, how long, and what else it could be.

    Of what does not fit into `width` columns, the last parts are left out.
    """
    latest = snapshot.latest
    sure = confidence_line(latest)
    if latest is None:
        return sure
    parts: list[Line] = [[seg(word_of(latest))], *([sure] if sure else [])]
    if latest.state is not State.UNSURE:
        parts.append([seg(_lasted(latest, snapshot), DIM)])
    if latest.state is State.SPEECH:
        second, share = _ranked(latest)[1]
        parts.append([seg(f"next {second} {percent(share)}", DIM)])
    elif latest.state is not State.UNSURE:
        parts += _last_heard(snapshot)
    return flow(parts, width, glyphs.dot)[0]


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min"
