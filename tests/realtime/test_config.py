"""Settings: the shipped file is complete, and wrong ones are refused with a hint."""

import os
import tempfile
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ConfigError
from realtime.config import (
    ENVIRONMENT_VARIABLE,
    RealtimeSettings,
    config_path,
    realtime_settings,
    shipped_config,
)


def _write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_names_every_setting_with_its_default() -> None:
    tables = tomllib.loads(shipped_config().read_text())
    assert tables["realtime"] == asdict(RealtimeSettings())


def test_left_out_settings_keep_their_default(tmp_path: Path) -> None:
    settings = realtime_settings(_write(tmp_path, "[realtime]\nwindow_s = 2\n"))
    assert settings == RealtimeSettings(window_s=2)


def test_the_mark_that_some_editors_begin_a_file_with_is_no_setting(tmp_path: Path) -> None:
    settings = realtime_settings(_write(tmp_path, "\ufeff[realtime]\nwindow_s = 2\n"))
    assert settings == RealtimeSettings(window_s=2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[realtime]\nwindow = 3.0", "no setting 'window'; did you mean window_s?"),
        ("[realtime]\nzzz = 3.0", "known are model"),
        ("[realtme]\n", "did you mean realtime?"),
        ("realtime = 3", "must be a table"),
        ("[realtime]\nwindow_s = 'three'", "must be a number"),
        ("[realtime]\nwindow_s = true", "must be a number"),
        ("[realtime]\nchannel = 1.5", "must be a whole number"),
        ("[realtime]\nmodel = 3", "must be text"),
        ("[realtime]\nhop_s = 5.0", "hop_s is 5: choose a value from"),
        ("[realtime]\nhop_s = nan", "hop_s is nan"),
        ("[realtime]\nhop_s = inf", "hop_s is inf"),
        pytest.param(f"[realtime]\nhop_s = {10**400}", "choose a value from", id="huge"),
        ("[realtime]\nhop_s = 0.123", "multiple of 0.01"),
        ("[realtime]\nwindow_s = 1.0\nhop_s = 2.0", "longer than window_s"),
        ("[realtime", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_refused_with_a_hint(tmp_path: Path, text: str, message: str) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        realtime_settings(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@given(content=st.binary(max_size=200))
def test_rubbish_raises_nothing_but_our_own_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_bytes(content)
    try:
        realtime_settings(path)
    except ConfigError:
        return


def test_missing_and_huge_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        realtime_settings(tmp_path / "none.toml")
    (tmp_path / "huge.toml").write_bytes(b"#" * 2_000_000)
    with pytest.raises(ConfigError, match="larger than"):
        realtime_settings(tmp_path / "huge.toml")


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.chdir(tmp_path)
    _write(tmp_path, "[realtime]\nwindow_s = 1.0\n")
    assert config_path(None) == shipped_config()
    own = tmp_path / "own/ser-live/config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[realtime]\n")
    assert config_path(None) == own
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "elsewhere.toml")
    assert config_path(None) == Path("elsewhere.toml")
    assert config_path(Path("named.toml")) == Path("named.toml")


@pytest.mark.skipif(os.name != "posix", reason="needs the permissions of POSIX")
def test_a_folder_of_settings_that_may_not_be_looked_into_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        monkeypatch.setenv("XDG_CONFIG_HOME", name)
        Path(name).chmod(0)
        os.seteuid(user or 65534)  # to root nothing is closed
        try:
            with pytest.raises(ConfigError, match=r"cannot be read \(Permission denied\): name"):
                realtime_settings(None)
        finally:
            os.seteuid(user)
            Path(name).chmod(0o700)
