"""An evaluation as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

from models.labels import EMOTIONS
from training.cells import Cell
from training.evaluation import Evaluation
from training.judged import BOTH_CHANNELS, CLIP, FOLDER, LIVE_WINDOW_S, MODES
from training.protocols import ACTOR_DISJOINT
from training.ravdess import Channel

CELL_HEADER = (
    *("channel", "windows", "scored", "baseline", "UAR", "accuracy", "F1", "log loss"),
    *("ECE before", "ECE"),
)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; floats with three decimals."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(map(_text, row)) + " |" for row in rows]
    return "\n".join(lines)


def _text(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def report(found: Evaluation) -> str:
    """The whole report."""
    sections = [
        f"# How right the {found.kind.upper()} is",
        _introduction(found),
        *_protocol_sections(found),
        _gap_section(found.cells),
        _confusion_section(found.cells),
        _calibration_section(found),
        _maturity_section(found),
        _robustness_section(found),
        _smoothing_section(found),
        _voices_section(found),
        _non_speech_section(found),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _introduction(found: Evaluation) -> str:
    return (
        f"Bundle `{found.fingerprint}`, {found.clips} clips of {found.actors} actors. Every model "
        "but that of the sections on other voices and non-speech was trained anew by the bundle's "
        "recipe without the clips it is judged on; scaler and population are of its training part, "
        "its temperature of other folds (where a split is not by actor, of all folds by "
        "actor, among whose clips its test clips are). UAR and accuracy are means over the "
        "folds, with their standard deviation. Clips without a window of speech count as wrong."
    )


def _protocol_sections(found: Evaluation) -> Iterable[str]:
    for protocol in dict.fromkeys(cell.protocol for cell in found.cells):
        cells = [cell for cell in found.cells if cell.protocol == protocol]
        # Windows of 3 s first: they are what a newcomer sees.
        cells.sort(key=lambda cell: -cell.window_s)
        rows = [
            (
                cell.channel,
                f"{cell.window_s:g} s",
                cell.unit,
                cell.baseline,
                _spread(cell),
                sum(cell.accuracy_by_fold) / len(cell.accuracy_by_fold),
                cell.scores.f1,
                cell.scores.log_loss,
                cell.ece_before,
                cell.scores.ece,
            )
            for cell in cells
        ]
        yield f"## {protocol}\n\n{table(CELL_HEADER, rows)}"


def _spread(cell: Cell) -> str:
    if len(cell.uar_by_fold) == 1:
        return f"{cell.uar:.3f}"
    return f"{cell.uar:.3f} ± {cell.uar_sd:.3f}"


def find_cell(cells: Sequence[Cell], protocol: str, channel: str, baseline: str, unit: str) -> Cell:
    """The cell of 3 s windows with these names."""
    wanted = (protocol, channel, baseline, unit, LIVE_WINDOW_S)
    for cell in cells:
        if (cell.protocol, cell.channel, cell.baseline, cell.unit, cell.window_s) == wanted:
            return cell
    raise KeyError(wanted)


def _gap_section(cells: Sequence[Cell]) -> str:
    protocols = list(dict.fromkeys(cell.protocol for cell in cells))
    rows = []
    for channel in (Channel.SPEECH, BOTH_CHANNELS):
        for baseline in MODES:
            values = [find_cell(cells, p, channel, baseline, CLIP).uar for p in protocols]
            reference = values[protocols.index(ACTOR_DISJOINT)]
            rows.append((str(channel), baseline, *values, max(values) - reference))
    text = (
        "UAR per clip, windows of 3 s. The last column is what a protocol that lets the model "
        "hear the test speakers or sentences flatters it by."
    )
    header = ["channel", "baseline", *protocols, "gap to actor-disjoint"]
    return f"## The gap between protocols\n\n{text}\n\n{table(header, rows)}"


def _confusion_section(cells: Sequence[Cell]) -> str:
    cell = find_cell(cells, ACTOR_DISJOINT, Channel.SPEECH, FOLDER, CLIP)
    rows = [
        (f"**{emotion}**", *counts) for emotion, counts in zip(EMOTIONS, cell.counts, strict=True)
    ]
    shown = table(["acted \\ named", *EMOTIONS, "none"], rows)
    return (
        f"## Confusion\n\nActor-disjoint, clips of speech, baseline {FOLDER}.\n\n{shown}\n\n"
        "![Confusion matrices](confusion.png)"
    )


def _calibration_section(found: Evaluation) -> str:
    rows = [
        (
            f"{one.window_s:g} s",
            one.temperature_cold,
            one.temperature_known,
            one.unsure_below,
        )
        for one in found.calibration.windows
    ]
    header = ["windows", "temperature, cold", "temperature, known speaker", "unsure below"]
    coverage = table(
        ["baseline", "threshold", "windows kept", "accuracy kept", "accuracy of all"],
        [tuple(one.values()) for one in found.coverage],
    )
    return (
        f"## Calibration and abstaining\n\n{table(header, rows)}\n\n"
        "Windows of 3 s of speech, actor-disjoint, smoothed as on the screen. The threshold is the "
        "bundle's: that which keeps nine in ten of these same windows, cold and by folder "
        "together, so the share kept is no finding; the "
        f"temperatures are of other folds.\n\n{coverage}\n\n"
        "![Reliability](reliability.png)\n\n![Coverage](coverage.png)"
    )


def _maturity_section(found: Evaluation) -> str:
    lengths = sorted({point.window_s for point in found.maturity})
    counts = list(dict.fromkeys(point.clips for point in found.maturity))
    values = {(point.window_s, point.clips): point.uar for point in found.maturity}
    rows = [
        ("all" if clips < 0 else clips, *(values[length, clips] for length in lengths))
        for clips in counts
    ]
    header = ["clips known", *(f"windows of {length:g} s" for length in lengths)]
    return (
        "## How much of the speaker is known\n\n"
        "UAR of speech clips, actor-disjoint, of fewer draws of known clips than above; all: the "
        "judged clip among them, and none judged again by prototypes.\n\n"
        f"{table(header, rows)}\n\n"
        "![Maturity](maturity.png)"
    )


def _robustness_section(found: Evaluation) -> str:
    rows = [
        (one.condition, one.baseline, one.uar, one.lost, one.unanswered) for one in found.robustness
    ]
    shown = table(["condition", "baseline", "UAR", "lost", "without speech"], rows)
    return (
        "## Robustness\n\nActor-disjoint, clips of speech, windows of 3 s; the baseline is learnt "
        "under the same condition. In noise each clip has another recording, in steady noise all "
        "of a speaker's clips have one; a clip's noise is the same at every level. Noise lies that "
        "far below the loud part of a clip; by mean power, below the mean of the whole clip, "
        "pauses included, which is less noise."
        f"\n\n{shown}\n\n![Robustness](robustness.png)"
    )


def _smoothing_section(found: Evaluation) -> str:
    rows = [
        (
            f"{one.smoothing_s:g} s",
            one.accuracy,
            f"{one.flips_per_minute:.1f}",
            f"{one.delay_s:.2f} s",
            one.reached,
        )
        for one in found.smoothing
    ]
    shown = table(["time constant", "accuracy", "flips a minute", "delay", "reached"], rows)
    return (
        "## Smoothing\n\nWindows of 3 s with an adaptive baseline, over stretches of one emotion "
        "joined from clips of one unheard actor. Flips are changes of the emotion named within a "
        "stretch; the delay is the median time from a change of emotion to the first window that "
        f"names the new one, where it ever is named.\n\n{shown}"
    )


def _voices_section(found: Evaluation) -> str:
    if not found.other_voices:
        return ""
    rows = [
        (one.speaker, one.baseline, one.unit, one.scores.uar, one.scores.accuracy, one.scores.ece)
        for one in found.other_voices
    ]
    shown = table(["speaker", "baseline", "scored", "UAR", "accuracy", "ECE"], rows)
    return (
        "## Other voices\n\nThe bundle itself, among the emotions that the corpus has; windows of "
        f"3 s.\n\n{shown}"
    )


def _non_speech_section(found: Evaluation) -> str:
    rows = [
        (one.sound, one.windows, one.named / max(1, one.windows), one.unsure / max(1, one.windows))
        for one in found.non_speech
    ]
    shown = table(["sound", "windows", "share with an emotion", "share unsure"], rows)
    gate = found.gate
    return (
        f"## Non-speech\n\n{shown}\n\n"
        f"The other way round: of {gate.windows} windows of speech with at least a second of "
        f"sound, the gate took {gate.gated} ({gate.gated / max(1, gate.windows):.2%}) for silence."
        "\n\nThe gate's own start was fitted on the actors 1 to 10 of RAVDESS and on every other "
        "of 80 recordings of ESC-10: it knows those that are judged here."
    )
