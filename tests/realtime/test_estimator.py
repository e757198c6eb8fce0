"""Rows: numbering, time, gaps, losses; and estimates that do not depend on the blocks."""

import itertools
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.bundle import Bundle, load_bundle
from models.calibration import Calibration
from models.errors import UsageError
from models.labels import EMOTIONS
from models.shipped import bundle_folder
from realtime.estimate import Estimate, State
from realtime.estimator import Estimator, EstimatorSettings, utc_now
from realtime.sources.base import Block, Gap
from realtime.speaker import Speaker

RATE = 48000
HOP = RATE // 4
Samples = NDArray[np.float32]


def _settings(**changes: float) -> EstimatorSettings:
    values = {"window_s": 3.0, "hop_s": 0.25, "smoothing_s": 0.5, "reset_after_silence_s": 1.0}
    return EstimatorSettings(**{**values, **changes})  # type: ignore[arg-type]


def _estimator(bundle: Bundle, *, learns: bool = True, **changes: float) -> Estimator:
    speaker = Speaker(name="test", learns=learns)
    return Estimator(
        bundle, _settings(**changes), speaker, RATE, monotonic=lambda: 100.0, utc=lambda: "now"
    )


def _rows(estimator: Estimator, items: Iterable[Block | Gap]) -> list[Estimate]:
    rows = [row for item in items for row in estimator.push(item)]
    return rows + estimator.finish()


def _block(samples: Samples, **facts: object) -> Block:
    return Block(samples=samples, rate=RATE, **facts)  # type: ignore[arg-type]


@given(cuts=st.lists(st.integers(0, 8 * RATE), max_size=30))
@settings(max_examples=15)
def test_estimates_do_not_depend_on_the_blocks(
    cuts: list[int], synthetic_bundle: Bundle, speech: Samples
) -> None:
    samples = speech[: 8 * RATE]
    whole = _rows(_estimator(synthetic_bundle), [_block(samples)])
    parts = np.split(samples, sorted(cuts))
    live = _rows(_estimator(synthetic_bundle), [_block(part) for part in parts])
    assert [(r.window, r.start_s, r.end_s, r.state) for r in live] == [
        (r.window, r.start_s, r.end_s, r.state) for r in whole
    ]
    for row, expected in zip(live, whole, strict=True):
        assert row.raw_emotion == expected.raw_emotion
        if row.probabilities is not None and expected.probabilities is not None:
            np.testing.assert_allclose(row.probabilities, expected.probabilities, atol=1e-4)


