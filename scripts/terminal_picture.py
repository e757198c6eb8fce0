"""Makes docs/dashboard.png and docs/dashboard.svg from a real run of the program in a terminal.

Starts the program under tmux, lets it run, takes what the terminal shows, and draws that: letters
in DejaVu Sans Mono, block characters as rectangles. Nothing is retouched.

    scripts/picture                                    the demonstration clip, 100x30, at 1:17
    scripts/picture --size 80x24 --at 20 -- replay FILE
"""

import argparse
import contextlib
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, MARGIN = 10, 21, 16, 14
THEMES = {"dark": ("#14161a", "#d8dadf"), "light": ("#fbfbf8", "#24262b")}
# The terminal's own sixteen colours are xterm's here; the cube of 216 has these steps.
SIXTEEN = (
    *("#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5"),
    *("#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff"),
)
CUBE = (0, 95, 135, 175, 215, 255)
# Between two shifts these letters stand for lines, as in the VT100.
SHIFT_OUT, SHIFT_IN = "\x0e", "\x0f"
LINES = str.maketrans("`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")
# A sequence that sets the ink (SGR), any other sequence, a shift, a character.
_PIECE = re.compile(
    r"\x1b\[([\d;:]*)m"
    r"|\x1b\[[^@-~]*[@-~]|\x1b\].*?(?:\x07|\x1b\\)"
    rf"|([{SHIFT_OUT}{SHIFT_IN}])"
    r"|([^\x00-\x1f\x7f])"
)


@dataclass(frozen=True, kw_only=True)
class Ink:
    """How a cell is written: colours as #rrggbb, or None for the terminal's own."""

    front: str | None = None
    back: str | None = None
    bold: bool = False
    dim: bool = False
    reverse: bool = False


def photograph(command: list[str], width: int, height: int, at_s: float) -> str:
    """Run a program in a terminal; return what it shows at a time of its stream, as ANSI text."""
    socket = f"picture-{os.getpid()}"

    def tmux(*args: str) -> str:
        call = ["tmux", "-L", socket, "-f", "/dev/null", *args]
        return subprocess.run(call, check=True, capture_output=True, text=True).stdout  # noqa: S603

    words = ["env", "-u", "NO_COLOR", "COLORTERM=truecolor", "LC_ALL=C.UTF-8", *command]
    size = ["-x", str(width), "-y", str(height)]
    tmux("new-session", "-d", *size, "-c", str(ROOT), shlex.join(words))
    try:
        while stream_s(tmux("capture-pane", "-p")) < at_s:
            time.sleep(0.1)
        return tmux("capture-pane", "-e", "-p", "-N")
    except subprocess.CalledProcessError:
        sys.exit(f"The program ended before {at_s:g} s; run it by hand: {shlex.join(command)}")
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            tmux("kill-server")


def stream_s(shown: str) -> float:
    """Read the time of the newest row off the history: the label of its line, and its place."""
    newest = re.search(r"^ +(\d+):(\d\d) ([^\n]*)◂", shown, re.MULTILINE)
    hop = re.search(r"hop ([\d.]+) s", shown)
    if newest is None or hop is None:
        return 0.0
    minutes, seconds, row = newest.groups()
    return 60 * int(minutes) + int(seconds) + len(row) * float(hop[1])


def cells(capture: str) -> Iterator[tuple[int, int, str, Ink]]:
    """Yield row, column, character and ink of everything in an ANSI text."""
    ink, shifted = Ink(), False
    for row, line in enumerate(capture.splitlines()):
        column = 0
        for piece in _PIECE.finditer(line):
            codes, shift, character = piece.groups()
            if codes is not None:
                ink = _changed(ink, codes)
            elif shift:
                shifted = shift == SHIFT_OUT
            elif character:
                yield row, column, character.translate(LINES) if shifted else character, ink
                column += 1


def _simple_codes() -> dict[int, dict[str, Any]]:
    """Make the table of what a number alone changes; others, such as italics, are not drawn."""
    table: dict[int, dict[str, Any]] = {
        1: {"bold": True},
        2: {"dim": True},
        7: {"reverse": True},
        22: {"bold": False, "dim": False},
        27: {"reverse": False},
        39: {"front": None},
        49: {"back": None},
    }
    for number, colour in enumerate(SIXTEEN):
        code = 30 + number if number < 8 else 82 + number
        table |= {code: {"front": colour}, code + 10: {"back": colour}}
    return table


SIMPLE = _simple_codes()
FRONT, BACK, UNDERLINE = 38, 48, 58


def _changed(ink: Ink, codes: str) -> Ink:
    """Apply one SGR sequence."""
    words = iter(codes.split(";"))
    for word in words:
        first, *more = word.split(":")
        code = int(first or 0)
        if code == 0:
            ink = Ink()
        elif code in {FRONT, BACK, UNDERLINE}:
            del more[1:-3]  # a colour space
            colour = _extended(iter(more) if more else words)
            if code == FRONT:
                ink = replace(ink, front=colour)
            elif code == BACK:
                ink = replace(ink, back=colour)
        else:
            ink = replace(ink, **SIMPLE.get(code, {}))
    return ink


def _extended(words: Iterator[str]) -> str | None:
    """Take a colour from what follows its code: `2` and red, green, blue, or `5` and a number."""
    kind = next(words, "")
    if kind == "2":
        red, green, blue = (int(next(words, "") or 0) for _ in range(3))
        return _hex(red, green, blue)
    return _numbered(int(next(words, "") or 0)) if kind == "5" else None


