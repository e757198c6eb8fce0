"""All that an evaluation of one bundle found."""

from dataclasses import dataclass
from typing import Any

from models.calibration import Calibration
from training.cells import Cell
from training.gate_recall import GateRecall
from training.maturity import MaturityPoint
from training.non_speech import NonSpeech
from training.other_voices import OtherVoices
from training.robustness import Robustness
from training.smoothing_trial import SmoothingPoint


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evaluation:
    """See `training.report` for the meaning of each part.

    Attributes
    ----------
    kind, fingerprint : str
        Of the bundle.
    clips, actors : int
    cells : tuple of Cell
    calibration : Calibration
        Of the bundle.
    coverage : tuple of dict
        Threshold, share kept and accuracy, for each baseline.
    maturity, robustness, smoothing, other_voices, non_speech : tuple
    gate : GateRecall
    """

    kind: str
    fingerprint: str
    clips: int
    actors: int
    cells: tuple[Cell, ...]
    calibration: Calibration
    coverage: tuple[dict[str, float | str], ...]
    maturity: tuple[MaturityPoint, ...]
    robustness: tuple[Robustness, ...]
    smoothing: tuple[SmoothingPoint, ...]
    other_voices: tuple[OtherVoices, ...]
    non_speech: tuple[NonSpeech, ...]
    gate: GateRecall

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "kind": self.kind,
            "bundle": self.fingerprint,
            "clips": self.clips,
            "actors": self.actors,
            "cells": [one.as_json() for one in self.cells],
            "calibration": self.calibration.as_json(),
            "coverage": list(self.coverage),
            "maturity": [one.as_json() for one in self.maturity],
            "robustness": [one.as_json() for one in self.robustness],
            "smoothing": [one.as_json() for one in self.smoothing],
            "other_voices": [one.as_json() for one in self.other_voices],
            "non_speech": [one.as_json() for one in self.non_speech],
            "gate": self.gate.as_json(),
        }
