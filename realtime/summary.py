"""What a run amounted to, in one sentence."""

from collections import Counter

from models.labels import Emotion
from realtime.estimate import Estimate, State


class Summary:
    """Counts rows as they pass."""

    def __init__(self) -> None:
        self.states: Counter[State] = Counter()
        self.emotions: Counter[Emotion] = Counter()
        self.end_s = 0.0
        self.dropped_samples = 0

    def add(self, row: Estimate) -> None:
        """Count one row."""
        self.states[row.state] += 1
        if row.emotion is not None:
            self.emotions[row.emotion] += 1
        self.end_s = row.end_s
        self.dropped_samples = row.dropped_samples

    def __str__(self) -> str:
        """The sentence."""
        rows = self.states.total()
        if not rows:
            return "Nothing was heard for as long as one hop."
        parts = [f"{rows} windows in {self.end_s:.1f} s"]
        if judged := self.states[State.SPEECH] + self.states[State.UNSURE]:
            shares = [f"{name} {count / judged:.0%}" for name, count in self.emotions.most_common()]
            if unsure := self.states[State.UNSURE]:
                shares.append(f"unsure {unsure / judged:.0%}")
            parts.append(f"speech in {judged / rows:.0%} of them: " + ", ".join(shares))
        else:
            parts.append("no speech in them")
        if gaps := self.states[State.GAP]:
            parts.append(f"{gaps} lost in gaps")
        if self.dropped_samples:
            parts.append(f"{self.dropped_samples} samples dropped")
        return "; ".join(parts) + "."
