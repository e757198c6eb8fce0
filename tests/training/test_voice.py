"""A voice whose clips are each in a copy of their own is made of what those copies hold."""

import numpy as np
import pytest

from training.corpus import Corpus
from training.table import Table
from training.voice import Voice


@pytest.fixture(scope="module")
def table(tiny_corpus: Corpus) -> Table:
    return tiny_corpus.table


def in_copies(table: Table) -> list[Voice]:
    """The first speaker's voice as it is and at another speed."""
    own = table.speaker[table.clip] == 1
    return [Voice.of(table, np.flatnonzero(own & (table.copy == copy))) for copy in (0, 1)]


def test_each_clip_is_wholly_of_one_copy_and_not_always_of_the_same(table: Table) -> None:
    voices = in_copies(table)
    mixed = Voice.mixed(voices, np.random.default_rng(0))
    assert mixed.clips.tolist() == voices[0].clips.tolist()
    whole = mixed.whole(np.arange(mixed.clips.size))
    drawn = []
    for i, clip in enumerate(mixed.clips):
        rows = mixed.rows[mixed.starts[i] : mixed.starts[i] + mixed.counts[i]]
        (copy,) = np.unique(table.copy[rows]).tolist()
        assert set(table.clip[rows].tolist()) == {clip}
        assert rows.size == np.count_nonzero((table.clip == clip) & (table.copy == copy))
        np.testing.assert_array_equal(whole[i], voices[copy].whole(np.array([i]))[0])
        for part in ("weight", "first", "second"):
            found, held = (getattr(one.moments, part)[i] for one in (mixed, voices[copy]))
            np.testing.assert_array_equal(found, held)
        drawn.append(copy)
    assert 0 < np.mean(drawn) < 1


def test_the_whole_clip_comes_first(table: Table) -> None:
    mixed = Voice.mixed(in_copies(table), np.random.default_rng(0))
    assert (table.window_s[mixed.rows[mixed.starts]] == 0).all()


def test_another_draw_has_other_copies(table: Table) -> None:
    rng = np.random.default_rng(0)
    one, other = (Voice.mixed(in_copies(table), rng).starts.tolist() for _ in range(2))
    assert one != other


def test_a_clip_that_a_copy_lacks_is_left_out(table: Table) -> None:
    full, other = in_copies(table)
    lost = full.clips[3]
    short = Voice.of(table, other.rows[table.clip[other.rows] != lost])
    for voices in ([full, short], [short, full]):
        mixed = Voice.mixed(voices, np.random.default_rng(0))
        assert mixed.clips.tolist() == [clip for clip in full.clips.tolist() if clip != lost]
        assert table.clip[mixed.rows[mixed.starts]].tolist() == mixed.clips.tolist()


def test_of_nothing_there_is_nothing(table: Table) -> None:
    full, none = in_copies(table)[0], Voice.of(table, np.empty(0, np.intp))
    assert not Voice.mixed([full, none], np.random.default_rng(0)).clips.size
