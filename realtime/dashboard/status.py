"""The status line: where the sound comes from, what judges it, and how well the run keeps up."""

from realtime.board import Snapshot
from realtime.dashboard.glyphs import Glyphs
from realtime.dashboard.lines import Line, flow, seg, shorten, width_of
from realtime.dashboard.palette import ALARM, BOLD, DIM, PLAIN
from realtime.messages import clean
from realtime.speaker import ADAPTIVE

_SHORTEST_SOURCE = 10
_WIDE = 76
_NARROW = 56
_MARK = "! "


def _item(name: str, value: str) -> Line:
    return [seg(name + " ", DIM), seg(value)]


def status_lines(snapshot: Snapshot, width: int, glyphs: Glyphs) -> list[Line]:
    """Write who listens, then how well, each on as many lines as it needs."""
    dot = "  " if width >= _WIDE else " "
    whose = _judges(snapshot, width)
    beside = [len("source ")]
    for item in whose:
        beside.append(beside[-1] + len(dot) + width_of(item))
    rooms = [width - taken for taken in beside]
    # Beside as many of them as leave it enough; the others have a line of their own.
    room = min((room for room in rooms if room >= _SHORTEST_SOURCE), default=_SHORTEST_SOURCE)
    source = _item("source", shorten(clean(snapshot.facts.source), room, glyphs.cut))
    return [*flow([source, *whose], width, dot), *flow(_figures(snapshot), width, dot)]


def _judges(snapshot: Snapshot, width: int) -> list[Line]:
    facts, latest = snapshot.facts, snapshot.latest
    baseline = clean(facts.baseline)
    if latest is not None and latest.baseline_windows > 0:
        unit = " windows" if width >= _WIDE else ""
        baseline += f" {latest.baseline_windows:.1f}{unit}"
    return [_item("model", clean(facts.model)), _item("baseline", baseline)]


def _figures(snapshot: Snapshot) -> list[Line]:
    facts, latest = snapshot.facts, snapshot.latest
    dropped = latest.dropped_samples if latest else 0
    latency = latest.latency_ms if latest else None
    return [
        _item("window", f"{facts.window_s:g} s"),
        _item("hop", f"{facts.hop_s:g} s"),
        _item("speech", f"{100 * latest.speech_ratio:.0f} %" if latest else "-"),
        [seg("dropped ", DIM), seg(str(dropped), ALARM if dropped else PLAIN)],
        _item("latency", "-" if latency is None else f"{latency:.0f} ms"),
    ]


def notice_lines(snapshot: Snapshot, rows: int, width: int, glyphs: Glyphs) -> list[Line]:
    """Show the notices, one a line, the last line shared by what is left over.

    Where there are more lines than notices, the first ones are told in full.
    """
    texts = [clean(text) for text in snapshot.notices]
    if len(texts) > rows:
        texts = [*texts[: rows - 1], glyphs.dot.join(texts[rows - 1 :])]
    spare = rows - len(texts)
    lines: list[Line] = []
    for text in texts:
        parts = _wrapped(text, width - len(_MARK))
        count = min(len(parts), 1 + spare)
        spare -= count - 1
        parts[count - 1 :] = [shorten(" ".join(parts[count - 1 :]), width - len(_MARK), glyphs.cut)]
        lines += [
            [seg(" " * len(_MARK) if place else _MARK, ALARM), seg(part)]
            for place, part in enumerate(parts)
        ]
    return lines + [[] for _ in range(rows - len(lines))]


def notice_rows(snapshot: Snapshot, width: int) -> int:
    """Count the lines that tell every notice in full."""
    return sum(len(_wrapped(clean(text), width - len(_MARK))) for text in snapshot.notices)


def _wrapped(text: str, width: int) -> list[str]:
    words = [[seg(word)] for word in text.split()]
    return ["".join(piece.text for piece in line) for line in flow(words, width, " ")] or [""]


def key_line(snapshot: Snapshot, width: int, *, frozen: bool) -> Line:
    """Name the keys; say so when the screen is frozen or the source has ended."""
    narrow = width < _NARROW
    pause = ("close" if snapshot.finished else "resume") if frozen else "freeze"
    keys = [("q", "quit"), ("space", pause), ("?", "help")]
    if snapshot.facts.baseline == ADAPTIVE:
        keys.insert(1, ("r", "reset" if narrow else "reset baseline"))
    tag = "ENDED" if snapshot.finished else "FROZEN" if frozen else ""
    line = [seg(f"{tag}  ", BOLD)] if tag else []
    dot = " " if narrow else "   "
    for key, action in keys:
        line += [seg(key, BOLD), seg(f" {action}{dot}", DIM)]
    return line
