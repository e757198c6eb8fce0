"""The command line as a person meets it: help, errors, exit codes, and what is written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.cli import main
from training.ravdess_index import Report

COMMANDS = ("download", "features", "explore", "fit", "evaluate", "predict")
CONFIG = """
[training]
framework = "sklearn"
[training.mlp]
hidden_layer_shape = [8]
epochs = 2
[training.ann]
hidden_layer_shape = [8]
epochs = 2
[training.recipe]
speeds = [0.9]
noise_share = 0.0
narrow_share = 0.0
cold_narrow_share = 0.0
room_share = 0.0
teachers = 0
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(CONFIG)
    return path


def test_help_lists_the_commands_and_imports_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom training.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'sklearn', 'tensorflow', 'keras', 'pandas', 'matplotlib', 'librosa'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in COMMANDS:
        assert command in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main([command, "--help"])
    assert raised.value.code == 0
    assert "--config" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("fit", "the following arguments are required: --data"),
        ("fit --data x --framework torch", "--framework: invalid choice: 'torch'"),
        ("features --data x --jobs 0", "--jobs: '0' is not a whole number from 1"),
        ("features --data x --jobs x", "--jobs: 'x' is not a whole number from 1"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    command: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(command.split())
    assert raised.value.code == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"ser-train: {sentence}")


def test_a_missing_corpus_is_one_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["features", "--data", str(tmp_path / "none")]) == 1
    message = capsys.readouterr().err
    assert message.startswith("ser-train: ")
    assert message.count("\n") == 1
    with pytest.raises(Exception, match="cannot be read"):
        main(["features", "--data", str(tmp_path / "none"), "--debug"])


def test_a_folder_that_no_model_can_be_written_to_is_told_before_the_training(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    arguments = ["fit", "--data", str(tmp_path), "--config", str(config)]
    assert main([*arguments, "--out", str(tmp_path / "file" / "models")]) == 1
    assert "name another folder with --out" in capsys.readouterr().err


def test_a_wrong_setting_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("[training]\nsede = 1\n")
    assert main(["fit", "--data", str(tmp_path), "--config", str(path)]) == 1
    assert "did you mean seed" in capsys.readouterr().err


def test_a_wrong_seed_is_a_wrong_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "--data", str(tmp_path), "--seed", "-1"]) == 2
    assert "seed is -1" in capsys.readouterr().err


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(__import__("training.commands").commands.COMMANDS, "fit", interrupted)
    assert main(["fit", "--data", "x"]) == 130


@pytest.fixture
def common(tiny_data: Path, tiny_cache: Path, config: Path) -> list[str]:
    arguments = ["--data", str(tiny_data), "--cache", str(tiny_cache), "--jobs", "1"]
    return [*arguments, "--config", str(config)]


def test_features_fit_and_predict_from_a_corpus_to_an_emotion(
    common: list[str],
    tmp_path: Path,
    demonstration: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["features", *common]) == 0
    assert capsys.readouterr().out.startswith("64 clips, 2 copies of each, ")
    out = tmp_path / "out"
    assert main(["fit", *common, "--out", str(out), "--seed", "5"]) == 0
    shown = capsys.readouterr()
    assert shown.out.strip() == str(out / "mlp")
    assert "sampling" in shown.err
    assert json.loads((out / "mlp/bundle.json").read_text())["training"]["seed"] == 5
    assert main(["fit", *common, "--out", str(out), "--seed", "6"]) == 1
    assert "holds a model already: choose another folder" in capsys.readouterr().err
    assert json.loads((out / "mlp/bundle.json").read_text())["training"]["seed"] == 5
    arguments = ["predict", str(demonstration), "--framework", "sklearn"]
    assert main([*arguments, "--model", str(out / "mlp"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[found["emotion"]] == max(value for key, value in found.items() if key in COLUMNS)
    assert main([*arguments, "--model", str(out / "mlp")]) == 0
    assert found["emotion"] in capsys.readouterr().out


def test_both_networks_trained_at_once_are_those_trained_alone(
    common: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both, alone = tmp_path / "both", tmp_path / "alone"
    assert main(["fit", *common, "--framework", "both", "--jobs", "2", "--out", str(both)]) == 0
    assert capsys.readouterr().out.split() == [str(both / "ann"), str(both / "mlp")]
    assert main(["fit", *common, "--framework", "sklearn", "--out", str(alone)]) == 0
    assert (both / "ann/model.keras").stat().st_size
    for name in ("network.npz", "model.pkl"):
        assert (both / "mlp" / name).read_bytes() == (alone / "mlp" / name).read_bytes()


COLUMNS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")


def test_explore_writes_its_report(
    tiny_data: Path, tiny_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    arguments = ["explore", "--data", str(tiny_data), "--report", str(report)]
    assert main([*arguments, "--cache", str(tiny_cache), "--jobs", "1"]) == 0
    assert (report / "explore.md").exists()
    assert "explore.md" in capsys.readouterr().out


def test_evaluate_hands_over_what_it_was_given(
    tiny_bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[tuple[Path, object]] = []

    def evaluate(folder: Path, places: object, *, say: object) -> Path:
        assert callable(say)
        judged.append((folder, places))
        return tmp_path / "evaluation.md"

    monkeypatch.setattr("training.evaluate.evaluate", evaluate)
    arguments = ["evaluate", "--data", "corpus", "--bundle", str(tiny_bundles)]
    assert main([*arguments, "--report", "r", "--noise", "n"]) == 0
    assert [folder.name for folder, _ in judged] == ["ann", "mlp"]
    assert str(judged[0][1]).count("'n'") == 1


def test_download_is_handed_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders: list[Path] = []

    def download(folder: Path) -> Report:
        folders.append(folder)
        return Report(present=(), missing=(), changed=(), unreadable=(), unexpected=())

    monkeypatch.setattr("training.download.download", download)
    assert main(["download", str(tmp_path)]) == 0
    assert folders == [tmp_path]
    assert "0 of 2452 clips" in capsys.readouterr().out


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "training", "--version"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    os.close(write)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
