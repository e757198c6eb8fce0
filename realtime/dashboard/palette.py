"""Colours and letters of the eight emotions, and the other inks of the screen."""

from dataclasses import dataclass

from models.labels import EMOTIONS, Emotion
from realtime.dashboard.ink import Sixteen, Style


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
        A history cell at the start of a run and inside one; `first` also marks its bar.
    """

    letter: str
    ink: Style
    first: Style
    cell: Style


# Found by search around the hues of Okabe and Ito (2008): at least 22 apart in CIELAB, for normal
# sight and for total protanopia, deuteranopia and tritanopia alike (model of Machado et al. 2009;
# the original hues come as close as 7), with contrast 2 on white and 3 on black at least.
_COLOURS: dict[Emotion, tuple[str, str]] = {
    Emotion.NEUTRAL: ("N", "#acacac"),
    Emotion.CALM: ("C", "#4ec2fc"),
    Emotion.HAPPY: ("H", "#dfb100"),
    Emotion.SAD: ("S", "#4c62ba"),
    Emotion.ANGRY: ("A", "#bd3631"),
    Emotion.FEARFUL: ("F", "#ab6aa3"),
    Emotion.DISGUST: ("D", "#229a61"),
    Emotion.SURPRISED: ("U", "#bb7200"),
}

# Where a terminal has but sixteen colours, its own: the nearest to those above would be one yellow
# for three emotions. Ink of bars and words, and ground of cells; no white words on white.
_OF_SIXTEEN: dict[Emotion, tuple[str, str]] = {
    Emotion.NEUTRAL: ("default", "white"),
    Emotion.CALM: ("cyan", "cyan"),
    Emotion.HAPPY: ("yellow", "yellow"),
    Emotion.SAD: ("bright_blue", "bright_blue"),
    Emotion.ANGRY: ("red", "red"),
    Emotion.FEARFUL: ("magenta", "magenta"),
    Emotion.DISGUST: ("green", "green"),
    Emotion.SURPRISED: ("bright_red", "bright_red"),
}
_BLACK, _WHITE = "#000000", "#ffffff"
_SHADE = 0.65


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _shade(colour: str, factor: float) -> str:
    """Darken a colour `#rrggbb` by a factor in 0..1."""
    return "#" + "".join(f"{round(c * factor):02x}" for c in _channels(colour))


def _legible_on(colour: str) -> str:
    """Choose black or white letters; the weights are those of luma in ITU-R BT.601."""
    red, green, blue = _channels(colour)
    return _BLACK if 0.299 * red + 0.587 * green + 0.114 * blue > 115 else _WHITE


def _look(letter: str, colour: str) -> Look:
    return Look(
        letter=letter,
        ink=Style(color=colour),
        first=Style(color=_legible_on(colour), bgcolor=colour, bold=True),
        cell=Style(color=_shade(colour, _SHADE), bgcolor=colour),
    )


LOOKS: dict[Emotion, Look] = {emotion: _look(*_COLOURS[emotion]) for emotion in EMOTIONS}


def _sixteen() -> Sixteen:
    inks, grounds = {_BLACK: "black", _WHITE: "bright_white"}, {}
    for emotion, (_, colour) in _COLOURS.items():
        inks[_shade(colour, _SHADE)] = inks[_legible_on(colour)]
        inks[colour], grounds[colour] = _OF_SIXTEEN[emotion]
    return Sixteen(inks=inks, grounds=grounds)


SIXTEEN = _sixteen()

PLAIN = Style()
BOLD = Style(bold=True)
DIM = Style(dim=True)
ALARM = Style(color="#bd3631", bold=True)
CLIP = Style(color=_WHITE, bgcolor="#bd3631", bold=True)
