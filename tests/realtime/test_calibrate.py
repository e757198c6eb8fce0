"""calibrate: from speech to a private profile that only its own features accept."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import preprocess
from models.baseline import SpeakerBaseline
from models.bundle import Bundle
from models.errors import OutputError, ProfileError
from models.profile import load_profile, profile_path, require_writable, save_profile
from realtime.calibrate import READING
from realtime.cli import main
from realtime.config import config_path, shipped_config
from realtime.options import log_file
from realtime.recording import analyse
from tests.realtime.log_disk import small_disk
from tests.realtime.log_rows import fill

__all__ = ["small_disk"]


def _calibrate(model: Path, *arguments: str | Path) -> int:
    return main(["calibrate", "--model", str(model), *map(str, arguments)])


@pytest.fixture
def profile(tmp_path: Path, synthetic_folder: Path, demonstration: Path) -> Path:
    path = tmp_path / "profiles/me.json"
    assert _calibrate(synthetic_folder, path, "--from", demonstration) == 0
    return path


def test_a_profile_is_small_private_and_used(
    profile: Path,
    synthetic_folder: Path,
    synthetic_bundle: Bundle,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert profile.stat().st_mode & 0o777 == 0o600
    assert profile.stat().st_size < 20_000
    baseline = load_profile(profile, synthetic_bundle, window_s=3.0)
    assert 3 < baseline.weight < 7
    capsys.readouterr()
    arguments = ["replay", "--speed", "max", "--json", "--model", str(synthetic_folder)]
    assert main([*arguments, "--baseline", str(profile)]) == 0


def test_a_name_goes_to_the_persons_own_folder(
    synthetic_folder: Path,
    demonstration: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert _calibrate(synthetic_folder, "me", "--from", demonstration) == 0
    assert (tmp_path / "ser-live/profiles/me.json").is_file()
    assert _calibrate(synthetic_folder, "me", "--from", demonstration) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert _calibrate(synthetic_folder, "me", "--from", demonstration, "--overwrite") == 0


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be a user that is a mere number, without a home directory; files stay open to root."""
    if os.name != "posix" or os.geteuid():
        pytest.skip("only root can be another user")
    for variable in ("HOME", *(f"XDG_{kind}_HOME" for kind in ("CONFIG", "DATA", "STATE"))):
        monkeypatch.delenv(variable, raising=False)
    os.setreuid(54_321, 0)
    yield
    os.setreuid(0, 0)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_directory_only_a_bare_name_is_refused(
    synthetic_folder: Path,
    demonstration: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replay = ["replay", "--speed", "max", "--json", "--model", str(synthetic_folder)]
    assert config_path(None) == shipped_config()
    assert log_file() is None
    assert main([*replay, "--baseline", "me"]) == 2
    assert _calibrate(synthetic_folder, "me", "--from", demonstration) == 2
    for sentence in capsys.readouterr().err.splitlines():
        assert "give a path that ends in .json instead of a name, or set HOME" in sentence
    assert _calibrate(synthetic_folder, tmp_path / "me.json", "--from", demonstration) == 0
    assert main([*replay, "--baseline", str(tmp_path / "me.json")]) == 0


def test_the_text_to_read_fits_into_any_usual_terminal() -> None:
    assert max(map(len, READING.splitlines())) < 80


def test_how_to_use_a_profile_is_told_as_a_shell_takes_it(
    synthetic_folder: Path,
    demonstration: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert _calibrate(synthetic_folder, "my voice", "--from", demonstration) == 0
    assert "`monitor --baseline 'my voice'`" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_of_a_profile(
    small_disk: Path, synthetic_bundle: Bundle
) -> None:
    fill(small_disk)
    with pytest.raises(OutputError, match="cannot be written"):
        save_profile(small_disk / "me.json", SpeakerBaseline(), synthetic_bundle, window_s=3.0)
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


def test_saving_a_profile_touches_no_other_file(tmp_path: Path, synthetic_bundle: Bundle) -> None:
    precious = tmp_path / "me.json.part"
    precious.write_text("precious")
    require_writable(tmp_path / "me.json", overwrite=False)
    assert list(tmp_path.iterdir()) == [precious]
    save_profile(tmp_path / "me.json", SpeakerBaseline(), synthetic_bundle, window_s=3.0)
    assert precious.read_text() == "precious"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["me.json", "me.json.part"]


def test_too_little_speech_saves_nothing(
    synthetic_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(32000), 16000)
    assert _calibrate(synthetic_folder, tmp_path / "p.json", "--from", tmp_path / "silence.wav")
    assert "nothing was saved" in capsys.readouterr().err
    assert not (tmp_path / "p.json").exists()


def test_a_damaged_recording_saves_nothing_and_says_so(
    synthetic_folder: Path,
    demonstration: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = demonstration.read_bytes()
    (tmp_path / "cut.flac").write_bytes(content[: len(content) * 2 // 3])
    assert _calibrate(synthetic_folder, tmp_path / "p.json", "--from", tmp_path / "cut.flac") == 1
    sentence = capsys.readouterr().err
    assert "cannot be read beyond" in sentence
    assert sentence.endswith("Nothing was saved: give a recording that can be read to its end.\n")
    assert len(sentence.splitlines()) == 1
    assert not (tmp_path / "p.json").exists()


@pytest.mark.parametrize("place", ["file/me.json", "folder.json"])
def test_a_profile_that_cannot_be_written_is_told_before_the_reading(
    place: str, synthetic_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.json").mkdir()
    # Nothing is read: what there is to read is not there.
    options = ("--overwrite", "--from", tmp_path / "nothing.wav")
    assert _calibrate(synthetic_folder, tmp_path / place, *options) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.json"]


@pytest.mark.parametrize("link", [None, Path.symlink_to, Path.hardlink_to])
def test_the_recording_that_is_learnt_from_is_not_replaced_under_any_name(
    link: Callable[[Path, Path], None] | None,
    synthetic_folder: Path,
    demonstration: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sound = tmp_path / "sound.json"
    sound.write_bytes(demonstration.read_bytes())
    profile = sound
    if link is not None:
        profile = tmp_path / "link.json"
        link(profile, sound)
    assert _calibrate(synthetic_folder, profile, "--from", sound, "--overwrite") == 2
    assert "is what shall be read" in capsys.readouterr().err
    assert sound.read_bytes() == demonstration.read_bytes()
    assert profile.samefile(sound)


@pytest.mark.parametrize("options", [(), ("--overwrite",)])
@pytest.mark.parametrize("kind", ["another recording", "pipe", "dangling link", "link"])
def test_nothing_but_a_profile_is_replaced(
    kind: str,
    *,
    options: tuple[str, ...],
    profile: Path,
    synthetic_folder: Path,
    demonstration: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "precious.json"
    if kind == "another recording":
        path.write_bytes(demonstration.read_bytes())
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(profile if kind == "link" else tmp_path / "nowhere")
    before = path.lstat()
    capsys.readouterr()
    assert _calibrate(synthetic_folder, path, "--from", demonstration, *options) == 1
    sentence = capsys.readouterr().err
    assert "cannot be written" in sentence
    assert "--overwrite" not in sentence
    assert path.lstat() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["precious.json", "profiles"]


@pytest.mark.parametrize("content", ['{"name": "precious"}', '["profile_version"]', '"no"', "1"])
def test_other_json_than_a_profile_is_not_replaced(content: str, tmp_path: Path) -> None:
    path = tmp_path / "package.json"
    path.write_text(content)
    with pytest.raises(OutputError, match="something else than a speaker profile"):
        require_writable(path, overwrite=True)
    assert path.read_text() == content


@pytest.mark.parametrize(
    "change", [{"profile_version": 1}, {"fingerprint": "0"}, {"weight": 1e999}]
)
def test_a_profile_that_no_model_takes_any_more_is_replaced(
    change: dict[str, object],
    profile: Path,
    synthetic_folder: Path,
    synthetic_bundle: Bundle,
    demonstration: Path,
) -> None:
    profile.write_text(json.dumps({**json.loads(profile.read_text()), **change}))
    assert _calibrate(synthetic_folder, profile, "--from", demonstration, "--overwrite") == 0
    assert load_profile(profile, synthetic_bundle, window_s=3.0).weight > 0


@pytest.mark.parametrize("name", ["off", "adaptive", "file", "folder", "", " "])
def test_a_name_that_no_run_could_use_is_refused(
    name: str, synthetic_folder: Path, demonstration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _calibrate(synthetic_folder, name, "--from", demonstration) == 2
    assert "cannot be called" in capsys.readouterr().err


def test_as_much_speech_is_counted_as_for_a_recording(
    synthetic_folder: Path,
    synthetic_bundle: Bundle,
    tmp_path: Path,
    demonstration: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _calibrate(synthetic_folder, tmp_path / "p.json", "--from", demonstration) == 0
    found = analyse(
        demonstration, synthetic_bundle.banks, window_s=3.0, hop_s=0.25, folder=tmp_path
    )
    assert f"Learnt from {found.speech_s:.0f} s of speech" in capsys.readouterr().err


def test_a_profile_round_trips(tmp_path: Path, synthetic_bundle: Bundle) -> None:
    rng = np.random.default_rng(0)
    baseline = SpeakerBaseline(weight=2.5, mean=rng.normal(size=193), variance=rng.random(193))
    path = profile_path(str(tmp_path / "x.json"), tmp_path)
    save_profile(path, baseline, synthetic_bundle, window_s=3.0)
    again = load_profile(path, synthetic_bundle, window_s=3.0)
    assert again.weight == baseline.weight
    np.testing.assert_array_equal(again.mean, baseline.mean)
    np.testing.assert_array_equal(again.variance, baseline.variance)


def test_the_weight_of_a_profile_is_counted_in_the_windows_in_use(
    tmp_path: Path, synthetic_bundle: Bundle
) -> None:
    """Nine seconds of speech are nine windows of one second, and three of three."""
    baseline = SpeakerBaseline(weight=9.0)
    baseline.leaning.update(np.arange(8.0), 9.0)
    save_profile(tmp_path / "x.json", baseline, synthetic_bundle, window_s=1.0)
    for window_s in (1.0, 3.0):
        found = load_profile(tmp_path / "x.json", synthetic_bundle, window_s=window_s)
        assert found.weight == pytest.approx(9.0 / window_s)
        assert found.leaning.weight == pytest.approx(9.0 / window_s)


def test_what_a_model_answered_on_average_is_for_that_model_only(
    tmp_path: Path, synthetic_bundle: Bundle
) -> None:
    baseline = SpeakerBaseline(weight=2.5)
    baseline.leaning.update(np.arange(8.0), 2.5)
    save_profile(tmp_path / "x.json", baseline, synthetic_bundle, window_s=3.0)
    same = load_profile(tmp_path / "x.json", synthetic_bundle, window_s=3.0)
    assert same.leaning.weight == 2.5
    np.testing.assert_array_equal(same.leaning.mean, np.arange(8) - 3.5)
    other = load_profile(
        tmp_path / "x.json", replace(synthetic_bundle, fingerprint="0" * 16), window_s=3.0
    )
    assert other.weight == 2.5
    assert other.leaning.weight == 0


def test_a_profile_of_vectors_in_another_form_is_refused(
    tmp_path: Path, synthetic_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.json"
    with monkeypatch.context() as patch:
        patch.setattr(preprocess, "FORM", "older")
        save_profile(path, SpeakerBaseline(weight=2.5), synthetic_bundle, window_s=3.0)
        assert load_profile(path, synthetic_bundle, window_s=3.0).weight == 2.5
    with pytest.raises(ProfileError, match="other features"):
        load_profile(path, synthetic_bundle, window_s=3.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fingerprint": "0123"}, "other features"),
        ({"profile_version": 99}, "version is 99"),
        ({"mean": [0.0]}, "damaged"),
        ({"mean": "x"}, "damaged"),
        ({"weight": -1}, "damaged"),
        ({"window_s": 0}, "damaged"),
        ({"weight": 1e999}, "not valid JSON"),
        ({"variance": [-1.0] * 193}, "damaged"),
        ({"leaning": "x"}, "damaged"),
        ({"leaning": {}}, "damaged"),
    ],
)
def test_a_wrong_profile_is_refused_with_a_clear_word(
    profile: Path, synthetic_bundle: Bundle, change: dict[str, object], message: str
) -> None:
    content = json.loads(profile.read_text())
    profile.write_text(json.dumps({**content, **change}))
    with pytest.raises(ProfileError, match=message) as caught:
        load_profile(profile, synthetic_bundle, window_s=3.0)
    # As it stands, the remedy writes to the file that was refused.
    assert f"calibrate {profile} --overwrite" in str(caught.value)
    assert profile_path(str(profile), profile.parent / "other") == profile


@pytest.mark.parametrize("wrong", [{"mean": [0.0]}, {"mean": [1e400] * 8}, {"weight": -1}])
def test_a_damaged_leaning_is_refused(
    profile: Path, synthetic_bundle: Bundle, wrong: dict[str, object]
) -> None:
    content = json.loads(profile.read_text())
    content["leaning"].update(wrong)
    profile.write_text(json.dumps(content))
    with pytest.raises(ProfileError):
        load_profile(profile, synthetic_bundle, window_s=3.0)


@given(content=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rubbish_is_refused_with_our_own_error(
    content: bytes, tmp_path: Path, synthetic_bundle: Bundle
) -> None:
    (tmp_path / "p.json").write_bytes(content)
    with pytest.raises(ProfileError):
        load_profile(tmp_path / "p.json", synthetic_bundle, window_s=3.0)


def test_a_missing_profile_a_link_and_a_huge_one_are_refused(
    tmp_path: Path, profile: Path, synthetic_bundle: Bundle
) -> None:
    with pytest.raises(ProfileError, match="no such file"):
        load_profile(tmp_path / "none.json", synthetic_bundle, window_s=3.0)
    (tmp_path / "link.json").symlink_to(profile)
    with pytest.raises(ProfileError, match="not a plain file"):
        load_profile(tmp_path / "link.json", synthetic_bundle, window_s=3.0)
    (tmp_path / "huge.json").write_bytes(b" " * 10**6)
    with pytest.raises(ProfileError, match=r"bytes.* move it away and make a new one"):
        load_profile(tmp_path / "huge.json", synthetic_bundle, window_s=3.0)
