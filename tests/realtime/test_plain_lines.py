"""Lines for people where no dashboard is shown: one for each change, and none else."""

from dataclasses import replace

from models.labels import Emotion
from realtime.estimate import Estimate, State
from realtime.log.plain import PlainLines
from tests.realtime.log_rows import speech


def spoken(window: int, emotion: Emotion, confidence: float) -> Estimate:
    return replace(speech(window), emotion=emotion, confidence=confidence)


def unspoken(window: int, state: State, confidence: float | None = None) -> Estimate:
    return replace(speech(window), state=state, emotion=None, confidence=confidence)


def test_each_change_of_emotion_or_state_is_one_line() -> None:
    said = [
        *(spoken(0, Emotion.HAPPY, 0.62), spoken(1, Emotion.HAPPY, 0.7)),
        *(spoken(2, Emotion.SAD, 0.555), spoken(3, Emotion.HAPPY, 0.9)),
        *(unspoken(4, State.UNSURE, 0.31), unspoken(5, State.UNSURE, 0.3)),
        *(unspoken(6, State.NO_SPEECH), unspoken(7, State.GAP), unspoken(8, State.GAP)),
    ]
    lines = PlainLines()
    assert [line for row in said if (line := lines(row)) is not None] == [
        "     0.25 s  happy      62 %",
        "     0.75 s  sad        56 %",
        "     1.00 s  happy      90 %",
        "     1.25 s  unsure     31 %",
        "     1.75 s  no speech",
        "     2.00 s  gap",
    ]
