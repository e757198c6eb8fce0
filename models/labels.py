"""The eight emotions and their order, in which every probability vector is written."""

import enum


class Emotion(enum.StrEnum):
    """RAVDESS emotions; the position in this class is the code in its file names minus one."""

    NEUTRAL = "neutral"
    CALM = "calm"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    FEARFUL = "fearful"
    DISGUST = "disgust"
    SURPRISED = "surprised"


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)
