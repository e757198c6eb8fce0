"""The look that all pictures share; matplotlib is loaded by the first one, without a display."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from models.errors import OutputError
from models.labels import EMOTIONS, Emotion
from realtime.dashboard.palette import LOOKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Grid = NDArray[Any]  # of matplotlib's Axes

DARK, LIGHT, GREY = "#1f4e79", "#f28e2b", "#8a8a8a"
HEAT = "cividis"
DOTS_PER_INCH = 110
_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "figure.titlesize": 12,
    "font.size": 9,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


def colour_of(emotion: Emotion) -> str:
    """Colour of an emotion as ``#rrggbb``, the one it has on the dashboard."""
    colour = LOOKS[emotion].ink.color
    return colour.name if colour is not None else GREY


@contextmanager
def picture(
    path: Path,
    rows: int = 1,
    columns: int = 1,
    *,
    size_in: tuple[float, float],
    title: str = "",
    **subplots: Any,
) -> Iterator[Grid]:
    """Draw on a grid of axes, which is written as a PNG file at the end.

    Parameters
    ----------
    path : Path
    rows, columns : int
        Shape of the grid.
    size_in : tuple of float
        Width and height in inches.
    title : str
        Above the grid.
    **subplots
        Passed to ``matplotlib.figure.Figure.subplots``.

    Yields
    ------
    ndarray of matplotlib.axes.Axes, shape (rows, columns)

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.image import imsave

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size_in, dpi=DOTS_PER_INCH, layout="constrained")
        if title:
            figure.suptitle(title)
        yield figure.subplots(rows, columns, squeeze=False, **subplots)
        # Not by savefig, which draws twice; and without the library's version inside, so that
        # equal pictures are equal files.
        canvas: Any = FigureCanvasAgg(figure)
        no_version: Any = {"Software": None}
        canvas.draw()
        try:
            imsave(path, canvas.buffer_rgba(), metadata=no_version)
        except OSError as error:
            raise OutputError(
                f"The picture {path} cannot be written ({error.strerror}): name another folder."
            ) from error


@contextmanager
def emotion_grid(
    path: Path, *, title: str, **subplots: Any
) -> Iterator[tuple[Grid, dict[Emotion, "Axes"]]]:
    """Draw one panel per emotion, two rows of four, titled; parameters as of `picture`.

    Yields
    ------
    tuple
        The grid of axes, and the axes by emotion.
    """
    with picture(path, 2, 4, size_in=(13, 6), title=title, **subplots) as grid:
        panels = dict(zip(EMOTIONS, grid.flat, strict=True))
        for emotion, axes in panels.items():
            axes.set_title(emotion)
        yield grid, panels


def label_outer(grid: Grid, x_label: str, y_label: str) -> None:
    """Name the axes once, at the left and lower edge of a grid."""
    for axes in grid[-1]:
        axes.set_xlabel(x_label)
    for axes in grid[:, 0]:
        axes.set_ylabel(y_label)
