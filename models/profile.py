"""Saved speaker baselines: small, versioned, private files."""

import contextlib
import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from models.baseline import SpeakerBaseline
from models.bundle import Bundle
from models.contract import fingerprint, signal_contract
from models.errors import OutputError, ProfileError, UsageError
from models.feature_table import FEATURE_COUNT
from models.labels import EMOTIONS
from models.leaning import Leaning
from models.preprocess import Preprocessing
from models.safe_files import make_private_folder, parse_json, private_draft, read_bytes

PROFILE_VERSION = 3
SUFFIX = ".json"
LARGEST_PROFILE_BYTES = 64 * 1024
# What `--baseline` takes for a rule and not for a profile's name.
RULES = ("off", "adaptive", "file", "folder")


def profile_path(name: str, folder: Path | None) -> Path:
    """Where the profile called `name` lies: a path stays a path, a bare name goes to `folder`.

    Raises
    ------
    UsageError
        If no profile can have that name, or there is no folder for a bare one.
    """
    if not name.strip() or name in RULES:
        raise UsageError(
            f"A profile cannot be called {name!r}: choose a name other than {', '.join(RULES)}."
        )
    if name.endswith(SUFFIX) or "/" in name or os.sep in name:
        return Path(name)
    if folder is None:
        raise UsageError(
            f"There is no home directory where a profile {name!r} could lie: give a path that "
            f"ends in {SUFFIX} instead of a name, or set HOME."
        )
    return folder / f"{name}{SUFFIX}"


def profile_fingerprint(preprocessing: Preprocessing) -> str:
    """Of all that decides what a baseline's numbers mean: the signal path and the form."""
    contract = signal_contract()
    contract["form"] = preprocessing.form
    return fingerprint(contract)


def save_profile(path: Path, baseline: SpeakerBaseline, bundle: Bundle, *, window_s: float) -> None:
    """Write a baseline, readable by its owner only; replaces an older file as a whole.

    Parameters
    ----------
    path : Path
    baseline : SpeakerBaseline
    bundle : Bundle
    window_s : float
        Length of the windows that it was learnt from, in which it counts its weight.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    content = {
        "profile_version": PROFILE_VERSION,
        "fingerprint": profile_fingerprint(bundle.preprocessing),
        "window_s": window_s,
        "weight": baseline.weight,
        "mean": baseline.mean.tolist(),
        "variance": baseline.variance.tolist(),
        "leaning": {
            "model": bundle.fingerprint,
            "weight": baseline.leaning.weight,
            "mean": baseline.leaning.mean.tolist(),
        },
    }
    with _draft(path) as draft:
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(path)


def require_writable(path: Path, *, overwrite: bool) -> None:
    """Find out whether a profile can be written, before somebody reads aloud for it.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether an older profile may be replaced; anything else than a profile never is.

    Raises
    ------
    OutputError
        If it cannot.
    """
    if _is_there(path):
        if not _is_profile(path):
            raise OutputError(
                f"The profile {path} cannot be written (there is something else than a speaker "
                "profile): choose another name."
            )
        if not overwrite:
            raise OutputError(
                f"The profile {path} exists: choose another name, or add --overwrite."
            )
    with _draft(path):
        pass


def _is_there(path: Path) -> bool:
    """Whether a name is taken; one that nobody may look at, or no disk takes, is not."""
    return os.path.lexists(path)


def _is_profile(path: Path) -> bool:
    """Whether a file is a profile of any version or model, be its numbers damaged."""
    try:
        content = json.loads(read_bytes(path, ProfileError, largest=LARGEST_PROFILE_BYTES))
    except (ProfileError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "profile_version" in content


@contextlib.contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """Give an empty private file beside a profile, which is gone after the block."""
    try:
        make_private_folder(path.parent)
        with private_draft(path) as draft:
            yield draft
    except OSError as error:
        raise OutputError(
            f"The profile {path} cannot be written ({error.strerror}): "
            "choose another name or folder."
        ) from error


def load_profile(path: Path, bundle: Bundle, *, window_s: float) -> SpeakerBaseline:
    """Read a saved baseline for use with a bundle.

    Another model than the one it was made with knows the voice, but not yet its own leaning.

    Parameters
    ----------
    path : Path
    bundle : Bundle
    window_s : float
        Length of the windows in use: the weight of the same speech is counted in them.

    Raises
    ------
    ProfileError
        If it is missing, damaged, of another version or of other features.
    """

    def refuse(found: str) -> ProfileError:
        # Only a profile is replaced; what else has that name has to go first.
        option = " --overwrite" if _is_profile(path) else ""
        is_in_the_way = not option and _is_there(path)
        first = "move it away and " if is_in_the_way else ""
        return ProfileError(
            f"The speaker profile {path} cannot be used: {found}; {first}make a new one with "
            f"`python -m realtime calibrate {shlex.quote(str(path))}{option}`."
        )

    try:
        path.lstat()
    except FileNotFoundError:
        raise refuse("there is no such file") from None
    except OSError:
        pass  # reading it tells why
    content = parse_json(read_bytes(path, refuse, largest=LARGEST_PROFILE_BYTES), path.name, refuse)
    version = content.get("profile_version")
    if version != PROFILE_VERSION:
        raise refuse(f"its version is {version!r}, this program reads {PROFILE_VERSION}")
    if content.get("fingerprint") != profile_fingerprint(bundle.preprocessing):
        raise refuse("it was made for other features than this model's")
    try:
        return _baseline(content, bundle.fingerprint, window_s)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise refuse("its numbers are damaged") from error


def _baseline(content: dict[str, Any], model: str, window_s: float) -> SpeakerBaseline:
    mean = np.array(content["mean"], np.float64)
    variance = np.array(content["variance"], np.float64)
    windows = float(content["window_s"]) / window_s
    weight = float(content["weight"]) * windows
    finite = np.isfinite(mean).all() and np.isfinite(variance).all() and np.isfinite(weight)
    if mean.shape != (FEATURE_COUNT,) or variance.shape != (FEATURE_COUNT,) or not finite:
        raise ValueError("wrong shape or not finite")
    if windows <= 0 or weight < 0 or (variance < 0).any():
        raise ValueError("negative weight or variance")
    leaning = content["leaning"]
    known = _leaning(leaning, windows) if leaning["model"] == model else Leaning()
    return SpeakerBaseline(weight=weight, mean=mean, variance=variance, leaning=known)


def _leaning(stored: dict[str, Any], windows: float) -> Leaning:
    mean, weight = np.array(stored["mean"], np.float64), float(stored["weight"]) * windows
    if mean.shape != (len(EMOTIONS),) or not np.isfinite(mean).all():
        raise ValueError("wrong shape or not finite")
    if not 0 <= weight < np.inf:
        raise ValueError("negative weight or not finite")
    return Leaning(weight=weight, mean=mean)
