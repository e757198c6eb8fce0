"""The screen as text: a pure function of the state, complete at every width."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.labels import EMOTIONS
from realtime.board import Board, RunFacts, Snapshot
from realtime.dashboard import letters
from realtime.dashboard.bars import bar_and_trend_lines, bar_lines
from realtime.dashboard.glyphs import ASCII, UNICODE, Glyphs, bar, columns, glyphs_for
from realtime.dashboard.headline import WIDEST, word_of
from realtime.dashboard.lines import Line, shorten, width_of
from realtime.dashboard.palette import ALARM, BOLD, LOOKS, SIXTEEN
from realtime.dashboard.plan import MIN_HEIGHT, MIN_WIDTH
from realtime.dashboard.status import status_lines
from realtime.dashboard.view import render
from realtime.estimate import Estimate, State
from realtime.messages import clean
from tests.realtime.dashboard_scene import FACTS, HOP_S, estimate, fill, kinds, scene

MINUTE = round(60 / HOP_S)
WIDTHS = (60, 80, 120)
STATES = ("happy", "surprised", "unsure", "no_speech", "gap")
SIGNS = {State.NO_SPEECH: "·", State.UNSURE: "?", State.GAP: "×"}


def plain(line: Line) -> str:
    return "".join(piece.text for piece in line)


def text(snapshot: Snapshot, width: int = 80, height: int = 24, glyphs: Glyphs = UNICODE) -> str:
    lines = render(snapshot, width, height, glyphs=glyphs)
    return "\n".join(plain(line).rstrip() for line in lines)


def history_cells(shown: str) -> str:
    """Join the cells of the history: the rows that begin with a time."""
    rows = re.findall(r"^ +(?:\d+:\d\d|\d+h\d\d) (.*)$", shown, re.MULTILINE)
    return "".join(rows).partition("◂")[0]


def sign(row: Estimate) -> str:
    if row.state is State.SPEECH and row.emotion is not None:
        return LOOKS[row.emotion].letter
    return SIGNS[row.state]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_part_is_there(width: int) -> None:
    shown = text(scene(300, last="surprised"), width)
    confidence = scene(300, last="surprised").history[-1].confidence
    assert confidence is not None
    assert f"surprised · confidence {100 * confidence:.0f} %" in shown
    for row in letters.small("surprised", UNICODE.half):
        assert row.rstrip() in shown
    for emotion in EMOTIONS:
        assert re.search(rf"^ {LOOKS[emotion].letter} {emotion} .* +\d+ %", shown, re.MULTILINE)
    for part in ("· silence", "? unsure", "× gap", " dBFS", "peak -", "no clipping"):
        assert part in shown
    for part in ("source Built-in", "model ann", "baseline adaptive 10.1", "window 3 s"):
        assert part in shown
    for part in ("hop 0.25 s", "speech ", "dropped 0", "latency "):
        assert part in shown
    for part in ("q quit", "r reset baseline", "space freeze", "? help"):
        assert part in shown


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", STATES)
def test_the_bars_tell_the_probabilities_in_their_order(width: int, state: str) -> None:
    snapshot = scene(50, last=state)
    row = r"^ [NCHSAFDU] (\w+) +([^\d\s-]*) *(?:(\d+) %|-)"
    rows = re.findall(row, text(snapshot, width), re.MULTILINE)
    assert [name for name, _, _ in rows] == [str(emotion) for emotion in EMOTIONS]
    shares = snapshot.history[-1].probabilities
    if shares is None:
        assert all(not drawn and not number for _, drawn, number in rows)
        return
    assert [int(number) for _, _, number in rows] == [round(100 * share) for share in shares]
    lengths = [len(drawn) for _, drawn, _ in rows]
    assert lengths[shares.index(max(shares))] == max(lengths)


@pytest.mark.parametrize("width", WIDTHS)
@given(count=st.integers(1, 900))
def test_the_history_has_one_cell_per_hop_and_a_minute_at_least(width: int, count: int) -> None:
    snapshot = scene(count)
    cells = history_cells(text(snapshot, width))
    assert len(cells) >= min(count, MINUTE)
    assert cells == "".join(map(sign, snapshot.history))[-len(cells) :]


def test_a_cell_stays_where_it_was_written_until_the_lines_move_up() -> None:
    early, late = (text(scene(n)).splitlines() for n in (250, 290))
    assert [row for row in early if " 0:15 " in row] == [row for row in late if " 0:15 " in row]


def test_a_longer_screen_shows_a_longer_history() -> None:
    snapshot = scene(1500)
    shown = [len(history_cells(text(snapshot, *size))) for size in ((80, 24), (120, 40), (200, 60))]
    assert shown == sorted(shown)
    assert shown[-1] >= 5 * MINUTE


def test_hops_of_other_lengths_have_their_column_too() -> None:
    board = Board(replace(FACTS, hop_s=0.4))
    fill(board, 100)
    assert len(history_cells(text(board.snapshot()))) == 100


@given(
    size=st.tuples(st.integers(1, 220), st.integers(1, 70)),
    count=st.integers(0, 400),
    last=st.sampled_from([*STATES, *map(str, EMOTIONS), None]),
    glyphs=st.sampled_from([UNICODE, ASCII]),
    texts=st.lists(st.text(max_size=90), min_size=1, max_size=4),
)
def test_no_screen_is_overdrawn(
    size: tuple[int, int], count: int, last: str | None, glyphs: Glyphs, texts: list[str]
) -> None:
    snapshot = scene(count, last=last, notices=tuple(texts))
    snapshot = replace(snapshot, facts=replace(snapshot.facts, source=texts[0]))
    lines = render(snapshot, *size, glyphs=glyphs)
    assert max(map(width_of, lines), default=0) <= size[0]
    assert len(lines) <= size[1]
    assert all(c.isprintable() for line in lines for c in plain(line))
    assert render(snapshot, *size, glyphs=glyphs) == lines


@pytest.mark.parametrize(("width", "height"), [(40, 12), (48, 16), (60, 20), (80, 18)])
def test_a_small_screen_keeps_the_essence(width: int, height: int) -> None:
    shown = text(scene(200, last="happy"), width, height)
    assert re.search(r"HAPPY|happy · confidence", shown)
    for part in ("confidence", "dBFS", "source", "q quit"):
        assert part in shown
    for emotion in EMOTIONS:
        assert re.search(rf"{LOOKS[emotion].letter} {emotion[:3]}", shown)
    assert history_cells(shown)


def test_a_screen_too_small_says_so() -> None:
    shown = text(scene(10), MIN_WIDTH - 1, MIN_HEIGHT)
    assert "too small" in shown
    assert "40x12" in shown


@pytest.mark.parametrize(("width", "height"), [(120, 40), (200, 60)])
def test_a_large_screen_shows_larger_letters_and_the_last_minute(width: int, height: int) -> None:
    snapshot = scene(400, last="calm")
    shown = text(snapshot, width, height)
    for row in letters.large("calm", "█"):
        assert row.rstrip() in shown
    assert "last minute" in shown
    assert re.search(r"C calm .*\d+ % .*[▅▆▇]", shown)
    assert re.search(r"^ +[▁▂▃▄▅▆▇█ ]{20,}$", shown, re.MULTILINE)  # confidence over the history


def test_an_emotion_lasts_from_where_it_began() -> None:
    board = Board(FACTS)
    for window in range(12):
        board.add(estimate(window, "sad" if window < 8 else "happy"))
    assert " · for 1.0 s · next " in text(board.snapshot())


def test_the_caption_names_what_comes_next() -> None:
    snapshot = scene(300, last="surprised")
    shares = snapshot.history[-1].probabilities
    assert shares is not None
    second = sorted(shares)[-2]
    words = f"next {EMOTIONS[shares.index(second)]} {100 * second:.0f} %"
    assert f" · {words}\n" in text(snapshot)


@pytest.mark.parametrize("state", ["happy", "surprised", "unsure"])
def test_the_strongest_of_the_bars_stands_out(state: str) -> None:
    snapshot = scene(50, last=state)
    shares = snapshot.history[-1].probabilities
    assert shares is not None
    lines = bar_lines(snapshot, 78, 1, UNICODE)
    bold = [[piece.text.strip() for piece in line if piece.style == BOLD] for line in lines]
    strongest = shares.index(max(shares))
    assert bold == [
        [EMOTIONS[place], f"{100 * share:.0f} %"] if place == strongest else []
        for place, share in enumerate(shares)
    ]


def test_the_last_minute_shows_means_of_what_was_spoken_and_nothing_else() -> None:
    """Two seconds a column: of half a minute's silence none, of speech at least a line."""
    board = Board(FACTS)
    for window in range(MINUTE):
        row = estimate(window, "happy" if window >= MINUTE // 2 else "no_speech")
        if row.probabilities is not None:
            sure = float(window % 2)  # now this, now that: half on average
            row = replace(row, probabilities=(sure, 1 - sure, *[0.0] * 6))
        board.add(row)
    lines = bar_and_trend_lines(board.snapshot(), 78, 30, UNICODE)
    trends = [line[-1].text for line in lines]
    assert trends[0] == trends[1] == " " * 15 + "▄" * 15
    assert set(trends[2:]) == {" " * 15 + "▁" * 15}


def test_before_the_first_row_it_listens() -> None:
    shown = text(Board(FACTS).snapshot())
    assert "waiting for the first sound" in shown
    for row in letters.small("listening", UNICODE.half):
        assert row.rstrip() in shown
    assert "latency -" in shown


def test_silence_is_told_calmly() -> None:
    shown = text(scene(40, last="no_speech"))
    assert "no speech · for 1.0 s · last heard: happy, 1.0 s ago" in shown
    assert "confidence" not in shown
    assert " %" not in shown.replace("speech 4 %", "")


def test_silence_from_the_start_has_nothing_heard_before() -> None:
    board = Board(FACTS)
    board.add(estimate(0, "no_speech"))
    assert "no speech · for 0.2 s\n" in text(board.snapshot())


def test_a_long_silence_is_told_in_minutes() -> None:
    board = Board(FACTS)
    board.add(estimate(0, "calm"))
    for window in range(1, 600):
        board.add(estimate(window, "no_speech"))
    assert "no speech · for 2 min · last heard: calm, 2 min ago" in text(board.snapshot())
    for window in range(600, 3000):
        board.add(estimate(window, "no_speech"))
    assert "no speech · for over 8 min\n" in text(board.snapshot())


def test_unsure_names_two_candidates() -> None:
    shown = text(scene(0, last="unsure"))
    assert re.search(r"unsure · perhaps \w+ \d+ % or \w+ \d+ %", shown)
    assert "????◂" in shown


def test_a_gap_shows_no_level() -> None:
    shown = text(scene(60, last="gap", notices=("microphone lost 12 s ago",)))
    assert "no signal · for 1.0 s" in shown
    assert "××××◂" in shown
    assert "  - dBFS" in shown
    assert "! microphone lost 12 s ago" in shown


@pytest.mark.parametrize("width", [40, *WIDTHS])
def test_clipping_is_marked_while_the_peak_is_held(width: int) -> None:
    board = Board(FACTS)
    board.add(replace(estimate(0, "happy"), clipped_ratio=0.021, level_dbfs=-3.0))
    for window in range(1, 12):
        board.add(replace(estimate(window, "happy"), level_dbfs=-30.0))
    held = text(board.snapshot(), width)
    assert "CLIP 2 %" in held
    assert "-30 dBFS" in held
    assert "│" in held
    if width >= WIDTHS[0]:
        assert "peak  -3" in held
    board.add(replace(estimate(12, "happy"), level_dbfs=-30.0))
    assert "no clipping" in text(board.snapshot(), width)


def test_levels_below_the_scale_are_named_as_such() -> None:
    board = Board(FACTS)
    board.add(replace(estimate(0, "no_speech"), level_dbfs=-120.0))
    assert "<-60 dBFS" in text(board.snapshot())


def test_losses_and_missing_latency_are_in_the_status() -> None:
    board = Board(FACTS)
    board.add(replace(estimate(0, "happy"), dropped_samples=960, latency_ms=None))
    shown = text(board.snapshot())
    assert "dropped 960" in shown
    assert "latency -" in shown


@pytest.mark.parametrize("dropped", [0, 1, 960])
def test_losses_are_alarming(dropped: int) -> None:
    board = Board(FACTS)
    board.add(replace(estimate(0, "happy"), dropped_samples=dropped))
    pieces = [piece for line in status_lines(board.snapshot(), 78, UNICODE) for piece in line]
    alarming = [piece.text for piece in pieces if piece.style == ALARM]
    assert alarming == ([str(dropped)] if dropped else [])


@pytest.mark.parametrize("fixed", ["off", "my voice"])
def test_without_a_baseline_that_learns_there_is_none_to_reset(fixed: str) -> None:
    shown = text(Board(replace(FACTS, baseline=fixed)).snapshot())
    assert f"baseline {fixed}" in shown
    assert "reset" not in shown


def test_more_notices_than_lines_share_the_last_one() -> None:
    shown = text(scene(10, notices=("too quiet", "disk full", "clipping")), 60, 12)
    assert "! clipping\n ! disk full · too quiet" in shown
    assert len([row for row in text(scene(10, notices=("a", "b")), 120, 40) if row == "!"]) == 2


LONG = "It is muted: unmute it where the system shows its microphones, or choose another one."


def test_a_long_notice_is_told_in_full_where_there_is_room() -> None:
    shown = text(scene(300, notices=(LONG,)))
    assert LONG in re.sub(r"\s+", " ", shown)
    assert "neutral" in shown
    # The last minute, which is five lines of 15 s here, gives way to nothing.
    assert len(re.findall(r"^ *\d:\d\d ", shown, re.MULTILINE)) == 5


def test_every_notice_has_a_line_before_one_has_two() -> None:
    lines = text(scene(300, notices=(LONG, LONG, LONG))).splitlines()
    marked = [line for line in lines if line.startswith(" ! ")]
    assert len(marked) == 3
    assert all("muted" in line for line in marked)


def test_frozen_finished_and_help_are_told() -> None:
    snapshot = scene(10)
    frozen = "\n".join(map(plain, render(snapshot, 80, 24, frozen=True)))
    assert "FROZEN" in frozen
    assert "space resume" in frozen
    ended = replace(snapshot, finished=True)
    assert "ENDED" in text(ended)
    assert "space close" in "\n".join(map(plain, render(ended, 80, 24, frozen=True)))
    page = "\n".join(map(plain, render(snapshot, 80, 24, help_open=True)))
    assert "forget this speaker" in page
    assert "no speech" in page


@pytest.mark.parametrize(("width", "height"), [(60, 15), (80, 24), (100, 30)])
def test_what_to_do_is_told_in_full_before_anything_else_has_room(width: int, height: int) -> None:
    remedy = f"Waiting for default: it was disconnected. {LONG}"
    shown = text(scene(300, notices=(remedy,)), width, height)
    assert remedy in re.sub(r"\s+", " ", shown)


def test_a_source_has_the_room_that_is_left_on_its_line() -> None:
    facts = replace(FACTS, source="a" * 40, model="m" * 20, baseline="b" * 40)
    board = Board(facts)
    shown = text(board.snapshot(), 80, 24)
    assert f"source {'a' * 40}  model {'m' * 20}\n baseline {'b' * 40}" in shown


def test_the_linux_console_gets_what_its_fonts_hold() -> None:
    assert glyphs_for("utf-8", "linux") is ASCII
    assert glyphs_for("utf-8", "xterm-256color") is UNICODE


def test_names_cannot_command_the_terminal() -> None:
    facts = replace(FACTS, source="evil\x1b[2J\x07.wav", model="\x9b31m", baseline="a\nb")
    board = Board(facts)
    board.notice("n", "lost\x1b]0;title\x07")
    shown = text(board.snapshot())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    assert "evil?[2J?.wav" in shown
    assert clean("a\u202eb") == "a?b"  # right-to-left override


def test_a_long_name_gives_way_to_the_figures() -> None:
    facts = replace(FACTS, source="Yamaha Steinberg USB Driver: Line 1 " * 3)
    for width in WIDTHS:
        shown = text(replace(scene(100), facts=facts), width)
        assert "Yamaha" in shown
        assert "…" in shown
        assert "latency" in shown


def test_wide_characters_are_measured() -> None:
    assert shorten("麦克风", 6, "…") == "麦克风"
    assert shorten("麦克风", 5, "…") == "麦克…"
    assert shorten("麦克风", 1, "...") == "."


def test_ascii_suffices_where_there_is_no_more() -> None:
    for size in ((60, 24), (80, 24), (120, 40)):
        text(scene(300, last="happy"), *size, glyphs=ASCII).encode("ascii")
    assert glyphs_for("utf-8") is UNICODE
    assert glyphs_for("ascii") is ASCII
    assert glyphs_for("iso-8859-1") is ASCII
    assert glyphs_for("no such encoding") is ASCII


@given(st.floats(-1, 2), st.integers(1, 100))
def test_a_bar_is_as_long_as_its_share(fraction: float, width: int) -> None:
    drawn = bar(fraction, width, UNICODE.across)
    eighths = sum(UNICODE.across.index(c) for c in drawn)
    assert abs(eighths - 8 * width * min(max(fraction, 0), 1)) <= 0.5 + 1e-9
    assert len(drawn) <= width


def test_columns_cover_their_range() -> None:
    assert columns([-1.0, 0.0, 0.5, 1.0, 2.0], UNICODE.up) == "  ▄██"


def test_every_state_has_large_letters_that_fit() -> None:
    rows = [estimate(0, kind) for kind in (*STATES, *map(str, EMOTIONS))]
    for word in {word_of(row) for row in [*rows, None]}:
        assert letters.width(word) <= WIDEST
        assert {len(row) for row in letters.small(word, UNICODE.half)} == {letters.width(word)}
        assert {len(row) for row in letters.large(word, "#")} == {2 * letters.width(word)}


# --- colours -------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes (2009), severity 1, linear RGB
_SIGHT: dict[str, list[list[float]]] = {
    "normal": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear_rgb() -> NDArray[np.float64]:
    colours = [LOOKS[emotion].ink.color for emotion in EMOTIONS]
    encoded = np.array([colour.get_truecolor() for colour in colours if colour]) / 255
    low = encoded / 12.92
    return np.where(encoded <= 0.04045, low, ((encoded + 0.055) / 1.055) ** 2.4)


def cielab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    white = np.array([0.95047, 1.0, 1.08883])
    ratio = np.clip(rgb @ _TO_XYZ.T / white, 0, None)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("sight", _SIGHT)
def test_the_colours_stay_apart_for_every_eye(sight: str) -> None:
    seen = cielab(np.clip(linear_rgb() @ np.array(_SIGHT[sight]).T, 0, 1))
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    assert apart[~np.eye(len(EMOTIONS), dtype=bool)].min() > 22


def test_the_colours_show_on_white_and_on_black() -> None:
    luminance = linear_rgb() @ _TO_XYZ[1]
    assert (1.05 / (luminance + 0.05)).min() >= 2.0
    assert ((luminance + 0.05) / 0.05).min() >= 3.0


def test_letters_show_on_their_ground_in_sixteen_colours() -> None:
    for look in LOOKS.values():
        for style in map(SIXTEEN.of, (look.first, look.cell)):
            assert style.color
            assert style.bgcolor
            assert {style.color.name, style.bgcolor.name} & {"black", "bright_white"}
            assert style.color != style.bgcolor


def test_the_script_of_the_scene_has_every_kind() -> None:
    assert {kind for kind, _ in kinds(400)} >= {"gap", "unsure", "no_speech", *map(str, EMOTIONS)}


def test_times_are_those_of_the_stream_whatever_was_lost() -> None:
    """Each round of a loop, and each loss, takes a part of a hop that no row tells of."""
    board = Board(FACTS)
    for window in range(200):
        row = estimate(window, "happy" if window < 20 else "no_speech")
        board.add(replace(row, start_s=2 * row.start_s, end_s=2 * row.end_s))
    shown = text(board.snapshot())
    assert "for 90 s" in shown
    assert re.search(r"^ +1:30 ·+◂", shown, re.MULTILINE)
    for window in range(200, 204):
        row = estimate(window, "gap")
        board.add(replace(row, start_s=2 * row.start_s, end_s=2 * row.end_s))
    assert "last heard: happy, 92 s ago" in text(board.snapshot())


@pytest.mark.parametrize(
    ("minutes", "label"),
    [
        (0, "0:00"),
        (59, "59:00"),
        (61, "1h01"),
        (10 * 60, "10h00"),
        (99 * 60 + 59, "99h59"),
        (100 * 60, "4d04"),
        (99 * 24 * 60, "99d00"),
    ],
)
def test_a_row_is_labelled_in_the_same_columns_however_late(minutes: int, label: str) -> None:
    board = Board(RunFacts(source="s", model="m", baseline="off", window_s=3.0, hop_s=HOP_S))
    board.add(estimate(minutes * MINUTE, "no_speech"))
    assert re.search(rf"^ {label:>5} ·◂$", text(board.snapshot()), re.MULTILINE)
