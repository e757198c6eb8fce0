"""Settings from config.toml: typed, checked, with a suggestion for a misspelt key.

The first of these that exists is read, over the defaults: `--config FILE`, the file named by
the environment variable `SER_LIVE_CONFIG`, the person's own file (platformdirs), the shipped
one. The working directory is never searched.
"""

import difflib
import os
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from models.errors import ConfigError
from models.safe_files import may_be

APPLICATION = "ser-live"
FILE_NAME = "config.toml"
ENVIRONMENT_VARIABLE = "SER_LIVE_CONFIG"
TABLES = ("realtime", "training")
LARGEST_CONFIG_BYTES = 2**20
Settings = TypeVar("Settings")


@dataclass(frozen=True, kw_only=True, slots=True)
class RealtimeSettings:
    """The `[realtime]` table; config.toml explains each."""

    model: str = "mlp"
    baseline: str = "adaptive"
    window_s: float = 3.0
    hop_s: float = 0.25
    smoothing_s: float = 0.5
    reset_after_silence_s: float = 1.0
    device: str = ""
    channel: int = 0
    refresh_hz: float = 10.0

    def __post_init__(self) -> None:
        """Check ranges; raises `ConfigError`."""
        in_range("hop_s", self.hop_s, 0.05, 3.0)
        in_range("window_s", self.window_s, 0.5, 30.0)
        if self.hop_s > self.window_s:
            raise ConfigError(
                f"hop_s is {self.hop_s:g}, longer than window_s {self.window_s:g}: "
                "choose a hop of at most the window."
            )
        for name in ("hop_s", "window_s"):
            hundredths = getattr(self, name) * 100
            if abs(hundredths - round(hundredths)) > 1e-6:
                raise ConfigError(
                    f"{name} is {getattr(self, name):g}: choose a multiple of 0.01 seconds."
                )
        in_range("smoothing_s", self.smoothing_s, 0.0, 30.0)
        in_range("reset_after_silence_s", self.reset_after_silence_s, 0.0, 60.0)
        in_range("channel", self.channel, 0, 1024)
        in_range("refresh_hz", self.refresh_hz, 0.5, 60.0)


def in_range(name: str, value: float, low: float, high: float) -> None:
    """Raise `ConfigError` unless low <= value <= high."""
    if not low <= value <= high:
        # A whole number may be too large for a float.
        shown = value if isinstance(value, int) else f"{value:g}"
        raise ConfigError(f"{name} is {shown}: choose a value from {low:g} to {high:g}.")


def shipped_config() -> Path:
    """The configuration that comes with the program: in the package, or beside it in a clone."""
    package = Path(str(resources.files("realtime")))
    packed = package / FILE_NAME
    return packed if packed.is_file() else package.parent / FILE_NAME


def own_folder(kind: Callable[[str], str]) -> Path | None:
    """Return a folder of the person's own, by platformdirs; None without a home directory."""
    try:
        return Path(kind(APPLICATION))
    except RuntimeError:  # as in a container, for a user that is a mere number
        return None


def config_path(named: Path | None) -> Path:
    """The file to read: see the module's docstring."""
    if named is not None:
        return named
    if from_environment := os.environ.get(ENVIRONMENT_VARIABLE):
        return Path(from_environment)
    import platformdirs

    folder = own_folder(platformdirs.user_config_dir)
    if folder is None or not may_be(folder / FILE_NAME, Path.is_file):
        return shipped_config()
    return folder / FILE_NAME


def read_tables(named: Path | None) -> dict[str, Any]:
    """Read the configuration file.

    Raises
    ------
    ConfigError
        If it is missing, unreadable, not TOML, or holds an unknown table.
    """
    path = config_path(named)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_CONFIG_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"The configuration {path} cannot be read ({reason}): name another with --config."
        ) from error
    if len(content) > LARGEST_CONFIG_BYTES:
        raise ConfigError(f"The configuration {path} is larger than 1 MB: name another file.")
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))  # some editors begin with a mark
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The configuration {path} is not valid TOML: {error}.") from error
    for name in tables:
        if name not in TABLES:
            raise ConfigError(unknown_key(f"{path}: ", name, TABLES))
        if not isinstance(tables[name], dict):
            raise ConfigError(f"{path}: {name} must be a table, written as [{name}].")
    return tables


def unknown_key(where: str, name: str, known: Collection[str]) -> str:
    """One sentence that names the nearest known key."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
    return f"{where}there is no setting {name!r}; {hint}"


KINDS: dict[type, tuple[str, tuple[type, ...]]] = {
    str: ("text in quotes", (str,)),
    bool: ("true or false", (bool,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
}


def settings_from(kind: type[Settings], table: Mapping[str, Any], where: str) -> Settings:
    """Make a settings dataclass from a TOML table, checking names and types.

    Raises
    ------
    ConfigError
        For an unknown key, or a value of the wrong type or out of range.
    """
    known = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]
    for name, value in table.items():
        if name not in known:
            raise ConfigError(unknown_key(f"{where}: ", name, known))
        expected, accepted = KINDS.get(known[name], ("", (object,)))  # type: ignore[arg-type]
        is_stray_bool = isinstance(value, bool) and known[name] is not bool
        if not isinstance(value, accepted) or is_stray_bool:
            raise ConfigError(f"{where}: {name} is {value!r}; it must be {expected}.")
    try:
        return kind(**table)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def realtime_settings(named: Path | None) -> RealtimeSettings:
    """The `[realtime]` table of the configuration file; raises `ConfigError`."""
    table = read_tables(named).get("realtime", {})
    return settings_from(RealtimeSettings, table, f"{config_path(named)}, [realtime]")
