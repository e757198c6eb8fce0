"""The characters the screen is drawn with, for terminals with and without Unicode."""

from dataclasses import dataclass


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
    track, peak : str
        The empty part of a meter and its peak mark.
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
    now="▏",
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
    now="|",
    track="-",
    peak="|",
    dot=" | ",
    cut="...",
)


def glyphs_for(encoding: str) -> Glyphs:
    """Choose the set that a terminal of this encoding can show."""
    try:
        (UNICODE.across + UNICODE.up + UNICODE.half + UNICODE.cut).encode(encoding)
    except (UnicodeError, LookupError):
        return ASCII
    return UNICODE


def bar(fraction: float, width: int, steps: str) -> str:
    """Draw a bar of `fraction` (0..1) of `width` cells, to the fineness of `steps`."""
    fine = len(steps) - 1
    filled = round(min(max(fraction, 0.0), 1.0) * width * fine)
    whole, rest = divmod(filled, fine)
    return steps[-1] * whole + (steps[rest] if rest else "")


def column(fraction: float, steps: str) -> str:
    """One character whose height shows `fraction` (0..1)."""
    return steps[round(min(max(fraction, 0.0), 1.0) * (len(steps) - 1))]
