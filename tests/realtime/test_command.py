"""How commands end."""

import io
import sys

import pytest

from models.errors import AudioError, UsageError
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
