"""The `evaluate` command: a bundle's recipe refitted and judged by every protocol."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.bundle import JSON_NAME, Bundle, load_bundle
from models.calibration import Calibration
from models.errors import BundleError, DataError
from realtime.messages import tell
from training.cells import Cell, cells_of
from training.config import settings_of_bundle
from training.corpus import Corpus, load_corpus, training_noise
from training.evaluation import Evaluation
from training.evaluation_pictures import (
    draw_confusion,
    draw_coverage,
    draw_curves,
    draw_maturity,
    draw_reliability,
    draw_robustness,
)
from training.gate_recall import gate_recall
from training.judged import (
    CLIP,
    COLD,
    FOLDER,
    LIVE_WINDOW_S,
    MODES,
    WINDOW,
    Judged,
    channel_clips,
    judged_parts,
    together,
)
from training.maturity import maturity_curve
from training.metrics import coverage_curve
from training.non_speech import NonSpeech, judge_non_speech
from training.other_voices import OtherVoices, judge_other_voices
from training.output_folder import REPORT, check_writable, writing_to
from training.protocols import (
    ACTOR_DISJOINT,
    ActorFolds,
    Protocol,
    Trainer,
)
from training.ravdess import Channel
from training.report import find_cell, report
from training.robustness import robustness
from training.smoothing_trial import smoothing_trial

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where an evaluation reads and writes.

    Attributes
    ----------
    data_dir, report_dir : Path
    other_voices_dir, noise_dir, cache_dir : Path or None
    jobs : int
    """

    data_dir: Path
    report_dir: Path
    other_voices_dir: Path | None = None
    noise_dir: Path | None = None
    cache_dir: Path | None = None
    jobs: int = -1


def bundles_in(folder: Path) -> list[Path]:
    """The folder itself if it is a bundle, else the bundles in it.

    Raises
    ------
    BundleError
        If there is none, or one cannot be used, or two are of one kind and share a report.
    """
    if (folder / JSON_NAME).exists():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{JSON_NAME}"))
    if not found:
        raise BundleError(
            f"There is no model in {folder}: name a folder made by `python -m training fit`."
        )
    kinds: dict[str, Path] = {}
    for path in found:
        first = kinds.setdefault(load_bundle(path).kind, path)
        if first != path:
            raise BundleError(
                f"{first} and {path} hold models of one kind, whose reports would replace each "
                "other: name one of them with --bundle, and another --report for each."
            )
    return found


