"""A bundle judged on voices of other languages and microphones, which it was never trained on."""

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.bundle import Bundle
from models.errors import DataError
from models.labels import EMOTIONS
from training.augment import AS_IT_IS
from training.corpus import vectors_with_progress
from training.judge import Judge
from training.judged import CLIP, LIVE_WINDOW_S, MODES, WINDOW, Judged, judged_part
from training.metrics import NONE_NAMED, Scores, named, scores
from training.table import Table, make_table

LABELS_NAME = "labels.csv"
COLUMNS = ("file", "speaker", "emotion")
ALL_SPEAKERS = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """One labelled recording."""

    path: Path
    speaker: str
    emotion: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherVoices:
    """The figures of one speaker, or of all, with one kind of baseline.

    Attributes
    ----------
    speaker, baseline, unit : str
    scores : Scores
        Among the emotions that the corpus has: the others' probabilities are left out.
    """

    speaker: str
    baseline: str
    unit: str
    scores: Scores

    def as_json(self) -> dict[str, object]:
        """Plain data."""
        return asdict(self)


def read_labels(folder: Path) -> list[Voice]:
    """The recordings listed in a folder's labels.csv (columns file, speaker, emotion).

    Raises
    ------
    DataError
        If the table is missing, lacks a column, or names an unknown emotion.
    """
    path = folder / LABELS_NAME
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read ({error}): "
            f"put a table with the columns {', '.join(COLUMNS)} there."
        ) from error
    if not rows or any(row.get(name) is None for row in rows for name in COLUMNS):
        raise DataError(
            f"{path} holds no full table: one row per recording with the columns "
            f"{', '.join(COLUMNS)} was needed."
        )
    for row in rows:
        if row["emotion"] not in set(EMOTIONS):
            raise DataError(
                f"{path} names the emotion {row['emotion']!r}: use one of {', '.join(EMOTIONS)}."
            )
    return [
        Voice(path=folder / row["file"], speaker=row["speaker"], emotion=row["emotion"])
        for row in rows
    ]


def voices_table(
    voices: list[Voice], *, cache_dir: Path | None, jobs: int
) -> tuple[Table, tuple[str, ...]]:
    """Rows of the recordings, and the speakers' names by number."""
    speakers = tuple(sorted({voice.speaker for voice in voices}))
    vectors = vectors_with_progress(
        [voice.path for voice in voices], (AS_IT_IS,), cache_dir=cache_dir, jobs=jobs
    )
    index = {str(emotion): i for i, emotion in enumerate(EMOTIONS)}
    table = make_table(
        vectors,
        np.array([index[voice.emotion] for voice in voices], np.int64),
        np.array([speakers.index(voice.speaker) for voice in voices], np.int64),
    )
    return table, speakers


def judge_other_voices(
    bundle: Bundle, folder: Path, *, cache_dir: Path | None, jobs: int, seed: int
) -> Iterator[OtherVoices]:
    """Judge all speakers together, then one by one."""
    table, speakers = voices_table(read_labels(folder), cache_dir=cache_dir, jobs=jobs)
    judge = Judge(preprocessing=bundle.preprocessing, network=bundle.network)
    present = np.unique(table.emotion)
    groups = {ALL_SPEAKERS: np.arange(table.emotion.size)}
    groups |= {name: np.flatnonzero(table.speaker == i) for i, name in enumerate(speakers)}
    for name, clips in groups.items():
        for baseline, mode in MODES.items():
            judged = judged_part(
                judge,
                bundle.calibration,
                table,
                clips,
                window_s=LIVE_WINDOW_S,
                mode=mode,
                rng=np.random.default_rng(seed),
            )
            # Of a speaker without speech there are clips but no windows.
            for unit in (unit for unit in (WINDOW, CLIP) if judged[unit].labels.size):
                yield OtherVoices(
                    speaker=name,
                    baseline=baseline,
                    unit=unit,
                    scores=_among(judged[unit], present),
                )


def _among(judged: Judged, present: NDArray[np.int64]) -> Scores:
    kept = np.zeros_like(judged.probabilities)
    kept[:, present] = judged.probabilities[:, present]
    kept /= kept.sum(axis=1, keepdims=True)
    # Clips without a window name no emotion, among the present ones neither.
    silent = named(judged.probabilities) == NONE_NAMED
    kept[silent] = judged.probabilities[silent]
    return scores(kept, judged.labels)
