"""The picture for the README: what a terminal showed, drawn cell by cell."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def drawn(tmp_path: Path, root: Path) -> Callable[[str], Path]:
    """Draw an ANSI text; the picture's path without its ending."""
    pytest.importorskip("matplotlib", reason="the picture is drawn in the training environment")

    def draw(text: str) -> Path:
        capture, out = tmp_path / "capture.ansi", tmp_path / "folder" / "shown"
        capture.write_text(text, encoding="utf-8")
        program = root / "scripts/terminal_picture.py"
        call = [program, "--capture", capture, "--size", "8x1", "--out", out]
        subprocess.run([sys.executable, *map(str, call)], check=True, capture_output=True)
        return out

    return draw


def rects(picture: Path) -> list[tuple[float, str | None]]:
    """Width and colour of every rectangle but the ground."""
    tree = ElementTree.parse(picture.with_suffix(".svg"))  # noqa: S314
    return [(float(r.get("width", 0)), r.get("fill")) for r in tree.iter(f"{SVG}rect")][1:]


def letters(picture: Path) -> list[tuple[str | None, str | None]]:
    """Letter and colour."""
    tree = ElementTree.parse(picture.with_suffix(".svg"))  # noqa: S314
    return [(t.text, t.get("fill")) for t in tree.iter(f"{SVG}text")]


def test_a_capture_becomes_rectangles_and_letters(drawn: Callable[[str], Path]) -> None:
    out = drawn("\x1b[38;2;1;2;3m\u2588\u2588\u2584\x1b[0m \x1b[1;48;2;9;8;7mA\x1b[39m \x1b[0m<\n")
    # two full blocks joined, a lower half, and the ground of the letter and of the space after it
    assert rects(out) == [(20, "#010203"), (10, "#010203"), (20, "#090807")]
    assert [letter for letter, _ in letters(out)] == ["A", "<"]
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_whatever_tmux_prints_is_drawn(drawn: Callable[[str], Path]) -> None:
    own = "#d8dadf"  # the theme's
    inks = [
        # (as tmux prints it, colour of the letter, ground)
        ("38;5;9", "#ff0000", None),
        ("38;5;17", "#00005f", None),
        ("38;5;255;48;5;232", "#eeeeee", "#080808"),
        ("0;31;102", "#cd0000", "#00ff00"),
        ("39;49", own, None),
        ("97;40", "#ffffff", "#000000"),
        ("", own, None),
        ("38:5:196", "#ff0000", None),
        ("38:2::1:2:3", "#010203", None),
        ("38:2:4:5:6", "#040506", None),
        # What cannot be drawn leaves the ink as it is, whatever numbers it brings along.
        ("3;4:3;5;8;9;53;5:3;58;2;7;7;7;58;5;1;58:2::7:1:0", "#040506", None),
        ("0;7", "#14161a", own),
        ("27", own, None),
        ("38;5", "#000000", None),
        ("38", own, None),
    ]
    sample = "".join(f"\x1b[{codes}mA" for codes, _, _ in inks)
    ending = "\x1b[0m\x1b]8;;https://example.org\x1b\\\x1b[K\x0eqx\x0fq"
    out = drawn(sample + ending)
    expected = [("A", front) for _, front, _ in inks] + [("─", own), ("│", own), ("q", own)]
    assert letters(out) == expected
    assert rects(out) == [(10, back) for _, _, back in inks if back]
