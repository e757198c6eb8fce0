"""The compiled kernel says what numpy says, to rounding, at every level of processor."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.audio import SAMPLE_RATE
from models.baseline import SpeakerBaseline
from models.bundle import load_bundle
from models.feature_table import FLOORED_MFCC, FRAME_SIZE, PITCH, SPANS
from models.frames import FrameExtractor, frame_count
from models.kernel import build, library, recipe
from models.kernel.library import Kernel
from models.level_free import level_free
from models.listener import Listener
from models.shipped import SHIPPED, bundle_folder
from models.silero import CHUNK, CONTEXT, Silero
from models.window_vector import steps, window_vector
from realtime.demonstration import demonstration_clip


def _compiles() -> bool:
    """Whether there is a C compiler with its headers."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    if compiler is None:
        return False
    command = [compiler, "-fsyntax-only", "-x", "c", "-"]
    source = "#include <math.h>\n#include <stdint.h>\n#include <string.h>\n"
    return subprocess.run(command, input=source, text=True, check=False).returncode == 0


CAN_COMPILE = _compiles()
pytestmark = pytest.mark.skipif(not CAN_COMPILE, reason="needs a C compiler")
BUNDLES = {name: load_bundle(bundle_folder(name)) for name in SHIPPED}
BANKS = BUNDLES["mlp"].banks
Samples = NDArray[np.float32]


def _kernels() -> dict[str, Kernel]:
    """Those of the sources as they are now that this processor can run."""
    build.build()
    return {kernel.name: kernel for kernel in library.kernels()}


KERNELS = _kernels() if CAN_COMPILE else {}


@pytest.fixture(params=recipe.LEVELS)
def kernel(request: pytest.FixtureRequest) -> Kernel:
    if request.param not in KERNELS:
        pytest.skip("another processor's")
    return KERNELS[request.param]


@pytest.fixture
def by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Kernel | None], None]:
    """Let a kernel do the work from now on, or numpy."""
    return lambda kernel: monkeypatch.setattr(library, "compiled", lambda: kernel)


def _sounds() -> dict[str, Samples]:
    rng = np.random.default_rng(0)
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    speech, rate = soundfile.read(demonstration_clip(), dtype="float32")
    sounds = {
        "speech": speech[rate : 3 * rate : 3],
        "noise": rng.normal(0, 0.1, SAMPLE_RATE),
        "faint noise": rng.normal(0, 1e-6, SAMPLE_RATE),
        "loud noise": rng.normal(0, 1e4, SAMPLE_RATE),
        "tones": 0.3 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.sin(2 * np.pi * 3000 * time),
        "silence": np.zeros(SAMPLE_RATE),
        "click": np.eye(1, SAMPLE_RATE, SAMPLE_RATE // 2)[0],
    }
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}


SOUNDS = _sounds()
# Decibels, shares, power, decibels, shares; in each frame what is a share of power is one of its
# loudest band.
CLOSE = {"mfcc": 2e-3, "chroma": 1e-5, "contrast": 1e-3, "tonnetz": 1e-5}


@pytest.mark.parametrize("name", SOUNDS)
def test_frames_are_those_of_numpy(
    name: str, kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    sound = SOUNDS[name]
    numbers = np.arange(frame_count(sound.size))
    by(None)
    expected, level_db = FrameExtractor(BANKS).compute(sound, numbers)
    by(kernel)
    found, found_db = FrameExtractor(BANKS).compute(sound, numbers)
    assert found.shape == expected.shape == (numbers.size, FRAME_SIZE)
    for group, tolerance in CLOSE.items():
        np.testing.assert_allclose(
            found[:, SPANS[group]], expected[:, SPANS[group]], atol=tolerance
        )
    np.testing.assert_allclose(found[:, FLOORED_MFCC], expected[:, FLOORED_MFCC], atol=2e-3)
    np.testing.assert_allclose(found[:, PITCH], expected[:, PITCH], atol=2e-3)
    mel, expected_mel = found[:, SPANS["mel"]], expected[:, SPANS["mel"]]
    loudest = expected_mel.max(axis=1, keepdims=True)
    assert (np.abs(mel - expected_mel) <= 1e-5 * loudest).all()
    np.testing.assert_allclose(found_db, level_db, atol=1e-9)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 33])
