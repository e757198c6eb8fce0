"""The page behind the `?` key."""

from realtime.dashboard.glyphs import Glyphs
from realtime.dashboard.lines import Line, seg
from realtime.dashboard.palette import BOLD, DIM


def help_lines(glyphs: Glyphs) -> list[Line]:
    """Explain keys and signs."""
    rows = (
        ("q", "quit (so does Ctrl-C)"),
        ("r", "forget this speaker: reset an adaptive baseline"),
        ("space", "freeze the picture; listening and logging go on"),
        ("?", "close this page"),
        ("", ""),
        ("letters", "the emotions, as beside the bars (U surprised)"),
        (glyphs.silence, "no speech"),
        (glyphs.unsure, "speech, but no emotion stands out"),
        (glyphs.gap, "no sound arrived: a gap"),
        ("level", f"loudness in dBFS; {glyphs.peak} is the peak of 3 s"),
    )
    lines: list[Line] = [[seg("keys and signs", BOLD)]]
    return lines + [[seg(f"{key:<9}", BOLD), seg(text, DIM)] for key, text in rows]
