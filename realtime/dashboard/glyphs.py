"""The characters the screen is drawn with, for terminals with and without Unicode."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

# The fonts of the Linux console hold whole blocks, and hardly any parts of one.
FEW_GLYPHS = frozenset({"linux"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Glyphs:
    """One set of drawing characters.

    Attributes
    ----------
    across, up : str
        A cell filled from the left, and from below, from empty to full.
    half : str
        A cell of two pixels, upper and lower: none, upper, lower, both.
    silence, unsure, gap, now : str
        Signs in the history.
    line, track, peak : str
        A cell of a meter from empty to full, its empty part and its peak mark.
    dot, cut : str
        Between items, and where a text was shortened.
    """

    across: str
    up: str
    half: str
    silence: str
    unsure: str
    gap: str
    now: str
    line: str
    track: str
    peak: str
    dot: str
    cut: str


UNICODE = Glyphs(
    across=" ▏▎▍▌▋▊▉█",
    up=" ▁▂▃▄▅▆▇█",
    half=" ▀▄█",
    silence="·",
    unsure="?",
    gap="\u00d7",  # a multiplication sign, so that it is no letter of an emotion
    now="◂",
    line=" ╸━",
    track="╌",
    peak="│",
    dot=" · ",
    cut="…",
)
ASCII = Glyphs(
    across=" #",
    up=" .:-=+*#",
    half="",
    silence=".",
    unsure="?",
    gap="x",
    now="<",
    line=" =",
    track="-",
    peak="|",
    dot=" | ",
    cut="...",
)


def glyphs_for(encoding: str, terminal: str = "") -> Glyphs:
    """Choose the set that a terminal of this encoding and name (TERM) can show."""
    if terminal in FEW_GLYPHS:
        return ASCII
    try:
        "".join(astuple(UNICODE)).encode(encoding)
    except (UnicodeError, LookupError):
        return ASCII
    return UNICODE


def bar(fraction: float, width: int, steps: str) -> str:
    """Draw a bar of `fraction` (0..1) of `width` cells, to the fineness of `steps`."""
    fine = len(steps) - 1
    filled = round(min(max(fraction, 0.0), 1.0) * width * fine)
    whole, rest = divmod(filled, fine)
    return steps[-1] * whole + (steps[rest] if rest else "")


def columns(fractions: Iterable[float], steps: str) -> str:
    """One character for each fraction (cut to 0..1), whose height shows it."""
    top = len(steps) - 1
    heights = [0 if f <= 0 else top if f >= 1 else int(f * top + 0.5) for f in fractions]
    return "".join([steps[height] for height in heights])
