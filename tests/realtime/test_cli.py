"""The command line as a whole: help, versions, and company in the same environment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.shipped import SHIPPED
from realtime import __version__
from realtime.cli import build_parser, main

COMMANDS = ("monitor", "replay", "classify", "calibrate", "devices", "models")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert "--config" in capsys.readouterr().out


def test_the_readme_names_every_command_and_option(root: Path) -> None:
    readme = (root / "README.md").read_text()
    actions = build_parser()._subparsers._group_actions[0]  # type: ignore[union-attr]
    parsers = actions.choices
    assert isinstance(parsers, dict)
    assert tuple(parsers) == COMMANDS
    for name, parser in parsers.items():
        assert f"`{name}" in readme
        for action in parser._actions:
            for option in action.option_strings:
                assert option in ("-h", "--help") or option in readme, option


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("monitor --nope", "unrecognized arguments: --nope"),
        ("monitor --channel 0", "--channel: '0' is not a whole number from 1"),
        ("replay --speed fast", "--speed: 'fast' is not a positive number"),
        ("replay --speed 1e-12", "--speed: '1e-12' is too slow: choose 0.001 or more"),
        ("replay --hop nan", "--hop: 'nan' is not a positive number"),
        ("classify here --jobs x", "--jobs: 'x' is not a whole number from 1"),
        ("replay --append", "--append is about a CSV: name it with --csv FILE."),
        ("replay --rotate 1h", "--rotate is about a CSV: name it with --csv FILE."),
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    command: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(command.split())
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"ser-live: {sentence}")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == __version__


def test_a_name_that_standard_output_cannot_show_is_escaped(root: Path, tmp_path: Path) -> None:
    (tmp_path / "\xe9").symlink_to(root)
    environment = {"PYTHONPATH": str(tmp_path / "\xe9"), "PYTHONIOENCODING": "ascii"}
    run = subprocess.run(
        [sys.executable, "-P", "-m", "realtime", "models"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "\\xe9" in run.stdout


def test_a_recording_of_no_format_costs_no_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("precious")
    arguments = ["--overwrite", "--csv", str(log), "--record", str(tmp_path / "take.mp3")]
    assert main(["monitor", *arguments]) == 2
    assert "must end in .wav or .flac" in capsys.readouterr().err
    assert log.read_text() == "precious"


def test_models_tells_figures_and_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    shown = capsys.readouterr().out
    assert "300-50-20-10-8" in shown
    assert "CC BY-NC-SA 4.0" in shown
    assert shown.count("mean recall, clips of voices not heard: 6") == len(SHIPPED)
    assert "\n* mlp " in shown


def test_models_marks_the_model_that_is_configured(
    synthetic_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "config.toml"
    for model, expected in (("ann", "* ann "), (str(synthetic_folder), f"* {synthetic_folder} ")):
        settings.write_text(f"[realtime]\nmodel = {json.dumps(model)}\n")
        assert main(["models", "--config", str(settings)]) == 0
        shown = capsys.readouterr().out
        (marked,) = [line for line in shown.splitlines()[:-3] if line.startswith("*")]
        assert marked.startswith(expected)


@pytest.mark.parametrize("command", ["models", "devices"])
def test_a_list_tells_of_a_wrong_configuration(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text("[realtime]\nmodle = 'ann'\n")
    assert main([command, "--config", str(settings)]) != 0
    assert "modle" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_behind_standard_output_is_one_sentence(root: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "realtime", "models"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
            check=False,
        )
    assert run.returncode == 1
    assert "No space left" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_without_standard_error_no_message_takes_another_way(root: Path, tmp_path: Path) -> None:
    close = ["sh", "-c", 'exec "$0" "$@" 2>&-', sys.executable]
    command = [*close, "-m", "realtime", "classify", str(tmp_path / "none.wav")]
    run = subprocess.run(command, stdout=subprocess.PIPE, cwd=root, check=False)
    assert run.returncode == 1
    assert not run.stdout


@pytest.mark.parametrize("program", ["realtime", "training"])
def test_a_foreign_package_named_models_is_refused_by_name(
    root: Path, tmp_path: Path, program: str
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/__init__.py").touch()
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(root)!r}]; import {program}.cli"
    run = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "another package named `models`" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
