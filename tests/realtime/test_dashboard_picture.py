"""The picture for the README: what a terminal showed, drawn cell by cell."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

SVG = "{http://www.w3.org/2000/svg}"


def test_a_capture_becomes_rectangles_and_letters(tmp_path: Path, root: Path) -> None:
    pytest.importorskip("matplotlib", reason="the picture is drawn in the training environment")
    capture = tmp_path / "capture.ansi"
    capture.write_text(
        "\x1b[38;2;1;2;3m\u2588\u2588\u2584\x1b[0m \x1b[1;48;2;9;8;7mA\x1b[39m \x1b[0m<\n",
        encoding="utf-8",
    )
    out = tmp_path / "folder" / "shown"
    call = [root / "scripts/picture", "--capture", capture, "--size", "8x1", "--out", out]
    subprocess.run([sys.executable, *map(str, call)], check=True, capture_output=True)

    tree = ElementTree.parse(out.with_suffix(".svg")).getroot()  # noqa: S314
    rects = [(float(r.get("width", 0)), r.get("fill")) for r in tree.iter(f"{SVG}rect")][1:]
    # two full blocks joined, a lower half, and the ground of the letter and of the space after it
    assert rects == [(20, "#010203"), (10, "#010203"), (20, "#090807")]
    assert [t.text for t in tree.iter(f"{SVG}text")] == ["A", "<"]
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
