"""The command line wins over the configuration, and what is configured arrives."""

import argparse
from pathlib import Path

import pytest

from models.errors import UsageError
from realtime.arguments import named_path
from realtime.cli import build_parser
from realtime.config import RealtimeSettings
from realtime.estimator import EstimatorSettings
from realtime.options import OVERRIDES, estimator_settings, merged_settings

# Options of `monitor`, which has all that override a setting, and another value than the default.
GIVEN: dict[str, tuple[str, str | float]] = {
    "model": ("--model", "ann"),
    "baseline": ("--baseline", "off"),
    "window_s": ("--window", 2.0),
    "hop_s": ("--hop", 0.5),
    "device": ("--device", "USB"),
    "channel": ("--channel", 2),
}


def _merged(*options: str) -> RealtimeSettings:
    return merged_settings(build_parser().parse_args(["monitor", *options]))


@pytest.mark.parametrize("name", GIVEN)
def test_what_the_command_line_says_wins(name: str, tmp_path: Path) -> None:
    option, value = GIVEN[name]
    config = tmp_path / "config.toml"
    config.write_text("[realtime]\nsmoothing_s = 0.75\nwindow_s = 1.0\ndevice = 'built in'\n")
    configured = {"smoothing_s": 0.75, "window_s": 1.0, "device": "built in"}
    expected = RealtimeSettings(**{**configured, name: value})  # type: ignore[arg-type]
    assert _merged("--config", str(config), option, str(value)) == expected


def test_every_setting_that_may_be_overridden_is_tried_here() -> None:
    assert set(GIVEN) == set(OVERRIDES)


def test_what_the_command_line_leaves_out_stays_as_configured() -> None:
    assert _merged() == RealtimeSettings()


def test_a_wrong_value_is_a_fault_of_the_command_line() -> None:
    with pytest.raises(UsageError, match="hop_s is 5: choose a value from"):
        _merged("--hop", "5")


def test_what_is_configured_decides_about_rows() -> None:
    configured = {"window_s": 2.0, "hop_s": 0.5, "smoothing_s": 3.0, "reset_after_silence_s": 7.0}
    settings = RealtimeSettings(**configured)  # type: ignore[arg-type]
    assert estimator_settings(settings) == EstimatorSettings(**configured)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "told"), [("", "empty name"), ("-", "give a file's")])
def test_nothing_and_a_dash_name_no_file(name: str, told: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=told):
        named_path(name)


def test_a_file_of_that_name_is_reached_through_its_folder() -> None:
    assert named_path("./-").name == "-"
