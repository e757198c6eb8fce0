"""What is done to the training part so that a model is right on voices it has not heard."""

from dataclasses import dataclass

from models.errors import ConfigError
from realtime.config import in_range
from training.augment import AS_IT_IS, Copy

BALANCES = ("none", "weights", "sampling")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """The `[training.recipe]` table; config.toml explains each.

    Attributes
    ----------
    speeds : tuple of float
        Speed-perturbed copies beside the clip as it is.
    rows_per_copy : int
        Rows that each copy of a clip gives to an epoch.
    gain_db, tilt_db : float
        Standard deviation of a session's gain and of its equaliser (change over the band).
    mel_level_kept, mfcc_level_kept, prior_weight : float
        See `models.preprocess.Preprocessing`.
    cold_share, whole_share : float
        Share of rows without any baseline, and with one from all of the speaker's clips.
    label_smoothing : float
        Share of each target spread evenly over the emotions.
    balance : str
        `none`, `weights` or `sampling`: what is done about emotions with fewer clips.
    """

    speeds: tuple[float, ...] = (0.87, 0.93, 1.07, 1.14)
    rows_per_copy: int = 2
    gain_db: float = 6.0
    tilt_db: float = 4.0
    mel_level_kept: float = 0.0
    mfcc_level_kept: float = 1.0
    prior_weight: float = 2.0
    cold_share: float = 0.3
    whole_share: float = 0.3
    label_smoothing: float = 0.05
    balance: str = "weights"

    def __post_init__(self) -> None:
        """Check ranges; raises `ConfigError`."""
        if len(self.speeds) > 32:
            raise ConfigError(f"speeds has {len(self.speeds)} numbers: give at most 32.")
        for speed in self.speeds:
            in_range("speeds", speed, 0.5, 2.0)
        in_range("rows_per_copy", self.rows_per_copy, 1, 100)
        in_range("gain_db", self.gain_db, 0.0, 60.0)
        in_range("tilt_db", self.tilt_db, 0.0, 60.0)
        in_range("prior_weight", self.prior_weight, 1e-3, 1e3)
        for name in ("mel_level_kept", "mfcc_level_kept", "cold_share", "whole_share"):
            in_range(name, getattr(self, name), 0.0, 1.0)
        in_range("whole_share", self.whole_share, 0.0, 1.0 - self.cold_share)
        in_range("label_smoothing", self.label_smoothing, 0.0, 0.9)
        if self.balance not in BALANCES:
            raise ConfigError(f"balance is {self.balance!r}: choose {', '.join(BALANCES)}.")

    def copies(self) -> tuple[Copy, ...]:
        """The sound's copies; the first is the sound as it is."""
        return (AS_IT_IS, *(Copy(speed=speed) for speed in self.speeds))
