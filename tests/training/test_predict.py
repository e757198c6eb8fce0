"""One recording, judged by the framework's own file: the same as by the live path's numpy."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.baseline import SpeakerBaseline
from models.bundle import load_bundle
from models.errors import BundleError, UsageError
from models.labels import EMOTIONS
from models.network import softmax
from realtime.judge import Judge
from realtime.pooling import Pool
from training.cli import main
from training.predict import (
    load_framework_model,
    predict,
    prediction_text,
    spoken_windows,
)

FRAMEWORKS = {"keras": "ann", "sklearn": "mlp"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_raw_softmax_and_final_output_equal_the_live_path(
    framework: str, tiny_bundles: Path, demonstration: Path
) -> None:
    folder = tiny_bundles / FRAMEWORKS[framework]
    bundle = load_bundle(folder)
    found = predict(demonstration, bundle, load_framework_model(folder, framework))
    vectors, active_frames, error = spoken_windows(demonstration, bundle)
    assert (error, found.error) == ("", "")
    levelled = bundle.preprocessing.levelled(vectors)
    inputs = bundle.preprocessing.standardised(levelled, SpeakerBaseline())
    np.testing.assert_allclose(found.raw, softmax(bundle.network.logits(inputs)), atol=1e-5)
    pool = Pool()
    judge = Judge(bundle, 3.0, 0.25)
    stranger = SpeakerBaseline()
    logits = judge.logits(levelled, stranger)
    pool.add(judge.probabilities(logits, stranger), active_frames)
    assert found.probabilities is not None
    pooled = pool.result()
    assert pooled is not None
    np.testing.assert_allclose(found.probabilities, pooled, atol=1e-5)
    assert found.emotion == EMOTIONS[int(found.probabilities.argmax())]


def test_a_recording_without_speech_has_no_emotion(tiny_bundles: Path, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(16_000), 16_000)
    folder = tiny_bundles / "mlp"
    found = predict(path, load_bundle(folder), load_framework_model(folder, "sklearn"))
    assert found.raw.shape == (0, 8)
    assert found.emotion is None
    assert prediction_text(found) == "no speech"


def test_the_text_names_the_emotion_and_all_probabilities(
    tiny_bundles: Path, demonstration: Path
) -> None:
    folder = tiny_bundles / "mlp"
    found = predict(demonstration, load_bundle(folder), load_framework_model(folder, "sklearn"))
    lines = prediction_text(found).splitlines()
    assert lines[0] == found.emotion
    assert [line.split()[0] for line in lines[1:]] == list(EMOTIONS)
    assert sum(float(line.split()[1]) for line in lines[1:]) == pytest.approx(1, abs=0.01)


def test_of_a_damaged_recording_what_came_before_is_told_and_the_damage_after_it(
    tmp_path: Path, demonstration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples, rate = soundfile.read(demonstration, dtype="int16", stop=6 * 48_000)
    path = tmp_path / "cut.wav"
    soundfile.write(path, samples, rate)
    path.write_bytes(path.read_bytes()[: 4 * 48_000 * 2])
    assert main(["predict", str(path), "--framework", "sklearn", "--model", "mlp", "--json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["emotion"] in EMOTIONS
    assert "what came before was analysed" in shown.err


def test_a_model_is_named_as_for_the_live_program(
    tiny_bundles: Path, demonstration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["predict", str(demonstration), "--framework", "sklearn", "--model"]
    assert main([*arguments, "mlp"]) == 0
    assert main([*arguments, str(tiny_bundles)]) == 2
    assert f"holds several models: say --model {tiny_bundles}" in capsys.readouterr().err


def test_the_other_framework_is_refused(tiny_bundles: Path) -> None:
    with pytest.raises(UsageError, match="use the other --framework"):
        load_framework_model(tiny_bundles / "mlp", "keras")


def test_a_framework_file_that_was_changed_is_not_loaded(
    tiny_bundles: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mlp"
    shutil.copytree(tiny_bundles / "mlp", folder)
    # A pickle that would leave a file behind if it were ever loaded.
    trace = tmp_path / "executed"
    code = f"cpathlib\nPath\n(S'{trace}'\ntR.".encode()
    (folder / "model.pkl").write_bytes(code)
    with pytest.raises(BundleError, match=r"model\.pkl is not the file"):
        load_framework_model(folder, "sklearn")
    card = json.loads((folder / "bundle.json").read_text())
    assert card["kind"] == "mlp"