def test_a_frame_does_not_depend_on_its_company(
    count: int, kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    by(kernel)
    extractor, sound = FrameExtractor(BANKS), SOUNDS["speech"]
    backwards = np.arange(frame_count(sound.size))[::-1]
    together, together_db = extractor.compute(sound, np.arange(frame_count(sound.size)))
    some = np.random.default_rng(count).permutation(frame_count(sound.size))[:count]
    found, found_db = extractor.compute(sound, some)
    np.testing.assert_array_equal(found, together[some])
    np.testing.assert_array_equal(found_db, together_db[some])
    np.testing.assert_array_equal(extractor.compute(sound, backwards)[0], together[::-1])
    by(None)
    np.testing.assert_allclose(extractor.compute(sound, backwards)[1], together_db[::-1], atol=1e-9)


def _frames() -> Samples:
    extractor, sound = FrameExtractor(BANKS), SOUNDS["speech"]
    return extractor.compute(sound, np.arange(frame_count(sound.size)))[0]


def _active(share: float) -> NDArray[np.bool_]:
    active = np.random.default_rng(1).random(len(_frames()) - 16) < share
    active[40] = True
    return active


@pytest.mark.parametrize("share", [1.0, 0.8, 0.3, 0.0])
@pytest.mark.parametrize("length", [41, 60, 170])
def test_window_vectors_are_those_of_numpy(
    length: int, share: float, kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    vectors = []
    for one in (None, kernel):
        by(one)
        frames = _frames()
        taken = steps(frames)
        vectors.append(window_vector(frames[16:][:length], taken[:length], _active(share)[:length]))
    np.testing.assert_allclose(vectors[1], vectors[0], rtol=2e-5, atol=2e-4)


def test_steps_are_those_of_numpy(kernel: Kernel, by: Callable[[Kernel | None], None]) -> None:
    by(kernel)
    frames = _frames()
    found = steps(frames)
    by(None)
    np.testing.assert_allclose(found, steps(frames), atol=1e-5)
    assert steps(frames[:16]).shape == (0, found.shape[1])


def _vectors() -> Samples:
    frames = _frames()
    taken = steps(frames)
    places = range(0, 120, 30)
    return np.stack(
        [window_vector(frames[16:][i:][:60], taken[i:][:60], _active(0.9)[i:][:60]) for i in places]
    )


def test_forms_without_level_are_those_of_numpy(
    kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    by(None)
    vectors = _vectors()
    vectors[3] = 0
    expected = level_free(vectors)
    by(kernel)
    np.testing.assert_allclose(level_free(vectors), expected, atol=2e-5)
    np.testing.assert_array_equal(level_free(vectors)[1], level_free(vectors[1]))
    # As they may come from a file: not to be written, in another order.
    strange = np.asfortranarray(vectors)
    strange.setflags(write=False)
    np.testing.assert_array_equal(level_free(strange), level_free(vectors))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("weight", [0.0, 0.5, 30.0])
def test_a_listener_hears_what_numpy_hears(
    weight: float, name: str, kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    by(None)
    preprocessing, network = BUNDLES[name].preprocessing, BUNDLES[name].network
    listener = Listener(preprocessing=preprocessing, network=network)
    levelled = level_free(_vectors())
    levelled[2] += 1e3  # beyond all bounds
    baseline = SpeakerBaseline()
    baseline.update(levelled[1], weight)
    expected, expected_hidden = listener.heard(levelled, baseline)
    by(kernel)
    found, hidden = listener.heard(levelled, baseline)
    np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_allclose(hidden, expected_hidden, atol=2e-4)
    one, one_hidden = listener.heard(levelled[2], baseline)
    np.testing.assert_array_equal(one, found[2])
    np.testing.assert_array_equal(one_hidden, hidden[2])


def test_a_voice_is_learnt_as_numpy_learns_it(
    kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    by(None)
    preprocessing, levelled = BUNDLES["mlp"].preprocessing, level_free(_vectors())
    levelled[2] -= 1e3
    logits = np.arange(8.0)
    learnt = []
    for one in (None, kernel):
        by(one)
        baseline = SpeakerBaseline()
        for vector, evidence in zip(levelled, (0.1, 0.0, 0.2, 0.05), strict=True):
            before = baseline.mean, baseline.mean.copy()
            preprocessing.learn(baseline, vector, logits, evidence)
            # What somebody else holds is not written over.
            np.testing.assert_array_equal(*before)
        learnt.append(baseline)
    assert learnt[1].weight == pytest.approx(learnt[0].weight)
    assert learnt[1].leaning.weight == pytest.approx(learnt[0].leaning.weight)
    np.testing.assert_allclose(learnt[1].mean, learnt[0].mean, atol=1e-9)
    np.testing.assert_allclose(learnt[1].variance, learnt[0].variance, rtol=1e-9)
    for mine, theirs in zip(
        learnt[1].blended(preprocessing.population),
        learnt[0].blended(preprocessing.population),
        strict=True,
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def test_what_has_another_shape_is_refused_before_memory_is_read(
    kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    by(kernel)
    extractor, sound, frames = FrameExtractor(BANKS), SOUNDS["speech"], _frames()
    listener = Listener(preprocessing=BUNDLES["mlp"].preprocessing, network=BUNDLES["mlp"].network)
    wrong: list[Callable[[], object]] = [
        lambda: extractor.compute(sound, np.array([frame_count(sound.size)])),
        lambda: extractor.compute(sound, np.array([-1])),
        lambda: extractor.compute(sound[:1023], np.array([0])),
        lambda: steps(frames[:, 1:]),
        lambda: window_vector(frames, steps(frames), _active(1.0)),
        lambda: window_vector(frames[16:], steps(frames)[1:], _active(1.0)),
        lambda: level_free(np.zeros((2, 337), np.float32)),
        lambda: listener.heard(np.zeros(192), SpeakerBaseline()),
        lambda: listener.heard(np.zeros(193), SpeakerBaseline(mean=np.zeros(5))),
        lambda: listener.preprocessing.learn(
            SpeakerBaseline(), np.zeros((2, 193)), np.zeros(8), 1.0
        ),
        lambda: Silero().probabilities(np.zeros((3, 575), np.float32), np.zeros(3, np.bool_)),
        lambda: Silero().probabilities(np.zeros((3, 576), np.float32), np.zeros(2, np.bool_)),
    ]
    for call in wrong:
        with pytest.raises(ValueError, match="another shape"):
            call()


def test_a_replay_with_numpy_says_the_same(root: Path) -> None:
    said = []
    for switch in ("1", "0"):
        run = subprocess.run(
            [sys.executable, "-m", "realtime", "replay", "--speed", "max", "--no-dashboard"],
            env=os.environ | {recipe.SWITCH: switch},
            capture_output=True,
            text=True,
            cwd=root,
            check=True,
        )
        said.append((run.stdout.splitlines(), run.stderr))
    assert len(said[0][0]) > 10
    assert said[0][0] == said[1][0]
    assert said[0][1] == said[1][1]


def _chunks(sound: Samples) -> tuple[Samples, NDArray[np.bool_]]:
    rows = sound[: sound.size // CHUNK * CHUNK].reshape(-1, CHUNK)
    padded = np.zeros((len(rows), CONTEXT + CHUNK), np.float32)
    padded[:, CONTEXT:] = rows
    padded[1:, :CONTEXT] = rows[:-1, -CONTEXT:]
    return padded, np.arange(len(rows)) % 23 == 0


@pytest.mark.parametrize("name", SOUNDS)
def test_the_gate_hears_what_numpy_hears(
    name: str, kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    padded, fresh = _chunks(SOUNDS[name])
    by(None)
    expected = Silero().probabilities(padded, fresh)
    by(kernel)
    np.testing.assert_allclose(Silero().probabilities(padded, fresh), expected, atol=3e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 9])
def test_the_gate_hears_the_same_in_any_pieces(
    size: int, kernel: Kernel, by: Callable[[Kernel | None], None]
) -> None:
    by(kernel)
    padded, fresh = _chunks(SOUNDS["speech"])
    piecewise = Silero()
    found = [
        piecewise.probabilities(padded[i : i + size], fresh[i : i + size])
        for i in range(0, len(padded), size)
    ]
    np.testing.assert_array_equal(np.concatenate(found), Silero().probabilities(padded, fresh))
    assert Silero().probabilities(padded[:0], fresh[:0]).size == 0


# --- Compiling -----------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, compiled into a folder of its own."""
    folder = tmp_path / "kernel"
    folder.mkdir()
    for name in (*recipe.SOURCES, *recipe.HEADERS):
        shutil.copy(recipe.FOLDER / name, folder)
    for module in (recipe, build):
        monkeypatch.setattr(module, "FOLDER", folder)
        monkeypatch.setattr(module, "COMPILED", folder / "compiled")
    return folder


def test_libraries_of_other_sources_are_neither_loaded_nor_kept(elsewhere: Path) -> None:
    assert build.build() == []
    before = list(recipe.library_paths())
    assert all(path.exists() for path in before)
    with (elsewhere / "window.c").open("a") as source:
        source.write("/* changed */\n")
    assert not any(path.exists() for path in recipe.library_paths())
    assert build.build() == []
    assert all(path.exists() for path in recipe.library_paths())
    assert not any(path.exists() for path in before)


def test_what_cannot_be_compiled_is_told_and_leaves_nothing(elsewhere: Path) -> None:
    (elsewhere / "window.c").write_text("this is no C")
    problems = build.build()
    assert len(problems) == len(recipe.LEVELS)
    assert all("window.c" in problem for problem in problems)
    assert not list((elsewhere / "compiled").iterdir())


def test_a_level_that_the_compiler_does_not_know_costs_no_other(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "LEVELS", {"none": ("-march=none",), **recipe.LEVELS})
    monkeypatch.setattr(recipe, "LEVELS", {"none": ("-march=none",), **recipe.LEVELS})
    assert len(build.build()) == 1
    assert [path.exists() for path in recipe.library_paths()] == [False, True, True, True]
    assert elsewhere.exists()


def test_without_a_compiler_one_sentence(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(elsewhere))
    monkeypatch.delenv("CC", raising=False)
    assert build.build() == ["there is no C compiler"]
    monkeypatch.setenv("CC", str(elsewhere / "cc"))
    (problem,) = build.build()
    assert "cc" in problem


def test_a_library_that_is_none_is_passed_over(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.build()
    monkeypatch.delenv(recipe.SWITCH, raising=False)
    best = next(iter(KERNELS))
    paths = dict(zip(recipe.LEVELS, recipe.library_paths(), strict=True))
    paths[best].write_bytes(b"no library")
    found = library.compiled.__wrapped__()
    assert found is not None
    assert found.name != best
    monkeypatch.setenv(recipe.SWITCH, "0")
    assert library.compiled.__wrapped__() is None
    assert elsewhere.exists()


def test_the_scripts_compile_it_once_and_after_each_change(root: Path, tmp_path: Path) -> None:
    shutil.copytree(
        recipe.FOLDER, tmp_path / "models" / "kernel", ignore=shutil.ignore_patterns("compiled")
    )
    shutil.copy(root / "models" / "__init__.py", tmp_path / "models")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    script = f'root=$1; . "{root}/scripts/environment.sh"; compile_kernel "$1"'
    compiled = tmp_path / "models" / "kernel" / "compiled"

    def called(**environment: str) -> str:
        run = subprocess.run(
            ["/bin/sh", "-euc", script, "sh", str(tmp_path)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert not run.stdout
        return run.stderr

    assert called() == ""
    made = sorted(path.name for path in compiled.glob("*.so"))
    assert made == sorted(path.name for path in recipe.library_paths())
    tried = (compiled / "tried").stat().st_mtime_ns
    assert called() == ""
    assert (compiled / "tried").stat().st_mtime_ns == tried
    (tmp_path / "models" / "kernel" / "window.c").write_text("this is no C")
    assert "could not be compiled, see above: numpy does it, slower." in called()
    assert called() == ""
    assert not list(compiled.glob("*.so"))
    (compiled / "tried").unlink()
    assert called(CC="/nonexistent/cc") == ""
