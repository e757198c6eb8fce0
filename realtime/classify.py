"""The `classify` command: recordings in, one row per file out."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.errors import AudioError, UsageError
from models.filter_banks import FilterBanks
from models.labels import EMOTIONS
from realtime.classify_output import FileResult, Output
from realtime.config import config_path
from realtime.ending_signals import EndingSignals
from realtime.judge import Judge
from realtime.log import private_file
from realtime.messages import tell
from realtime.options import merged_settings, open_model
from realtime.own_words import only_own_words
from realtime.pooling import Pool
from realtime.processes import Processes, usable_cores
from realtime.progress import Progress
from realtime.prototypes import refined
from realtime.recording import Recording, analyse, spool_folder
from realtime.sound_files import find_sound_files

BASELINES = ("off", "file", "folder")
Probabilities = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """One file's windows, or why there are none, or not all."""

    path: Path
    recording: Recording | None
    error: str = ""


def classify(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code is 1 if any file could not be read to its end."""
    mode = arguments.baseline or "off"
    if mode not in BASELINES:
        raise UsageError(
            f"--baseline {mode} is not for recordings: choose one of {', '.join(BASELINES)}."
        )
    arguments.baseline = None
    settings = merged_settings(arguments)
    model = open_model(settings)
    judge = Judge(model.bundle, settings.window_s, settings.hop_s)
    found = find_sound_files(arguments.paths)
    files = _by_speaker(found.files, mode)
    private_file.spare([*files, config_path(arguments.config)], arguments.csv)
    failed = 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(EndingSignals())
        folder = stack.enter_context(spool_folder())
        work = partial(
            _analysed,
            banks=model.bundle.banks,
            window_s=settings.window_s,
            hop_s=settings.hop_s,
            folder=folder,
        )
        analyses = _analyses(work, files, arguments.jobs, folder, stack)
        # After the processes, which fork only as long as there is no other thread.
        stack.enter_context(only_own_words(None))
        output = stack.enter_context(
            Output(arguments.csv, as_json=arguments.json, overwrite=arguments.overwrite)
        )
        progress = stack.enter_context(Progress(len(files), sys.stderr))
        for result in _results(analyses, judge, mode):
            output.write(result)
            progress.advance()
            failed += bool(result.error)
    for sentence in found.left_out():
        tell(sentence)
    if failed:
        tell(
            f"{failed} of {len(files)} files could not be read, or not to the end: "
            "see `error` in their rows."
        )
    return 1 if failed else 0


def _analyses(
    work: Callable[[Path], Analysis],
    files: Sequence[Path],
    jobs: int | None,
    folder: Path,
    stack: contextlib.ExitStack,
) -> Iterator[Analysis]:
    """Analyse the files in order, in this process or in several that end with the stack."""
    count = min(jobs or usable_cores(), len(files))
    if count == 1:
        return map(work, files)
    return stack.enter_context(Processes(count, work, folder)).answers(files)


def _analysed(
    path: Path, *, banks: FilterBanks, window_s: float, hop_s: float, folder: Path
) -> Analysis:
    try:
        recording = analyse(path, banks, window_s=window_s, hop_s=hop_s, folder=folder)
    except AudioError as error:
        return Analysis(path=path, recording=None, error=str(error))
    except OSError as error:
        why = f"{path} needs more room in {folder.parent} ({private_file.reason(error)})"
        remedy = "make some, or name another folder with TMPDIR."
        return Analysis(path=path, recording=None, error=f"{why}: {remedy}")
    return Analysis(path=path, recording=recording, error=recording.error)


def _results(analyses: Iterable[Analysis], judge: Judge, mode: str) -> Iterator[FileResult]:
    """Judge files one by one, or folder by folder."""
    for _, group in groupby(analyses, key=lambda analysis: _speaker_key(analysis.path, mode)):
        members = list(group)
        shared = _baseline(members, judge) if mode == "folder" else None
        pools = [
            _pooled(one.recording, judge, _own_baseline(one, judge, mode, shared))
            for one in members
        ]
        found = [pool.result() for pool in pools]
        if shared is not None:
            found = _refined(found, pools)
        for analysis, probabilities in zip(members, found, strict=True):
            yield _result(analysis, probabilities)


def _by_speaker(files: Iterable[Path], mode: str) -> list[Path]:
    """Bring the files of each speaker together, speakers in the order of their first file."""
    speakers: dict[Path, list[Path]] = {}
    for path in files:
        speakers.setdefault(_speaker_key(path, mode), []).append(path)
    return [path for members in speakers.values() for path in members]


def _speaker_key(path: Path, mode: str) -> Path:
    return path.parent.resolve() if mode == "folder" else path


def _own_baseline(
    analysis: Analysis, judge: Judge, mode: str, shared: SpeakerBaseline | None
) -> SpeakerBaseline:
    if shared is not None:
        return shared
    return _baseline([analysis], judge) if mode == "file" else SpeakerBaseline()


def _baseline(analyses: Iterable[Analysis], judge: Judge) -> SpeakerBaseline:
    """Learn a speaker from all windows of these files, then what is answered to them."""
    recordings = [one.recording for one in analyses if one.recording is not None]
    baseline = SpeakerBaseline()
    for levelled, evidence in _evidence(recordings, judge):
        for vector, weight in zip(levelled, evidence, strict=True):
            baseline.update(vector, weight)
    for levelled, evidence in _evidence(recordings, judge):
        if weight := sum(evidence):
            logits = judge.logits(levelled, baseline)
            baseline.leaning.update(np.average(logits, axis=0, weights=evidence), weight)
    return baseline


def _evidence(
    recordings: Iterable[Recording], judge: Judge
) -> Iterator[tuple[NDArray[np.float64], list[float]]]:
    for recording in recordings:
        for vectors, active_frames in recording.windows():
            evidence = [judge.evidence(frames) for frames in active_frames.tolist()]
            yield judge.preprocessing.levelled(vectors), evidence


def _pooled(recording: Recording | None, judge: Judge, baseline: SpeakerBaseline) -> Pool:
    """Judge the windows of one recording, which is not needed any more after that."""
    pool = Pool()
    if recording is None:
        return pool
    try:
        for vectors, active_frames in recording.windows():
            logits, hidden = judge.heard(judge.preprocessing.levelled(vectors), baseline)
            probabilities = judge.probabilities(logits, baseline)
            pool.add(probabilities, active_frames, hidden)
    finally:
        recording.discard()
    return pool


def _refined(found: list[Probabilities | None], pools: list[Pool]) -> list[Probabilities | None]:
    """Judge the recordings of one folder again by what each emotion is like among them."""
    heard = [place for place, probabilities in enumerate(found) if probabilities is not None]
    if not heard:
        return found
    again = refined(
        np.array([found[place] for place in heard]),
        np.array([pools[place].mean_hidden() for place in heard]),
    )
    better = dict(zip(heard, again, strict=True))
    return [better.get(place) for place in range(len(found))]


def _result(analysis: Analysis, probabilities: Probabilities | None) -> FileResult:
    recording = analysis.recording
    if recording is None:
        return FileResult(file=analysis.path, error=analysis.error)
    best = None if probabilities is None else int(probabilities.argmax())
    return FileResult(
        file=analysis.path,
        duration_s=recording.duration_s,
        speech_s=recording.speech_s,
        windows=recording.rows,
        emotion=None if best is None else EMOTIONS[best],
        probabilities=None if probabilities is None else tuple(probabilities.tolist()),
        error=analysis.error,
    )
