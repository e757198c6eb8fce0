"""What a worse microphone costs, where it is known beforehand which clips go unheard."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.hand_made import CALIBRATION, PLAIN_JUDGE, table_of, vectors_of
from training.augment import AS_IT_IS, Copy
from training.corpus import Corpus
from training.corpus_vectors import CorpusVectors
from training.fitted import Curves
from training.judged import COLD, MODES
from training.protocols import Part, Protocol
from training.ravdess import parse
from training.robustness import Robustness, conditions, robustness

EMOTIONS_OF_CLIPS = tuple(range(8)) * 2
DEAF = Copy(gain_db=-90)
# Two clips of song, and eight of speech of either actor.
CLIPS = tuple(
    parse(Path(name))
    for name in (
        "03-02-01-01-01-01-01",
        *(f"03-01-{i + 1:02}-01-01-01-01" for i in range(8)),
        "03-02-01-01-01-01-02",
        *(f"03-01-{i + 1:02}-01-01-01-02" for i in range(8)),
    )
)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[int]]:
    """Where the clips of each condition were said; a quarter of them is silence to the deaf."""
    told: list[Sequence[int]] = []

    def heard(paths: Sequence[Path], copies: Sequence[Copy], **named: Any) -> CorpusVectors:
        told.append(named["places"])
        labels = np.array(EMOTIONS_OF_CLIPS)
        assert len(paths) == labels.size
        rows = np.flatnonzero(labels < (6 if DEAF in copies else 8))
        return CorpusVectors(
            vectors=vectors_of(labels)[rows],
            window_s=np.full(rows.size, 3, np.float32),
            active_frames=np.full(rows.size, 200, np.int32),
            clip=rows.astype(np.int32),
            copy=np.zeros(rows.size, np.int32),
        )

    monkeypatch.setattr("training.robustness.vectors_with_progress", heard)
    monkeypatch.setattr(
        "training.robustness.conditions", lambda _: {"clean": AS_IT_IS, "deaf": DEAF}
    )
    return told


def lines() -> list[Robustness]:
    corpus = Corpus(clips=CLIPS, table=table_of([0], emotion=[0] * len(CLIPS)))
    parts = tuple(
        Part(
            judge=PLAIN_JUDGE,
            unheard=unheard.astype(np.intp),
            calibration=CALIBRATION,
            curves=Curves(loss=()),
        )
        for unheard in np.split(np.arange(len(CLIPS)), 2)
    )
    protocol = Protocol(name="by actor", parts=parts)
    return list(robustness(protocol, corpus, noise_dir=None, cache_dir=None, jobs=1, seed=0))


@pytest.mark.usefixtures("places")
def test_clips_that_go_unheard_are_told_and_lost() -> None:
    found = lines()
    assert [line.baseline for line in found] == [*MODES, *MODES]
    clean, deaf = (line for line in found if line.baseline == COLD)
    assert (clean.uar, clean.lost, clean.unanswered) == (1, 0, 0)
    assert (deaf.uar, deaf.lost, deaf.unanswered) == (0.75, 0.25, 0.25)


def test_each_speaker_has_a_place_and_so_a_steady_noise_of_their_own(
    places: list[Sequence[int]],
) -> None:
    lines()
    assert places == [[1] * 8 + [2] * 8] * 2


def test_a_condition_is_what_its_name_says() -> None:
    forms = conditions(None)
    gains = {name: re.fullmatch(r"gain ([+-]\d+) dB", name) for name in forms}
    louder = {name: float(found[1]) for name, found in gains.items() if found}
    assert {name: forms[name] for name in louder} == {
        name: Copy(gain_db=gain_db) for name, gain_db in louder.items()
    }
    assert len(louder) == 3
    levels = {name: re.search(r"(\d+) dB SNR", name) for name in forms}
    for name, form in forms.items():
        level = levels[name]
        assert form.noise_snr_db == (float(level[1]) if level else np.inf)
        assert form.steady is name.startswith("steady")
        assert form.by_mean_power is name.endswith("by mean power")
