"""What one run was asked to do: the command line laid over the configuration."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs

from models.bundle import Bundle, load_bundle
from models.errors import ConfigError, UsageError
from models.shipped import bundle_folder
from realtime.config import RealtimeSettings, own_folder, realtime_settings
from realtime.estimator import EstimatorSettings

OVERRIDES = ("model", "baseline", "window_s", "hop_s", "device", "channel")


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A loaded bundle and the name it was asked for by."""

    name: str
    bundle: Bundle


def profiles_folder() -> Path | None:
    """Where saved speaker profiles lie; None without a home directory."""
    folder = own_folder(platformdirs.user_data_dir)
    return folder and folder / "profiles"


def log_file() -> Path | None:
    """Where messages of sound libraries go while the dashboard is up; None without a home."""
    folder = own_folder(platformdirs.user_log_dir)
    return folder and folder / "native.log"


def merged_settings(arguments: argparse.Namespace) -> RealtimeSettings:
    """Settings of the configuration file, overridden by the command line.

    Raises
    ------
    ConfigError
        If the file is wrong.
    UsageError
        If the command line is.
    """
    settings = realtime_settings(arguments.config)
    given: dict[str, Any] = {
        name: value for name in OVERRIDES if (value := getattr(arguments, name, None)) is not None
    }
    try:
        return replace(settings, **given)
    except ConfigError as error:
        raise UsageError(str(error)) from error


def open_model(settings: RealtimeSettings) -> Model:
    """Load the bundle that the settings name."""
    return Model(name=settings.model, bundle=load_bundle(bundle_folder(settings.model)))


def estimator_settings(settings: RealtimeSettings) -> EstimatorSettings:
    """The part of the settings that decides about rows."""
    return EstimatorSettings(
        window_s=settings.window_s,
        hop_s=settings.hop_s,
        smoothing_s=settings.smoothing_s,
        reset_after_silence_s=settings.reset_after_silence_s,
    )
