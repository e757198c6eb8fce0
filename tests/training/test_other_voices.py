"""Other voices are judged among the emotions that their corpus has, whoever speaks."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.bundle import load_bundle
from tests.synthetic_bundle import write_bundle
from tests.training.hand_made import CALIBRATION, PLAIN_JUDGE, table_of
from training.judged import CLIP, COLD
from training.other_voices import ALL_SPEAKERS, judge_other_voices


def test_every_speaker_is_judged_among_the_emotions_of_the_whole_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emotion 1 seems likeliest but nobody has it; one 0 looks like a 2, which only b has."""
    table = table_of(range(4), emotion=[0, 0, 2, 2], speaker=[0, 0, 1, 1])
    levelled = table.levelled.copy()
    levelled[:, 1] = 4.0
    levelled[1, 2] = 3.5
    table = replace(table, levelled=levelled)
    monkeypatch.setattr("training.other_voices.read_labels", lambda _: [])
    monkeypatch.setattr("training.other_voices.voices_table", lambda *_, **__: (table, ("a", "b")))
    bundle = replace(
        load_bundle(write_bundle(tmp_path)),
        preprocessing=PLAIN_JUDGE.preprocessing,
        network=PLAIN_JUDGE.network,
        calibration=CALIBRATION,
    )
    lines = judge_other_voices(bundle, tmp_path, cache_dir=None, jobs=1, seed=0)
    found = {
        line.speaker: line.scores for line in lines if (line.baseline, line.unit) == (COLD, CLIP)
    }
    assert {name: one.uar for name, one in found.items()} == {ALL_SPEAKERS: 0.75, "a": 0.5, "b": 1}
    assert {name: one.rows for name, one in found.items()} == {ALL_SPEAKERS: 4, "a": 2, "b": 2}