def _numbered(number: int) -> str:
    """Look a colour up among the 256."""
    if number < 16:
        return SIXTEEN[number]
    if number < 232:
        cube = number - 16
        return _hex(CUBE[cube // 36], CUBE[cube // 6 % 6], CUBE[cube % 6])
    grey = 8 + 10 * (number - 232)
    return _hex(grey, grey, grey)


def _hex(red: int, green: int, blue: int) -> str:
    return f"#{red:02x}{green:02x}{blue:02x}"


def colours(ink: Ink, theme: tuple[str, str]) -> tuple[str, str | None]:
    """Resolve an ink to the colours of letter and ground; None is the terminal's own ground."""
    paper, text = theme
    front, back = ink.front or text, ink.back
    if ink.reverse:
        front, back = back or paper, front
    return (_mixed(front, back or paper, 0.6) if ink.dim else front), back


def _mixed(a: str, b: str, share: float) -> str:
    pairs = ((int(a[i : i + 2], 16), int(b[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(share * x + (1 - share) * y):02x}" for x, y in pairs)


def block(character: str) -> tuple[float, float, float, float] | None:
    """Give left, top, right, bottom (0..1) of a block character; None for any other."""
    code = ord(character) - 0x2580
    if code == 0:
        return 0, 0, 1, 0.5
    if 1 <= code <= 8:
        return 0, 1 - code / 8, 1, 1
    if 9 <= code <= 15:
        return 0, 0, (16 - code) / 8, 1
    return None


Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class Drawing:
    """Rectangles and letters in pixels, in the order in which they are painted."""

    rects: list[tuple[Rect, str]]
    letters: list[tuple[float, float, str, str, bool]]


def compose(capture: str, theme: tuple[str, str]) -> Drawing:
    """Turn a capture into rectangles and letters."""
    drawing = Drawing([], [])
    for row, column, character, ink in cells(capture):
        x, y = MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT
        front, back = colours(ink, theme)
        if back:
            drawing.rects.append(((x, y, x + CELL_WIDTH, y + CELL_HEIGHT), back))
        if shape := block(character):
            left, top, right, bottom = shape
            place = (
                x + left * CELL_WIDTH,
                y + top * CELL_HEIGHT,
                x + right * CELL_WIDTH,
                y + bottom * CELL_HEIGHT,
            )
            drawing.rects.append((place, front))
        elif character != " ":
            drawing.letters.append((x, y, character, front, ink.bold))
    return drawing


def write_png(path: Path, drawing: Drawing, size: tuple[int, int], paper: str) -> None:
    """Paint at twice the size, for sharp edges on dense screens."""
    scale = 2
    fonts = Path(get_data_path()) / "fonts" / "ttf"
    faces = [
        ImageFont.truetype(str(fonts / name), FONT_SIZE * scale)
        for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")
    ]
    image = Image.new("RGB", (size[0] * scale, size[1] * scale), paper)
    draw = ImageDraw.Draw(image)
    for rect, colour in drawing.rects:
        left, top, right, bottom = (round(edge * scale) for edge in rect)
        draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    for x, y, character, colour, bold in drawing.letters:
        draw.text((x * scale, (y + 1) * scale), character, font=faces[bold], fill=colour)
    image.quantize(64).save(path, optimize=True)


def write_svg(path: Path, drawing: Drawing, size: tuple[int, int], paper: str) -> None:
    """Write the same as scalable graphics."""
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}">',
        f'<rect width="{size[0]}" height="{size[1]}" rx="8" fill="{paper}"/>',
    ]
    for (left, top, right, bottom), colour in _joined(drawing.rects):
        box = f'x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}"'
        out.append(f'<rect {box} fill="{colour}" shape-rendering="crispEdges"/>')
    font = f'font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="{FONT_SIZE}"'
    out.append(f"<g {font}>")
    for x, y, character, colour, bold in drawing.letters:
        weight = ' font-weight="bold"' if bold else ""
        at = f'x="{x:g}" y="{y + 16:g}"'
        out.append(f'<text {at} fill="{colour}"{weight}>{escape(character)}</text>')
    path.write_text("\n".join([*out, "</g>", "</svg>", ""]), encoding="utf-8")


def _joined(rects: list[tuple[Rect, str]]) -> Iterator[tuple[Rect, str]]:
    """Join neighbours of one colour, so that no seams show."""
    last: tuple[Rect, str] | None = None
    for rect, colour in rects:
        if last and last[1] == colour and last[0][1::2] == rect[1::2] and last[0][2] == rect[0]:
            last = ((*last[0][:2], *rect[2:]), colour)
            continue
        if last:
            yield last
        last = rect, colour
    if last:
        yield last


def main() -> None:
    """Take the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="100x30", help="columns x rows (100x30)")
    parser.add_argument("--at", type=float, default=77.0, help="seconds of the stream (77)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "dashboard")
    parser.add_argument("--theme", choices=THEMES, default="dark")
    parser.add_argument("--capture", type=Path, help="draw this ANSI text instead of running")
    parser.add_argument("words", nargs="*", default=["replay", "--loop"], metavar="ARGS")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    command = [sys.executable, "-m", "realtime", *args.words]
    capture = (
        args.capture.read_text(encoding="utf-8")
        if args.capture
        else photograph(command, width, height, args.at)
    )
    theme = THEMES[args.theme]
    drawing = compose(capture, theme)
    size = (2 * MARGIN + width * CELL_WIDTH, 2 * MARGIN + height * CELL_HEIGHT)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_png(args.out.with_suffix(".png"), drawing, size, theme[0])
    write_svg(args.out.with_suffix(".svg"), drawing, size, theme[0])
    print(args.out.with_suffix(".png"), args.out.with_suffix(".svg"))


if __name__ == "__main__":
    main()
