import csv
import io
import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.labels import EMOTIONS, Emotion
from realtime.estimate import Estimate, State
from realtime.log.columns import COLUMNS, HEADER, csv_line, json_line
from realtime.log.plain import PlainLines

FIXED_HEADER = (
    "window,start_s,end_s,state,emotion,confidence,neutral,calm,happy,sad,angry,fearful,disgust,"
    "surprised,raw_emotion,speech_ratio,level_dbfs,clipped_ratio,baseline_windows,"
    "dropped_samples,latency_ms,time_utc"
)

shares = st.floats(0, 1)
emotions = st.none() | st.sampled_from(EMOTIONS)
estimates = st.builds(
    Estimate,
    window=st.integers(0, 10**9),
    start_s=st.floats(0, 1e6),
    end_s=st.floats(0, 1e6),
    state=st.sampled_from(State),
    emotion=emotions,
    confidence=st.none() | shares,
    probabilities=st.none() | st.tuples(*[shares] * 8),
    raw_emotion=emotions,
    speech_ratio=shares,
    level_dbfs=st.floats(-120, 10),
    clipped_ratio=shares,
    baseline_windows=st.floats(0, 1e5),
    dropped_samples=st.integers(0, 10**12),
    latency_ms=st.none() | st.floats(0, 1e5),
    time_utc=st.just("2026-01-02T03:04:05.678Z"),
)


def speech(window: int = 7) -> Estimate:
    return Estimate(
        window=window,
        start_s=9.25,
        end_s=12.25,
        state=State.SPEECH,
        emotion=Emotion.HAPPY,
        confidence=0.62,
        probabilities=(0.02, 0.04, 0.62, 0.01, 0.2, 0.05, 0.03, 0.03),
        raw_emotion=Emotion.ANGRY,
        speech_ratio=0.875,
        level_dbfs=-23.46,
        clipped_ratio=1 / 48000,
        baseline_windows=4.25,
        dropped_samples=960,
        latency_ms=41.26,
        time_utc="2026-01-02T03:04:05.678Z",
    )


def test_columns_and_their_order_are_the_published_ones() -> None:
    assert HEADER == FIXED_HEADER


def test_a_row_is_written_with_the_published_precision() -> None:
    assert csv_line(speech()) == (
        "7,9.250,12.250,speech,happy,0.6200,0.0200,0.0400,0.6200,0.0100,0.2000,0.0500,0.0300,"
        "0.0300,angry,0.8750,-23.5,0.00002,4.2,960,41.3,2026-01-02T03:04:05.678Z"
    )


def test_what_is_absent_is_empty_in_csv_and_null_in_json() -> None:
    silent = Estimate(window=0, start_s=0.0, end_s=0.25, state=State.NO_SPEECH)
    cells = dict(zip(HEADER.split(","), csv_line(silent).split(","), strict=True))
    fields = json.loads(json_line(silent))
    absent = {"emotion", "confidence", "raw_emotion", "latency_ms", *EMOTIONS}
    assert {name for name, cell in cells.items() if cell == ""} == absent | {"time_utc"}
    assert {name for name, value in fields.items() if value is None} == absent


@given(estimate=estimates)
def test_json_and_csv_say_the_same(estimate: Estimate) -> None:
    (cells,) = csv.reader(io.StringIO(csv_line(estimate)))
    fields = json.loads(json_line(estimate))
    assert list(fields) == HEADER.split(",")
    for column, cell in zip(COLUMNS, cells, strict=True):
        value = fields[column.name]
        read: Callable[[str], object] = {"%s": str, "%d": int}.get(column.form, float)
        assert (None if cell == "" else read(cell)) == value


@given(estimate=estimates)
def test_values_survive_to_their_written_precision(estimate: Estimate) -> None:
    fields = json.loads(json_line(estimate))
    assert fields["window"] == estimate.window
    assert math.isclose(fields["end_s"], estimate.end_s, abs_tol=0.00051, rel_tol=1e-12)
    if estimate.probabilities is not None:
        written = [fields[emotion] for emotion in EMOTIONS]
        assert written == pytest.approx(estimate.probabilities, abs=0.000051)


def test_a_number_that_is_none_is_no_damage_to_json() -> None:
    fields = json.loads(
        json_line(Estimate(window=0, start_s=0, end_s=0, state=State.GAP, level_dbfs=math.nan))
    )
    assert fields["level_dbfs"] is None


def test_plain_lines_appear_only_at_changes() -> None:
    plain = PlainLines()
    silent = Estimate(window=9, start_s=0.0, end_s=13.5, state=State.NO_SPEECH)
    lines = [plain(estimate) for estimate in (speech(), speech(8), silent, silent, speech(10))]
    assert lines == [
        "    12.25 s  happy      62 %",
        None,
        "    13.50 s  no speech",
        None,
        "    12.25 s  happy      62 %",
    ]
