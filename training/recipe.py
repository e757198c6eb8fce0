"""What is done to the training part so that a model is right on voices it has not heard."""

from dataclasses import dataclass
from pathlib import Path

from models.errors import ConfigError
from realtime.config import in_range
from training.augment import AS_IT_IS, Copy
from training.noise_recordings import TRAINING

SHARES = (
    "as_is_share",
    "cold_as_is_share",
    "noise_share",
    "room_share",
    "leaning_share",
    "stranger_share",
    "cold_share",
    "window_share",
    "song_weight",
    "cold_song_weight",
    "teacher_share",
    "cold_teacher_share",
)
BALANCES = ("none", "weights", "sampling")
LEAST_SNR_DB, SNR_SPREAD_DB = 0, 20
NOISY_SPEEDS = (
    *(1.0, 1.0, 1.0, 1.0, 0.87, 0.93, 1.07, 1.14),
    *(0.8, 0.87, 0.93, 0.93, 1.07, 1.07, 1.14, 1.22),
)
NARROW = (
    Copy(lowest_hz=300, highest_hz=3400),
    Copy(lowest_hz=300, highest_hz=3400, speed=0.87),
    Copy(lowest_hz=300, highest_hz=3400, speed=1.14),
    Copy(rate=8000),
    Copy(rate=8000, speed=1.07),
    Copy(lowest_hz=300, highest_hz=3400, rate=8000),
    Copy(lowest_hz=300, highest_hz=3400, rate=8000, speed=0.93),
    Copy(codec="gsm"),
    Copy(codec="gsm", speed=1.14),
    Copy(codec="mp3"),
    Copy(codec="mp3", speed=0.87),
)
ROOMS = (
    Copy(room_s=0.25),
    Copy(room_s=0.25, speed=0.87),
    Copy(room_s=0.5),
    Copy(room_s=0.5, speed=1.07),
    Copy(room_s=0.8),
    Copy(room_s=0.8, speed=1.14),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """The `[training.recipe]` table; config.toml explains each.

    Attributes
    ----------
    speeds : tuple of float
        Speed-perturbed copies beside the clip as it is.
    as_is_share, cold_as_is_share : float
        Share of the sessions without noise, narrow band or room that are heard at their own
        speed: of those with a speaker baseline, and of those without.
    noise_share, room_share : float
        Share of sessions heard in noise, and in a room that echoes.
    narrow_share, cold_narrow_share : float
        Share of sessions heard through a telephone's band, sampled at 8 kHz or through a codec:
        of those with a speaker baseline, and of those without.
    prior_weight, variance_prior_weight : float
        See `models.baseline.Population`.
    leaning_share, stranger_share : float
        See `models.preprocess.Preprocessing`.
    relevance_power : float
        How strongly features are scaled by how well they tell emotions apart; 0: not at all.
    cold_share, whole_share : float
        Share of sessions without any baseline, and with one from all of the speaker's clips.
    window_share : float
        Share of rows that are live windows; the others are whole clips.
    song_weight, cold_song_weight : float
        Weight of sung clips against spoken ones, with a speaker baseline and without.
    balance : str
        `none`, `weights` or `sampling`: what is done about emotions with fewer clips.
    teachers, teacher_epochs : int
        Networks whose mean probability the released network learns from; 0: labels alone.
    teacher_share, cold_teacher_share : float
        Share of the teachers in a target, with a speaker baseline and without; the label has
        the rest.
    label_smoothing : float
        Share of a teacher's own target spread evenly over the emotions; of the released
        network's where it has no teachers.
    """

    speeds: tuple[float, ...] = (0.8, 0.87, 0.93, 1.07, 1.14, 1.22)
    as_is_share: float = 0.5
    cold_as_is_share: float = 0.9
    noise_share: float = 0.3
    narrow_share: float = 0.28
    cold_narrow_share: float = 0.11
    room_share: float = 0.08
    prior_weight: float = 1.5
    variance_prior_weight: float = 10.0
    leaning_share: float = 0.5
    stranger_share: float = 0.35
    relevance_power: float = 0.75
    cold_share: float = 0.3
    whole_share: float = 0.35
    window_share: float = 0.35
    song_weight: float = 0.15
    cold_song_weight: float = 0.6
    balance: str = "weights"
    teachers: int = 4
    teacher_epochs: int = 200
    teacher_share: float = 0.9
    cold_teacher_share: float = 0.5
    label_smoothing: float = 0.1

    def __post_init__(self) -> None:
        """Check ranges; raises `ConfigError`."""
        if len(self.speeds) > 32:
            raise ConfigError(f"speeds has {len(self.speeds)} numbers: give at most 32.")
        for speed in self.speeds:
            in_range("speeds", speed, 0.5, 2.0)
        for name in ("prior_weight", "variance_prior_weight"):
            in_range(name, getattr(self, name), 1e-3, 1e3)
        in_range("relevance_power", self.relevance_power, 0.0, 4.0)
        for name in SHARES:
            in_range(name, getattr(self, name), 0.0, 1.0)
        for name in ("narrow_share", "cold_narrow_share"):
            self._together("noise_share", name, "room_share")
        self._together("cold_share", "whole_share")
        in_range("label_smoothing", self.label_smoothing, 0.0, 0.9)
        in_range("teachers", self.teachers, 0, 100)
        in_range("teacher_epochs", self.teacher_epochs, 1, 10_000)
        if self.balance not in BALANCES:
            raise ConfigError(f"balance is {self.balance!r}: choose {', '.join(BALANCES)}.")

    def _together(self, *names: str) -> None:
        """Refuse shares of one whole that are more than it."""
        shares = {name: getattr(self, name) for name in names}
        # Rounded, or .92 and .04 and .04 would be more than one.
        if round(sum(shares.values()), 9) > 1:
            told = ", ".join(f"{name} {share:g}" for name, share in shares.items())
            raise ConfigError(f"{told} are more than 1 together: choose smaller ones.")

    @property
    def _most_narrow(self) -> float:
        return max(self.narrow_share, self.cold_narrow_share)

    def clean_copies(self) -> tuple[Copy, ...]:
        """The sound as it is, then at other speeds."""
        return (AS_IT_IS, *(Copy(speed=speed) for speed in self.speeds))

    def noisy_copies(self) -> range:
        """Positions in `copies` of those in noise."""
        first = len(self.clean_copies())
        return range(first, first + (len(NOISY_SPEEDS) if self.noise_share else 0))

    def copies(self, noise_dir: Path | None = None) -> tuple[Copy, ...]:
        """All copies of a sound; the clean ones first.

        Parameters
        ----------
        noise_dir : Path, optional
            Recordings of noise for half of the noisy copies; without, all noise is made.
        """
        noisy = (_noisy(speed, take, noise_dir) for take, speed in enumerate(NOISY_SPEEDS))
        return (
            *self.clean_copies(),
            *(noisy if self.noise_share else ()),
            *(NARROW if self._most_narrow else ()),
            *(ROOMS if self.room_share else ()),
        )

    def copy_shares(self, *, cold: bool) -> tuple[float, ...]:
        """How often a session is heard in each of `copies`, without a baseline or with one."""
        narrow = self.cold_narrow_share if cold else self.narrow_share
        clean = max(0.0, 1 - self.noise_share - narrow - self.room_share)
        own_speed = self.cold_as_is_share if cold else self.as_is_share
        as_is = own_speed if self.speeds else 1.0
        return (
            clean * as_is,
            *_evenly(clean * (1 - as_is), len(self.speeds)),
            *_evenly(self.noise_share, len(NOISY_SPEEDS) if self.noise_share else 0),
            *_evenly(narrow, len(NARROW) if self._most_narrow else 0),
            *_evenly(self.room_share, len(ROOMS) if self.room_share else 0),
        )


def _noisy(speed: float, take: int, noise_dir: Path | None) -> Copy:
    """Half of them in recordings; each clip in a noise of its own, or a speaker's all in one."""
    recorded = noise_dir is not None and take % 2 == 0
    return Copy(
        speed=speed,
        noise_snr_db=LEAST_SNR_DB,
        noise_spread_db=SNR_SPREAD_DB,
        noise_dir=str(noise_dir) if recorded else "",
        noise_part=TRAINING if recorded else "",
        take=take,
        steady=take % 4 >= 2,
    )


def _evenly(share: float, copies: int) -> tuple[float, ...]:
    return tuple([share / copies] * copies) if copies else ()
