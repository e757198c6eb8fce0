"""Colours and letters of the eight emotions, and the other inks of the screen."""

from dataclasses import dataclass

from rich.style import Style

from models.labels import EMOTIONS, Emotion


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How one emotion is shown.

    Attributes
    ----------
    letter : str
        Its sign where there is no colour.
    ink : Style
        Bars and large letters, on the terminal's own background.
    first, cell : Style
        A history cell at the start of a run and inside one.
    """

    letter: str
    ink: Style
    first: Style
    cell: Style


# The hues of Okabe and Ito (2008), which people with any of the common colour deficiencies tell
# apart; grey stands for their black so that it shows on a dark terminal.
_COLOURS: dict[Emotion, tuple[str, str]] = {
    Emotion.NEUTRAL: ("N", "#999999"),
    Emotion.CALM: ("C", "#56b4e9"),
    Emotion.HAPPY: ("H", "#f0e442"),
    Emotion.SAD: ("S", "#0072b2"),
    Emotion.ANGRY: ("A", "#d55e00"),
    Emotion.FEARFUL: ("F", "#cc79a7"),
    Emotion.DISGUST: ("D", "#009e73"),
    Emotion.SURPRISED: ("U", "#e69f00"),
}


def _shade(colour: str, factor: float) -> str:
    """Darken a colour `#rrggbb` by a factor in 0..1."""
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(c * factor):02x}" for c in channels)


def _look(letter: str, colour: str) -> Look:
    return Look(
        letter=letter,
        ink=Style(color=colour),
        first=Style(color="#000000", bgcolor=colour, bold=True),
        cell=Style(color=_shade(colour, 0.7), bgcolor=colour),
    )


LOOKS: dict[Emotion, Look] = {emotion: _look(*_COLOURS[emotion]) for emotion in EMOTIONS}

PLAIN = Style()
BOLD = Style(bold=True)
DIM = Style(dim=True)
ALARM = Style(color="#d55e00", bold=True)
CLIP = Style(color="#ffffff", bgcolor="#d55e00", bold=True)
METER = Style(color="#56b4e9")