def test_the_first_emotion_appears_half_a_second_into_the_first_word(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    rows = _rows(_estimator(synthetic_bundle), [_block(speech[: 4 * RATE])])
    judged = next(row for row in rows if row.state is not State.NO_SPEECH)
    assert judged.speech_ratio * (judged.end_s - judged.start_s) >= 0.45
    assert judged.end_s < 2.0


def test_silence_gets_no_emotion(synthetic_bundle: Bundle) -> None:
    rows = _rows(_estimator(synthetic_bundle), [_block(np.zeros(2 * RATE, np.float32))])
    assert len(rows) == 8
    assert {row.state for row in rows} == {State.NO_SPEECH}
    assert all(row.emotion is None and row.probabilities is None for row in rows)
    assert rows[-1].level_dbfs == -120


@pytest.mark.parametrize(("rate", "count"), [(44_100, 44_099), (48_000, 47_999), (96_000, 95_998)])
def test_the_last_row_has_the_level_of_a_hop_that_lacks_a_sample(
    rate: int, count: int, synthetic_bundle: Bundle
) -> None:
    samples = 0.1 * np.random.default_rng(0).standard_normal(count).astype(np.float32)
    estimator = Estimator(synthetic_bundle, _settings(), Speaker(name="t", learns=True), rate)
    rows = _rows(estimator, [Block(samples=samples, rate=rate)])
    assert len(rows) == 4
    assert [row.level_dbfs for row in rows] == pytest.approx([-20] * 4, abs=0.5)


def test_columns_agree_with_the_state(synthetic_bundle: Bundle, speech: Samples) -> None:
    for row in _rows(_estimator(synthetic_bundle), [_block(speech)]):
        judged = row.state in (State.SPEECH, State.UNSURE)
        assert (row.emotion is not None) == (row.state is State.SPEECH)
        assert (row.probabilities is not None) == judged == (row.raw_emotion is not None)
        if row.probabilities is not None:
            assert sum(row.probabilities) == pytest.approx(1)
            assert row.confidence == max(row.probabilities)


def test_lost_samples_advance_time_end_the_segment_and_are_counted(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    items = [_block(speech[:RATE]), _block(speech[:RATE], lost_samples=1000)]
    rows = _rows(_estimator(synthetic_bundle), items)
    assert [row.window for row in rows] == list(range(8))
    assert rows[3].end_s == 1.0
    assert rows[4].start_s == pytest.approx(1 + 1000 / RATE)
    assert rows[4].end_s == pytest.approx(1.25 + 1000 / RATE)
    assert [row.dropped_samples for row in rows] == [0] * 4 + [1000] * 4


def test_each_whole_hop_that_is_lost_gets_a_gap_row(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    items = [_block(speech[:RATE]), _block(speech[:RATE], lost_samples=2 * HOP + 5)]
    rows = _rows(_estimator(synthetic_bundle), items)
    assert [row.state for row in rows].count(State.GAP) == 2
    gaps = [row for row in rows if row.state is State.GAP]
    assert [(row.start_s, row.end_s) for row in gaps] == [(1.0, 1.25), (1.25, 1.5)]
    assert rows[-1].end_s == pytest.approx(2.5 + 5 / RATE)


@pytest.mark.parametrize(("elapsed_s", "hops"), [(0.1, 0), (0.2, 1), (1.1, 4), (1.2, 5)])
def test_a_gap_is_rounded_to_whole_hops_when_it_is_over(
    elapsed_s: float, hops: int, synthetic_bundle: Bundle, speech: Samples
) -> None:
    growing: list[Block | Gap] = [
        Gap(elapsed_s=part * elapsed_s, over=part == 1, reason="unplugged")
        for part in (0.3, 0.9, 1)
    ]
    items = [_block(speech[:RATE]), *growing, _block(speech[:RATE])]
    rows = _rows(_estimator(synthetic_bundle), items)
    assert [row.state for row in rows].count(State.GAP) == hops
    assert [row.window for row in rows] == list(range(8 + hops))
    assert rows[-1].end_s == pytest.approx(2 + hops / 4)
    ends = [row.end_s for row in rows]
    assert ends == sorted(set(ends))


def test_a_gap_before_any_sound_and_one_that_never_ends(synthetic_bundle: Bundle) -> None:
    rows = _rows(_estimator(synthetic_bundle), [Gap(elapsed_s=0.6, over=False, reason="no device")])
    assert [(row.state, row.end_s) for row in rows] == [(State.GAP, 0.25), (State.GAP, 0.5)]


def test_a_device_that_returns_at_another_rate_keeps_time(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    items: list[Block | Gap] = [
        _block(speech[:RATE]),
        Gap(elapsed_s=0.5, over=True, reason="unplugged"),
        Block(samples=speech[:16000], rate=16000),
    ]
    rows = _rows(_estimator(synthetic_bundle), items)
    assert [row.end_s for row in rows] == [0.25 * (i + 1) for i in range(10)]


def test_what_is_lost_at_another_rate_takes_the_time_it_takes_at_that_rate(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    items: list[Block | Gap] = [
        _block(speech[:RATE]),
        Gap(elapsed_s=0.5, over=True, reason="unplugged"),
        Block(samples=speech[:16000], rate=16000, lost_samples=8000),
    ]
    rows = _rows(_estimator(synthetic_bundle), items)
    assert [row.end_s for row in rows] == [0.25 * (i + 1) for i in range(12)]
    assert [row.state for row in rows].count(State.GAP) == 4


def test_a_loop_begins_a_segment_without_losing_time(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    items = [_block(speech[:RATE]), _block(speech[:RATE], starts_segment=True)]
    rows = _rows(_estimator(synthetic_bundle), items)
    assert [row.end_s for row in rows] == [0.25 * (i + 1) for i in range(8)]
    assert rows[4].start_s == 1.0
    assert rows[-1].dropped_samples == 0


def test_latency_counts_from_the_last_sample_of_the_window(synthetic_bundle: Bundle) -> None:
    samples = np.zeros(HOP + 480 + 4800, np.float32)
    rows = _estimator(synthetic_bundle).push(_block(samples, arrived_s=99.9))
    assert rows[0].latency_ms == pytest.approx(100 + (480 + 4800) / 48)


def test_a_window_does_not_learn_from_itself(synthetic_bundle: Bundle, speech: Samples) -> None:
    adaptive = _rows(_estimator(synthetic_bundle), [_block(speech)])
    cold = _rows(_estimator(synthetic_bundle, learns=False), [_block(speech)])
    first = next(i for i, row in enumerate(cold) if row.probabilities is not None)
    assert adaptive[first].probabilities == cold[first].probabilities
    assert adaptive[-1].probabilities != cold[-1].probabilities
    assert {row.baseline_windows for row in cold} == {0}


def test_the_baseline_counts_each_second_of_speech_once(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    by_hop = [
        _rows(_estimator(synthetic_bundle, hop_s=hop_s), [_block(speech)])[-1].baseline_windows
        for hop_s in (0.1, 0.25, 0.5)
    ]
    assert by_hop == pytest.approx([by_hop[0]] * 3, rel=0.1)
    assert 3 < by_hop[0] < 7


def test_reset_forgets_the_speaker(synthetic_bundle: Bundle, speech: Samples) -> None:
    estimator = _estimator(synthetic_bundle)
    assert estimator.push(_block(speech[: 8 * RATE]))[-1].baseline_windows > 0
    estimator.reset_speaker()
    # The next windows still hold the voice of before.
    rows = estimator.push(_block(np.zeros(4 * RATE, np.float32)))
    assert rows[0].state is not State.NO_SPEECH
    assert {row.baseline_windows for row in rows} == {0}
    assert estimator.push(_block(speech[: 8 * RATE]))[-1].baseline_windows > 0


def test_a_long_gap_keeps_time_where_a_hop_is_no_whole_number_of_samples(
    synthetic_bundle: Bundle,
) -> None:
    speaker = Speaker(name="test", learns=True)
    for gap_s in (0.5, 3600.0):
        estimator = Estimator(synthetic_bundle, _settings(), speaker, 11025)
        half = Gap(elapsed_s=gap_s / 2, over=False, reason="unplugged")
        rows = _rows(estimator, [half, Gap(elapsed_s=gap_s, over=True, reason="unplugged")])
        assert len(rows) == 4 * gap_s
        assert rows[-1].end_s == pytest.approx(gap_s, abs=1e-4)
        assert all(one.end_s == following.start_s for one, following in itertools.pairwise(rows))


def test_a_window_that_was_not_calibrated_is_refused(synthetic_bundle: Bundle) -> None:
    with pytest.raises(UsageError, match=r"window of 1\.5 s"):
        _estimator(synthetic_bundle, window_s=1.5)


# Smoothing so strong that only what begins afresh equals the estimate of its window alone.
LASTING_S = 1e6


def _own_answers(bundle: Bundle, items: Iterable[Block | Gap], **changes: float) -> list[Estimate]:
    """Rows that no other window has a part in."""
    estimator = _estimator(bundle, learns=False, window_s=1.0, smoothing_s=0.0, **changes)
    return _rows(estimator, items)


def _begun_afresh(rows: list[Estimate], own: list[Estimate]) -> list[int]:
    """Numbers of the rows that are as if there had been none before."""
    return [
        row.window
        for row, alone in zip(rows, own, strict=True)
        if row.probabilities is not None and row.probabilities == alone.probabilities
    ]


def test_speech_after_a_silence_as_long_as_configured_begins_afresh(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    word = speech[RATE : 4 * RATE]
    item = _block(np.concatenate([word, np.zeros(2 * RATE, np.float32), word]))
    own = _own_answers(synthetic_bundle, [item])
    judged = [row.window for row in own if row.probabilities is not None]
    before, again = max(itertools.pairwise(judged), key=lambda pair: pair[1] - pair[0])
    silence_s = (again - before - 1) * 0.25
    assert 1 < silence_s < 4
    for reset_after_silence_s, expected in (
        (silence_s, [judged[0], again]),
        (silence_s + 0.25, [judged[0]]),
    ):
        estimator = _estimator(
            synthetic_bundle,
            learns=False,
            window_s=1.0,
            smoothing_s=LASTING_S,
            reset_after_silence_s=reset_after_silence_s,
        )
        assert _begun_afresh(_rows(estimator, [item]), own) == expected


@pytest.mark.parametrize(
    ("between", "facts"),
    [
        ([], {"starts_segment": True}),
        ([], {"lost_samples": 5}),
        ([Gap(elapsed_s=0.5, over=True, reason="unplugged")], {}),
    ],
    ids=["loop", "loss", "gap"],
)
def test_a_segment_begins_afresh(
    between: list[Gap], facts: dict[str, object], synthetic_bundle: Bundle, speech: Samples
) -> None:
    word = speech[RATE : 4 * RATE]
    items: list[Block | Gap] = [_block(word), *between, _block(word, **facts)]
    own = _own_answers(synthetic_bundle, items)
    estimator = _estimator(
        synthetic_bundle,
        learns=False,
        window_s=1.0,
        smoothing_s=LASTING_S,
        reset_after_silence_s=60.0,
    )
    begun = _begun_afresh(_rows(estimator, items), own)
    judged = [row.window for row in own if row.probabilities is not None]
    assert begun == [judged[0], next(number for number in judged if own[number].start_s >= 3)]


def test_after_a_reset_the_next_estimate_begins_afresh(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    first, second = _block(speech[: 9 * HOP]), _block(speech[9 * HOP : 3 * RATE])
    own = _own_answers(synthetic_bundle, [first, second])
    estimator = _estimator(synthetic_bundle, learns=False, window_s=1.0, smoothing_s=LASTING_S)
    before = estimator.push(first)
    estimator.reset_speaker()
    rows = before + estimator.push(second) + estimator.finish()
    judged = [row.window for row in own if row.probabilities is not None]
    assert judged[1] < len(before) <= judged[-2]
    assert _begun_afresh(rows, own) == [judged[0], len(before)]


def test_after_a_reset_no_voice_is_a_strangers(synthetic_bundle: Bundle, speech: Samples) -> None:
    speaker = Speaker(name="test", learns=False)
    speaker.baseline.update(np.full(speaker.baseline.mean.shape, 1e3), 10.0)
    estimator = Estimator(synthetic_bundle, _settings(window_s=1.0), speaker, RATE)
    estimator.push(_block(speech[: 12 * RATE]))
    assert estimator.stranger == speaker.stranger
    estimator.reset_speaker()
    assert estimator.stranger is None


def test_after_a_reset_a_new_segment_is_learnt_from_at_once(
    synthetic_bundle: Bundle, speech: Samples
) -> None:
    estimator = _estimator(synthetic_bundle)
    estimator.push(_block(speech[: 8 * RATE]))
    estimator.reset_speaker()
    rows = estimator.push(_block(speech[: 4 * RATE], starts_segment=True))
    fresh = _estimator(synthetic_bundle).push(_block(speech[: 4 * RATE]))
    learnt = [row.baseline_windows for row in rows[-len(fresh) :]]
    assert learnt == [row.baseline_windows for row in fresh]
    assert learnt[-1] > 0


def test_a_gap_that_turns_out_shorter_does_not_take_time_back(synthetic_bundle: Bundle) -> None:
    silence = np.zeros(RATE, np.float32)
    items: list[Block | Gap] = [
        _block(silence),
        Gap(elapsed_s=1.1, over=False, reason="unplugged"),
        Gap(elapsed_s=0.6, over=True, reason="unplugged"),
        _block(silence),
    ]
    rows = _rows(_estimator(synthetic_bundle), items)
    assert [row.end_s for row in rows] == [0.25 * (i + 1) for i in range(12)]
    assert [row.state for row in rows].count(State.GAP) == 4


def test_a_row_that_is_unsure_names_no_emotion(synthetic_bundle: Bundle, speech: Samples) -> None:
    windows = [replace(w, unsure_below=1.0) for w in synthetic_bundle.calibration.windows]
    never_sure = replace(synthetic_bundle, calibration=Calibration(windows=tuple(windows)))
    rows = _rows(_estimator(never_sure), [_block(speech[: 4 * RATE])])
    assert {row.state for row in rows} == {State.NO_SPEECH, State.UNSURE}
    for row in rows:
        assert row.emotion is None
        assert (row.raw_emotion is None) == (row.state is State.NO_SPEECH)


def test_the_raw_emotion_is_the_one_before_smoothing(speech: Samples) -> None:
    bundle = load_bundle(bundle_folder("mlp"))
    items = [_block(speech)]
    own = _own_answers(bundle, items)
    estimator = _estimator(
        bundle, learns=False, window_s=1.0, smoothing_s=LASTING_S, reset_after_silence_s=60.0
    )
    smoothed = [row for row in _rows(estimator, items) if row.probabilities is not None]
    alone = [row.probabilities for row in own if row.probabilities is not None]
    raw = [row.raw_emotion for row in smoothed]
    assert raw == [EMOTIONS[int(np.argmax(probabilities))] for probabilities in alone]
    assert len(set(raw)) > 1
    # So long smoothed, all are the first.
    assert {row.emotion for row in smoothed} <= {raw[0], None}


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs a clock whose zone can be set")
def test_the_time_of_day_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "ELSEWHERE-5:30")
        time.tzset()
        before_ms = time.time_ns() // 10**6
        told = utc_now()
        after_ms = time.time_ns() // 10**6
    time.tzset()
    assert told.endswith("Z")
    told_ms = round(datetime.fromisoformat(told).timestamp() * 1000)
    assert before_ms <= told_ms <= after_ms
