"""How sure the model may be: temperatures and thresholds by window length."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from models.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowCalibration:
    """Calibration for one length of window, fitted on speakers held out from training.

    Attributes
    ----------
    window_s : float
        Length of the window in seconds.
    temperature_cold, temperature_known : float
        Softmax temperature without a speaker baseline, and with a mature one.
    unsure_below : float
        A smoothed confidence below this is `unsure`.
    """

    window_s: float
    temperature_cold: float
    temperature_known: float
    unsure_below: float

    def temperature(self, baseline_weight: float, prior_weight: float) -> float:
        """Softmax temperature for a baseline of that weight, both in independent windows."""
        share = baseline_weight / (baseline_weight + prior_weight)
        return self.temperature_cold + share * (self.temperature_known - self.temperature_cold)


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """All lengths of window that a bundle was calibrated for."""

    windows: tuple[WindowCalibration, ...]

    @classmethod
    def from_json(cls, rows: Iterable[Mapping[str, Any]]) -> Self:
        """Read what `as_json` wrote.

        Raises
        ------
        ValueError, TypeError, AttributeError
            If a number is missing, unknown or out of range.
        """
        windows = tuple(
            WindowCalibration(**{name: float(value) for name, value in row.items()}) for row in rows
        )
        for window in windows:
            for temperature in (window.temperature_cold, window.temperature_known):
                if not 0 < temperature < math.inf:
                    raise ValueError(f"a temperature is {temperature}")
            if not 0 <= window.unsure_below <= 1 or window.window_s <= 0:
                raise ValueError("a threshold or a window is out of range")
        if not windows:
            raise ValueError("there is no calibrated window")
        return cls(windows=windows)

    def as_json(self) -> list[dict[str, float]]:
        """Plain data for bundle.json."""
        return [asdict(window) for window in self.windows]

    def for_window(self, window_s: float) -> WindowCalibration:
        """Calibration of one length of window.

        Raises
        ------
        UsageError
            If the bundle was not calibrated for it.
        """
        for window in self.windows:
            if abs(window.window_s - window_s) < 1e-9:
                return window
        known = ", ".join(f"{window.window_s:g}" for window in self.windows)
        raise UsageError(
            f"The model is not calibrated for a window of {window_s:g} s: use one of {known}."
        )
