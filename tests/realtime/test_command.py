"""How commands end."""

import io
import sys
from pathlib import Path

import pytest

from models.errors import AudioError, UsageError
from realtime.cli import main
from realtime.command import run_command


def _raiser(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (AudioError("It is broken: mend it."), 1, "prog: It is broken: mend it."),
        (UsageError("No such thing."), 2, "prog: No such thing."),
        (ModuleNotFoundError("no", name="librosa"), 1, "librosa is not installed"),
        (OSError(5, "Input/output error", "x.bin"), 1, "x.bin failed (Input/output error)"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_becomes_a_sentence_and_a_code(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(lambda: _raiser(error), program="prog", debug=False) == code
    assert message in capsys.readouterr().err


def test_no_name_in_a_sentence_commands_the_terminal(
    synthetic_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "evil\x1b[2J\nser-live: all is well\x9b31m"
    folder.mkdir()
    (folder / "a.wav").write_text("no sound")
    model = ("--model", str(synthetic_folder))
    assert main(["replay", str(folder / "a.wav"), *model]) == 1
    assert main(["calibrate", str(folder / "p"), "--from", str(folder / "a.wav"), *model]) == 1
    (folder / "a.wav").rename(folder / "a.m4a")
    assert main(["classify", str(folder), *model]) == 1
    with pytest.raises(SystemExit):
        main(["replay", "a", str(folder)])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("ser-live: ") and line.isprintable() for line in lines)
    assert all("evil?[2J?ser-live: all is well?31m" in line for line in lines)


@pytest.mark.parametrize("error", [AudioError("x"), ModuleNotFoundError("x"), OSError(5, "x")])
def test_debug_lets_errors_through(error: Exception) -> None:
    with pytest.raises(type(error)):
        run_command(lambda: _raiser(error), program="prog", debug=True)


def test_what_standard_output_has_no_letters_for_is_spelt(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))

    def command() -> int:
        print("B\xfcro \udcff")
        return 0

    assert run_command(command, program="prog", debug=False) == 0
    assert written.getvalue().strip() == b"B\\xfcro \\udcff"
