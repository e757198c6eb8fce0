"""The compiled kernel reads and writes nothing but what it was given, as sanitizers see it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.kernel import recipe

SANITIZERS = ("libasan.so", "libubsan.so")
COMMON = """
import ctypes, sys
from pathlib import Path
import numpy as np
from models.kernel import build, library, recipe

for module in (recipe, build):
    module.FOLDER = Path(sys.argv[1])
    module.COMPILED = Path(sys.argv[1]) / "compiled"
    module.FLAGS += ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
problems = build.build()
assert not problems, problems
"""
RUN = """
import soundfile
from models.bundle import load_bundle
from models.shipped import bundle_folder
from realtime.demonstration import demonstration_clip
from realtime.estimator import Estimator, EstimatorSettings
from realtime.sources.base import Block
from realtime.speaker import Speaker

clip, rate = soundfile.read(demonstration_clip(), dtype="float32")
settings = EstimatorSettings(window_s=3.0, hop_s=0.25, smoothing_s=0.5, reset_after_silence_s=1.0)
for kernel in library.kernels():
    library.compiled = lambda: kernel
    for name in ("ann", "mlp"):
        estimator = Estimator(
            load_bundle(bundle_folder(name)), settings, Speaker(name="a", learns=True), rate
        )
        for start in range(0, 3 * rate, 7919):
            estimator.push(Block(samples=clip[start : start + 7919], rate=rate))
        estimator.finish()
    print(kernel.name)
"""
OVERRUN = """
kernel = next(library.kernels())
frames, steps = np.zeros((99, 238), np.float32), np.zeros((100, 32), np.float32)
active, vector = np.ones(100, np.bool_), np.zeros(338, np.float32)
addresses = [array.ctypes.data for array in (frames, steps, active)]
kernel._vector(*addresses, 100, 0.001, vector.ctypes.data)
"""


def _sanitizers() -> str:
    """The libraries that have to be there before Python; empty without a compiler that has them."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    if compiler is None:
        return ""
    found = []
    for name in SANITIZERS:
        command = [compiler, f"-print-file-name={name}"]
        path = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        found.append(path if os.path.isabs(path) else "")  # noqa: PTH117 - a name is no path
    return " ".join(found) if all(found) else ""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, to be compiled once."""
    folder = tmp_path_factory.mktemp("watched") / "kernel"
    folder.mkdir()
    for name in (*recipe.SOURCES, *recipe.HEADERS):
        shutil.copy(recipe.FOLDER / name, folder)
    return folder


def _watched(program: str, copied: Path, root: Path) -> subprocess.CompletedProcess[str]:
    libraries = _sanitizers()
    if not libraries:
        pytest.skip("needs gcc with its sanitizers")
    # The compiler that is called needs no watching, and Python's own pools would hide an overrun.
    compiler = copied.parent / "cc"
    compiler.write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec "{shutil.which("cc")}" "$@"\n')
    compiler.chmod(0o755)
    environment = {
        "CC": str(compiler),
        "LD_PRELOAD": libraries,
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(root),
    }
    return subprocess.run(
        [sys.executable, "-c", COMMON + program, str(copied)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_reads_and_writes_what_it_was_given(root: Path, copied: Path) -> None:
    run = _watched(RUN, copied, root)
    assert run.returncode == 0, run.stderr[-3000:]
    assert "any" in run.stdout.split()


def test_an_overrun_would_be_seen(root: Path, copied: Path) -> None:
    run = _watched(OVERRUN, copied, root)
    assert run.returncode != 0
    assert "heap-buffer-overflow" in run.stderr
    assert "window.c" in run.stderr
