"""Pictures of a corpus: class counts, and what the features look like by emotion."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.feature_table import GROUPS, SPANS, FeatureGroup
from models.frames import decibels
from models.labels import EMOTIONS
from training.plots import DARK, GREY, LIGHT, colour_of, emotion_grid, label_outer, picture
from training.ravdess import Channel, Clip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Vectors = NDArray[np.float32]
Values = NDArray[np.float64]
PITCH_CLASSES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
# Of each group: one figure that stands for it, the axis of its features, and their unit.
# MFCC 0 is the level and would hide the other 39, so it is left out.
_SUMMARIES = {
    "mfcc": "spread of MFCC 1–39 (dB)",
    "chroma": "mean of 12 pitch classes",
    "mel": "mean of 128 mel bands (dB)",
    "contrast": "mean of 7 octave bands (dB)",
    "tonnetz": "length of tonnetz vector",
}
_AXES = {
    "mfcc": ("coefficient (0, the level, left out)", "dB"),
    "chroma": ("pitch class", "share of largest"),
    "mel": ("mel band", "dB"),
    "contrast": ("octave band", "dB"),
    "tonnetz": ("tonal dimension", "coordinate"),
}


def in_decibels(vectors: Vectors) -> Values:
    """Vectors, shape (n, 193), with the mel block, a power, in decibels as MFCC and contrast."""
    out = vectors.astype(np.float64)
    out[:, SPANS["mel"]] = decibels(out[:, SPANS["mel"]])
    return out


def shown_features(group: FeatureGroup) -> slice:
    """Positions of the features of a group that are drawn."""
    return slice(group.start + (group.name == "mfcc"), group.start + group.size)


def summary_of(group: FeatureGroup, vectors: Vectors) -> Values:
    """One figure per vector that stands for a group, shape (n,).

    The mean of chroma, mel (dB) and contrast; the standard deviation of MFCC 1 to 39, which is
    the depth of the spectral envelope; the length of the tonnetz vector.
    """
    block = in_decibels(vectors)[:, shown_features(group)]
    if group.name == "mfcc":
        return np.asarray(block.std(axis=1))
    if group.name == "tonnetz":
        return np.asarray(np.linalg.norm(block, axis=1))
    return np.asarray(block.mean(axis=1))


def draw_counts(counts: Any, path: Path) -> None:
    """Draw bars of the class counts: a row per part of the split, a column per breakdown.

    Parameters
    ----------
    counts : pandas.DataFrame
        As of `training.explore.class_counts`.
    path : Path
    """
    parts, breakdowns = counts["part"].unique(), counts["by"].unique()
    title = "Clips by emotion, before and after the random split"
    shape = len(parts), len(breakdowns)
    with picture(path, *shape, size_in=(13, 7.5), title=title, sharey="row") as grid:
        for (row, column), axes in np.ndenumerate(grid):
            part, by = parts[row], breakdowns[column]
            chosen = counts[(counts["part"] == part) & (counts["by"] == by)]
            table = chosen.pivot(index="emotion", columns="value", values="clips")
            _bars(axes, table[chosen["value"].unique()])
            axes.set_title(f"{part}, by {by}")
        label_outer(grid, "", "clips")


def draw_profiles(group: FeatureGroup, clips: Sequence[Clip], vectors: Vectors, path: Path) -> None:
    """Draw how each emotion differs from the median of all: median and middle 80 % of its clips.

    Spoken clips, because song lacks two emotions; the sung ones if there are no others.

    Parameters
    ----------
    group : FeatureGroup
    clips : sequence of Clip
    vectors : ndarray, shape (n, 193)
    path : Path
    """
    channel = next(c for c in Channel if len(_rows(clips, vectors, channel=c)))
    what, unit = _AXES[group.name]
    span = shown_features(group)
    values = in_decibels(vectors)[:, span]
    values -= np.median(values[_rows(clips, vectors, channel=channel)], axis=0)
    places = np.arange(span.start, span.stop) - group.start
    title = (
        f"{group.name} by emotion, {channel}: difference from the median of all clips "
        "(line: median, band: middle 80 %)"
    )
    with emotion_grid(path, title=title, sharex=True, sharey=True) as (grid, panels):
        for emotion, axes in panels.items():
            mine = values[_rows(clips, vectors, emotion=emotion, channel=channel)]
            axes.axhline(0, color="black", lw=0.8)
            axes.set_title(f"{emotion} ({len(mine)} clips)")
            if len(mine):
                low, middle, high = np.quantile(mine, (0.1, 0.5, 0.9), axis=0)
                axes.fill_between(places, low, high, color=colour_of(emotion), alpha=0.35, lw=0)
                axes.plot(places, middle, color=colour_of(emotion), lw=2)
            if group.name == "chroma":
                axes.set_xticks(places, PITCH_CLASSES)
        label_outer(grid, what, f"difference ({unit})")


def draw_summaries(clips: Sequence[Clip], vectors: Vectors, path: Path) -> None:
    """Draw box plots of each group's summary by emotion, speech above song.

    Parameters
    ----------
    clips : sequence of Clip
    vectors : ndarray, shape (n, 193)
    path : Path
    """
    title = "The five feature groups by emotion: median, quartiles, whiskers at 5 and 95 %"
    summaries = {group.name: summary_of(group, vectors) for group in GROUPS}
    shape = len(Channel), len(GROUPS)
    with picture(path, *shape, size_in=(15, 7), title=title, sharex="col", sharey=True) as grid:
        for channel, row in zip(Channel, grid, strict=True):
            for group, axes in zip(GROUPS, row, strict=True):
                by_emotion = {
                    emotion: summaries[group.name][
                        _rows(clips, vectors, emotion=emotion, channel=channel)
                    ]
                    for emotion in EMOTIONS
                }
                _boxes(axes, by_emotion)
                axes.set_title(f"{group.name}, {channel}")
        for group, axes in zip(GROUPS, grid[-1], strict=True):
            axes.set_xlabel(_SUMMARIES[group.name])


def _rows(clips: Sequence[Clip], vectors: Vectors, **wanted: str) -> NDArray[np.intp]:
    heard = np.isfinite(vectors).all(axis=1)
    matches = [all(getattr(clip, key) == value for key, value in wanted.items()) for clip in clips]
    return np.flatnonzero(heard & np.array(matches))


def _bars(axes: "Axes", table: Any) -> None:
    width = 0.8 / len(table.columns)
    places = np.arange(len(table.index))
    for i, (value, colour) in enumerate(zip(table.columns, (DARK, LIGHT), strict=False)):
        axes.bar(places + i * width, table[value], width, color=colour, label=value, align="edge")
    axes.set_xticks(places + 0.4, table.index, rotation=30, ha="right", rotation_mode="anchor")
    axes.grid(visible=False, axis="x")
    axes.margins(y=0.3)
    axes.legend(ncols=2, loc="upper left")


def _boxes(axes: "Axes", by_emotion: Mapping[Any, Values]) -> None:
    for place, (emotion, values) in enumerate(by_emotion.items()):
        if len(values):
            axes.boxplot(
                values,
                positions=[place],
                orientation="horizontal",
                widths=0.65,
                whis=(5, 95),
                showfliers=False,
                patch_artist=True,
                boxprops={"facecolor": colour_of(emotion), "edgecolor": GREY},
                medianprops={"color": "black"},
                whiskerprops={"color": GREY},
                capprops={"color": GREY},
            )
    axes.set_yticks(range(len(by_emotion)), list(by_emotion))
    axes.set_ylim(len(by_emotion) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
