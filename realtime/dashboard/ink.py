"""All that the dashboard needs of rich: styled text, its width, and the codes of this terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from rich.cells import cell_len, set_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

__all__ = ["Painter", "Segment", "Sixteen", "Style", "cell_len", "set_cell_size"]

_COLOUR_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}
_FEW = (ColorSystem.STANDARD, ColorSystem.WINDOWS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sixteen:
    """What stands for a colour `#rrggbb` on a terminal of sixteen colours, by their names in rich.

    Attributes
    ----------
    inks, grounds : mapping of str to str
        For letters, and behind them.
    """

    inks: Mapping[str, str]
    grounds: Mapping[str, str]

    def of(self, style: Style) -> Style:
        """Give a style in these colours."""
        ink, ground = style.color, style.bgcolor
        return style + Style(
            color=self.inks[ink.name] if ink else None,
            bgcolor=self.grounds[ground.name] if ground else None,
        )


class Painter:
    """Turns styled text into what one terminal understands.

    How many colours that are, and whether any are wanted (``NO_COLOR``), is found by rich.

    Parameters
    ----------
    file : IO
        The stream of the terminal.
    sixteen : Sixteen
        For a terminal that has no more colours.
    """

    def __init__(self, file: IO[str], sixteen: Sixteen) -> None:
        console = Console(file=file)
        self.encoding: str = console.encoding
        self._system = _COLOUR_SYSTEMS.get(console.color_system or "")
        self._coloured = not console.no_color
        self._sixteen = sixteen if self._system in _FEW else None
        self._codes: dict[Style, tuple[str, str]] = {}

    def paint(self, line: list[Segment]) -> str:
        """Write a line with its escape codes."""
        return "".join(
            before + text + after
            for text, style, _ in line
            for before, after in [self._around(style)]
        )

    def _around(self, style: Style | None) -> tuple[str, str]:
        """Give the codes before and after a text of this style."""
        if style is None:
            return "", ""
        if style not in self._codes:
            seen = style if self._coloured else style.without_color
            if self._sixteen is not None:
                seen = self._sixteen.of(seen)
            before, _, after = seen.render("\0", color_system=self._system).partition("\0")
            self._codes[style] = before, after
        return self._codes[style]
