"""The clip that `replay` plays when no file is named: eight emotions of one actor."""

from importlib import resources
from pathlib import Path

CLIP = "ravdess_actor22_eight_emotions.flac"


def demonstration_clip() -> Path:
    """Path of the shipped clip."""
    return Path(str(resources.files("realtime.demonstration"))) / CLIP
