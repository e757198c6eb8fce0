"""Which speaker baseline a run uses, and when it learns."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.baseline import SpeakerBaseline
from models.bundle import Bundle
from models.preprocess import Preprocessing
from models.profile import load_profile, profile_path

OFF = "off"
ADAPTIVE = "adaptive"


@dataclass(slots=True)
class Speaker:
    """A baseline with its rule: `adaptive` learns from each speech window, a fixed one never.

    Attributes
    ----------
    name : str
        For the status line.
    learns : bool
    baseline : SpeakerBaseline
    profile : Path or None
        Where a saved one was read.
    """

    name: str
    learns: bool
    baseline: SpeakerBaseline = field(default_factory=SpeakerBaseline)
    profile: Path | None = None

    def learn(
        self,
        preprocessing: Preprocessing,
        levelled: NDArray[np.float64],
        logits: NDArray[np.float64],
        weight: float,
    ) -> None:
        """Take in one speech window after it has been judged."""
        if self.learns:
            preprocessing.learn(self.baseline, levelled, logits, weight)

    @property
    def stranger(self) -> str:
        """What to say when another voice than the baseline's is heard."""
        if self.learns:
            return "This voice does not fit the baseline: if someone else speaks now, press r."
        return (
            f"This voice does not fit the profile {self.name}: make one of it with `calibrate`, "
            "or use `--baseline adaptive`."
        )

    def reset(self) -> None:
        """Forget what was learnt live; a saved profile stays."""
        if self.learns:
            self.baseline.reset()


def open_speaker(choice: str, bundle: Bundle, profiles: Path | None, *, window_s: float) -> Speaker:
    """Make the speaker named by `--baseline`.

    Parameters
    ----------
    choice : str
        `off`, `adaptive`, or a profile's name or path.
    bundle : Bundle
        The one in use; a profile made for other features is refused.
    profiles : Path or None
        Folder of saved profiles, if there is one.
    window_s : float
        Length of the windows that will be judged.

    Raises
    ------
    ProfileError
        If the profile cannot be used.
    UsageError
        If no profile can have that name, or there is no folder for it.
    """
    if choice in (OFF, ADAPTIVE):
        return Speaker(name=choice, learns=choice == ADAPTIVE)
    path = profile_path(choice, profiles)
    baseline = load_profile(path, bundle, window_s=window_s)
    return Speaker(name=path.stem, learns=False, baseline=baseline, profile=path)
