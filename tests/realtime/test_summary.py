"""The sentence that sums a run up."""

from collections.abc import Iterable

import pytest

from models.labels import Emotion
from realtime.estimate import Estimate, State
from realtime.summary import Summary

SILENCE, UNSURE, GAP = State.NO_SPEECH, State.UNSURE, State.GAP


def said(heard: Iterable[Emotion | State], *, dropped: Iterable[int] = ()) -> str:
    """The sentence about windows, one a quarter of a second, of which some came after a loss."""
    summary = Summary()
    lost = list(dropped)
    for window, what in enumerate(heard):
        row = Estimate(
            window=window,
            start_s=0.0,
            end_s=(window + 1) / 4,
            state=what if isinstance(what, State) else State.SPEECH,
            emotion=what if isinstance(what, Emotion) else None,
            dropped_samples=lost[min(window, len(lost) - 1)] if lost else 0,
        )
        summary.add(row)
    return str(summary)


@pytest.mark.parametrize(
    ("heard", "sentence"),
    [
        ([], "Nothing was heard for as long as one hop."),
        ([SILENCE] * 3, "3 windows in 0.8 s; no speech in them."),
        (
            [Emotion.SAD, SILENCE, *[Emotion.HAPPY] * 2],
            "4 windows in 1.0 s; speech in 75% of them: happy 67%, sad 33%.",
        ),
        (
            [Emotion.SAD, *[UNSURE] * 3, *[SILENCE] * 6],
            "10 windows in 2.5 s; speech in 40% of them: sad 25%, unsure 75%.",
        ),
        ([UNSURE, SILENCE], "2 windows in 0.5 s; speech in 50% of them: unsure 100%."),
        (
            [Emotion.CALM, GAP, GAP, SILENCE],
            "4 windows in 1.0 s; speech in 25% of them: calm 100%; 2 lost in gaps.",
        ),
    ],
)
def test_a_run_is_summed_up_in_a_sentence(heard: list[Emotion | State], sentence: str) -> None:
    assert said(heard) == sentence


def test_samples_that_were_lost_are_counted_once() -> None:
    """Each row tells all of them so far."""
    assert said([SILENCE] * 4, dropped=[0, 48, 480]) == (
        "4 windows in 1.0 s; no speech in them; 480 samples dropped."
    )