def evaluate(folder: Path, places: Places, *, say: Say) -> Path:
    """Judge one bundle and write evaluation.json, evaluation.md and the pictures.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    BundleError, DataError, AudioError, OutputError
        If the bundle, the corpus or a folder cannot be used.
    """
    bundle = load_bundle(folder)
    settings = settings_of_bundle(bundle)
    copies = settings.recipe.copies(training_noise(bundle, places.noise_dir))
    report_dir = places.report_dir / bundle.kind
    check_writable(report_dir, *REPORT)
    say(f"{bundle.kind}: other voices, non-speech")
    of_bundle = _of_bundle(bundle, places, settings.seed)
    corpus = load_corpus(places.data_dir, copies, cache_dir=places.cache_dir, jobs=places.jobs)
    if not channel_clips(corpus, Channel.SPEECH).size:
        raise DataError(
            f"{places.data_dir} holds song only: a model is judged by speech; add clips of it."
        )
    if corpus.origin.index_sha256 != bundle.card["origin"].get("index_sha256"):
        tell(
            f"The {bundle.kind} model was trained on other clips than these: but for other voices "
            "and non-speech, its recipe is judged, and not itself."
        )
    trainer = Trainer(kind=bundle.kind, corpus=corpus, settings=settings, say=say)
    trainer.check_splits(statements=True)
    folds = trainer.actor_folds()
    found, judged = _evaluation(bundle, trainer, folds, places, of_bundle)
    _draw(report_dir, found, judged, folds.protocol)
    with writing_to(report_dir, *REPORT):
        path = report_dir / "evaluation.md"
        path.write_text(report(found), encoding="utf-8")
        text = json.dumps(found.as_json(), indent=1)
        (report_dir / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _OfBundle:
    """What the bundle itself is judged on, which needs no training and tells of bad files early."""

    other_voices: tuple[OtherVoices, ...]
    non_speech: tuple[NonSpeech, ...]


def _of_bundle(bundle: Bundle, places: Places, seed: int) -> _OfBundle:
    voices: Iterable[OtherVoices] = ()
    if places.other_voices_dir is not None:
        voices = judge_other_voices(
            bundle,
            places.other_voices_dir,
            cache_dir=places.cache_dir,
            jobs=places.jobs,
            seed=seed,
        )
    return _OfBundle(
        other_voices=tuple(voices),
        non_speech=tuple(judge_non_speech(bundle, places.noise_dir, seed=seed)),
    )


def _evaluation(
    bundle: Bundle, trainer: Trainer, folds: ActorFolds, places: Places, of_bundle: _OfBundle
) -> tuple[Evaluation, dict[str, Judged]]:
    """All figures, and the windows that some of the pictures are drawn from."""
    corpus, seed = trainer.corpus, trainer.settings.seed
    protocols = [
        folds.protocol,
        trainer.random(folds.calibration),
        trainer.statements(folds.calibration),
    ]
    trainer.say(f"{bundle.kind}: scores")
    cells = [cell for protocol in protocols for cell in cells_of(protocol, corpus, seed=seed)]
    judged = _judged_windows(folds.protocol, corpus, seed)
    speech = channel_clips(corpus, Channel.SPEECH)
    trainer.say(f"{bundle.kind}: robustness")
    found = Evaluation(
        kind=bundle.kind,
        fingerprint=bundle.fingerprint,
        clips=len(corpus.clips),
        actors=len(corpus.actors),
        cells=tuple(cells),
        calibration=bundle.calibration,
        coverage=tuple(_coverage(judged, _threshold(bundle.calibration))),
        maturity=tuple(maturity_curve(folds.protocol, corpus, seed=seed)),
        smoothing=tuple(smoothing_trial(folds.protocol, corpus, seed=seed)),
        robustness=tuple(
            robustness(
                folds.protocol,
                corpus,
                noise_dir=places.noise_dir,
                cache_dir=places.cache_dir,
                jobs=places.jobs,
                seed=seed,
            )
        ),
        other_voices=of_bundle.other_voices,
        non_speech=of_bundle.non_speech,
        gate=gate_recall([corpus.clips[i] for i in speech], jobs=places.jobs),
    )
    return found, judged


def _threshold(calibration: Calibration) -> float:
    return calibration.for_window(LIVE_WINDOW_S).unsure_below


def _judged_windows(protocol: Protocol, corpus: Corpus, seed: int) -> dict[str, Judged]:
    """Windows of 3 s of speech by unheard actors, with each kind of baseline."""
    speech = channel_clips(corpus, Channel.SPEECH)
    found = {}
    for baseline, mode in MODES.items():
        parts = judged_parts(
            protocol, corpus.table, speech, window_s=LIVE_WINDOW_S, mode=mode, seed=seed
        )
        found[baseline] = together([part[WINDOW] for part in parts])
    return found


def _coverage(judged: dict[str, Judged], threshold: float) -> list[dict[str, float | str]]:
    lines: list[dict[str, float | str]] = []
    for baseline, one in judged.items():
        thresholds, coverage, accuracy = coverage_curve(one.shown, one.labels)
        here = int(np.abs(thresholds - threshold).argmin())
        lines.append(
            {
                "baseline": baseline,
                "threshold": threshold,
                "kept": float(coverage[here]),
                "accuracy_kept": float(accuracy[here]),
                "accuracy_all": float(accuracy[0]),
            }
        )
    return lines


def _draw(
    report_dir: Path, found: Evaluation, judged: dict[str, Judged], protocol: Protocol
) -> None:
    shown: list[Cell] = [
        find_cell(found.cells, ACTOR_DISJOINT, Channel.SPEECH, baseline, CLIP)
        for baseline in (COLD, FOLDER)
    ]
    draw_confusion(report_dir / "confusion.png", shown)
    draw_reliability(report_dir / "reliability.png", judged[COLD])
    draw_coverage(report_dir / "coverage.png", judged, _threshold(found.calibration))
    draw_maturity(report_dir / "maturity.png", found.maturity)
    draw_robustness(report_dir / "robustness.png", found.robustness)
    draw_curves(report_dir / "curves.png", protocol.parts[0].curves)
