"""The one table of the 193 features: names, sizes, order.

The vector is that of the well-known RAVDESS tutorials (40 MFCC, 12 chroma, 128 mel bands,
7 spectral contrasts, 6 tonnetz), in that order.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureGroup:
    """One block of the feature vector.

    Attributes
    ----------
    name : str
        Name of the group.
    start, size : int
        Position of its first feature, and how many features it has.
    """

    name: str
    start: int
    size: int

    @property
    def span(self) -> slice:
        """Where the group lies in the vector."""
        return slice(self.start, self.start + self.size)


def _table(sizes: dict[str, int]) -> tuple[FeatureGroup, ...]:
    groups: list[FeatureGroup] = []
    start = 0
    for name, size in sizes.items():
        groups.append(FeatureGroup(name=name, start=start, size=size))
        start += size
    return tuple(groups)


GROUPS = _table({"mfcc": 40, "chroma": 12, "mel": 128, "contrast": 7, "tonnetz": 6})
FEATURE_COUNT = sum(group.size for group in GROUPS)
FEATURE_NAMES = tuple(f"{group.name}_{i}" for group in GROUPS for i in range(group.size))
SPANS = {group.name: group.span for group in GROUPS}
SIZES = {group.name: group.size for group in GROUPS}
# Beside its features a frame has its MFCC once more, over a floor, and its pitch: see
# `models.frames` and `models.pitch`.
FLOORED_MFCC = slice(FEATURE_COUNT, FEATURE_COUNT + SIZES["mfcc"])
PITCH_SIZE = 5
PITCH = slice(FLOORED_MFCC.stop, FLOORED_MFCC.stop + PITCH_SIZE)
FRAME_SIZE = PITCH.stop
