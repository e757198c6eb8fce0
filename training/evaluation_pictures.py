"""The pictures of an evaluation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.labels import EMOTIONS
from training.cells import Cell
from training.fitted import Curves
from training.judged import MODES, Judged
from training.maturity import ALL_CLIPS, MaturityPoint
from training.metrics import coverage_curve, reliability
from training.plots import DARK, GREY, HEAT, LIGHT, picture
from training.robustness import Robustness

COLOURS = (DARK, LIGHT, "#59a14f")


def draw_confusion(path: Path, cells: Sequence[Cell]) -> None:
    """One matrix of recalls per cell, side by side."""
    names = [*EMOTIONS, "none"]
    with picture(path, 1, len(cells), size_in=(5.6 * len(cells), 5.2)) as grid:
        for axes, cell in zip(grid[0], cells, strict=True):
            shares = cell.counts / np.maximum(cell.counts.sum(axis=1, keepdims=True), 1)
            axes.imshow(shares, cmap=HEAT, vmin=0, vmax=1)
            axes.grid(visible=False)
            axes.set_title(f"{cell.protocol}, {cell.channel}, {cell.baseline}: UAR {cell.uar:.2f}")
            axes.set_xticks(range(len(names)), names, rotation=60)
            axes.set_yticks(range(len(EMOTIONS)), EMOTIONS)
            axes.set_xlabel("named")
            axes.set_ylabel("acted")
            for (row, column), share in np.ndenumerate(shares):
                colour = "black" if share > 0.6 else "white"
                axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour)


def draw_reliability(path: Path, judged: Judged) -> None:
    """Accuracy against confidence, before and after calibration."""
    with picture(path, 1, 2, size_in=(9, 4.4), sharey=True) as grid:
        for axes, name, probabilities in (
            (grid[0, 0], "before calibration", judged.uncalibrated),
            (grid[0, 1], "after calibration", judged.probabilities),
        ):
            confidence, accuracy, share = reliability(probabilities, judged.labels)
            axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
            axes.bar(confidence, share, width=0.03, color=LIGHT, label="share of windows")
            axes.plot(confidence, accuracy, "o-", color=DARK, label="accuracy")
            axes.set_title(name)
            axes.set_xlabel("confidence")
            axes.legend()


def draw_coverage(path: Path, judged: dict[str, Judged], unsure_below: float) -> None:
    """Accuracy of the windows that are kept, against their share, for each baseline."""
    with picture(path, size_in=(6.4, 4.4)) as grid:
        axes = grid[0, 0]
        for colour, (name, one) in zip(COLOURS, judged.items(), strict=False):
            thresholds, coverage, accuracy = coverage_curve(one.shown, one.labels)
            enough = coverage > 0.01
            axes.plot(coverage[enough], accuracy[enough], color=colour, label=name)
            here = int(np.abs(thresholds - unsure_below).argmin())
            axes.plot(coverage[here], accuracy[here], "o", color=colour)
        axes.set_xlabel(f"share of windows kept (dot: threshold {unsure_below:.2f})")
        axes.set_ylabel("accuracy of those")
        axes.legend()


def draw_maturity(path: Path, points: Sequence[MaturityPoint]) -> None:
    """UAR against the number of clips known, one line per length of window."""
    with picture(path, size_in=(6.8, 4.4)) as grid:
        axes = grid[0, 0]
        lengths = sorted({point.window_s for point in points})
        for colour, length in zip(COLOURS, lengths, strict=False):
            line = [point for point in points if point.window_s == length]
            axes.plot([p.uar for p in line], "o-", color=colour, label=f"windows of {length:g} s")
            names = ["all" if p.clips == ALL_CLIPS else str(p.clips) for p in line]
            axes.set_xticks(range(len(line)), names)
        axes.set_xlabel("clips of the speaker known beforehand")
        axes.set_ylabel("UAR of speech clips, unheard actors")
        axes.legend()


def draw_robustness(path: Path, found: Sequence[Robustness]) -> None:
    """UAR under each condition, one bar per baseline."""
    names = list(dict.fromkeys(one.condition for one in found))
    with picture(path, size_in=(11, 4.8)) as grid:
        axes = grid[0, 0]
        for i, (colour, baseline) in enumerate(zip(COLOURS, MODES, strict=True)):
            values = [one.uar for one in found if one.baseline == baseline]
            axes.bar(
                np.arange(len(names)) + 0.27 * (i - 1), values, 0.25, color=colour, label=baseline
            )
        axes.set_xticks(range(len(names)), names, rotation=35, ha="right")
        axes.set_ylabel("UAR of speech clips, unheard actors")
        # Above the bars, which are all about as high.
        axes.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1))


def draw_curves(path: Path, curves: Curves) -> None:
    """Loss on the training rows and on unheard actors, and accuracy on the latter, by epoch."""
    epochs = curves.block_epochs * np.arange(1, len(curves.loss) + 1)
    with picture(path, 1, 2, size_in=(9, 3.8)) as grid:
        losses, accuracy = grid[0]
        losses.plot(epochs, curves.loss, color=DARK, label="training rows (augmented)")
        losses.plot(epochs, curves.held_out_loss, color=LIGHT, label="clips of unheard actors")
        losses.set_ylabel("loss, nats")
        losses.legend()
        accuracy.plot(epochs, curves.held_out_accuracy, color=LIGHT)
        accuracy.set_ylabel("accuracy on clips of unheard actors")
        for axes in grid[0]:
            axes.set_xlabel("epoch")
