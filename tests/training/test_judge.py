"""What is known of a speaker while the rows are judged, on tables made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from models.labels import EMOTIONS
from models.network import softmax
from realtime.prototypes import ENOUGH_RECORDINGS
from tests.training.hand_made import PLAIN_JUDGE, table_of
from training.features import HOP_S, WINDOWS_S
from training.fit import held_out_verdicts
from training.judge import Verdicts, after_clips, cold, folder, joined, pooled

CLIPS = 12
LABELS = [i % 8 for i in range(CLIPS)]


def test_each_draw_learns_a_voice_from_other_clips() -> None:
    table = table_of(range(CLIPS), emotion=LABELS)
    found = after_clips(PLAIN_JUDGE, table, 8, np.random.default_rng(0), draws=10)
    judged = found.clip.reshape(10, CLIPS - 8) % CLIPS
    assert len({tuple(draw) for draw in judged.tolist()}) > 5
    assert set(judged.ravel().tolist()) == set(range(CLIPS))


def test_a_voice_is_learnt_from_live_windows_only() -> None:
    """As live, where a window with less speech is no window."""
    table = table_of(
        np.repeat(np.arange(CLIPS), 2).tolist(), emotion=LABELS, active_s=[2.0, 0.4] * CLIPS
    )
    found = after_clips(PLAIN_JUDGE, table, 8, np.random.default_rng(0), draws=1)
    assert found.weight.size == 2 * (CLIPS - 8)
    np.testing.assert_allclose(found.weight, 8 * 2.0 * HOP_S / 3.0**2)


def speaker_in_a_folder(speaker: int) -> Verdicts:
    """As many recordings as are judged again by their prototypes, in a place of their own."""
    rng = np.random.default_rng(speaker)
    labels = np.arange(2 * ENOUGH_RECORDINGS) % len(EMOTIONS)
    rows = labels.size
    return Verdicts(
        logits=3.0 * np.eye(len(EMOTIONS))[labels] + rng.standard_normal((rows, len(EMOTIONS))),
        weight=np.ones(rows),
        clip=speaker * rows + np.arange(rows),
        labels=labels,
        active_frames=np.full(rows, 100),
        is_live=np.ones(rows, np.bool_),
        speaker=np.full(rows, speaker),
        hidden=(5 * speaker + rng.standard_normal((rows, 20))).astype(np.float32),
    )


def test_no_speaker_of_a_folder_is_judged_by_what_another_sounds_like() -> None:
    voices = [speaker_in_a_folder(speaker) for speaker in range(2)]
    alone = np.concatenate([pooled(one, softmax(one.logits))[0] for one in voices])
    both = joined(voices)
    together, labels = pooled(both, softmax(both.logits))
    np.testing.assert_allclose(together, alone, atol=1e-9)
    np.testing.assert_array_equal(labels, both.labels)
    # Prototypes have their say: without it this test would prove nothing.
    plain, _ = pooled(replace(both, hidden=None), softmax(both.logits))
    assert np.abs(together - plain).max() > 0.01


def test_a_temperature_is_fitted_on_clean_live_windows_of_strangers_and_of_known_voices() -> None:
    lengths = np.repeat(WINDOWS_S, 3)
    table = table_of(
        np.repeat(np.arange(CLIPS), lengths.size).tolist(),
        emotion=LABELS,
        window_s=np.tile(lengths, CLIPS).tolist(),
        copy=[0, 0, 1] * len(WINDOWS_S) * CLIPS,
        active_s=[0.9, 0.4, 0.9] * len(WINDOWS_S) * CLIPS,
    )
    found = held_out_verdicts(PLAIN_JUDGE, table)
    for number, window_s in enumerate(WINDOWS_S):
        rows = np.arange(3 * number, len(table.clip), lengths.size)
        stranger, known = found[window_s].cold, found[window_s].known
        assert stranger.clip.tolist() == known.clip.tolist() == list(range(CLIPS))
        np.testing.assert_array_equal(stranger.logits, cold(PLAIN_JUDGE, table.rows(rows)).logits)
        np.testing.assert_array_equal(known.logits, folder(PLAIN_JUDGE, table.rows(rows)).logits)
        assert not stranger.weight.any()
        assert known.weight == pytest.approx(CLIPS * 0.9 * HOP_S / window_s**2)
