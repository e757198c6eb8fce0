"""The live path starts without what only training needs, and tests run without what it lacks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TRAINING_ONLY = {
    "joblib",
    "keras",
    "librosa",
    "matplotlib",
    "numba",
    "pandas",
    "scipy",
    "sklearn",
    "tensorflow",
}
REPORT = """
import json, runpy, sys
# What measures coverage is there already, and brings multiprocessing.
before = set(sys.modules)
try:
    runpy.run_module("realtime", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code
roots = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
print(json.dumps([code or 0, roots]), file=sys.stderr)
"""


def roots_imported(*args: str | Path) -> set[str]:
    """Top-level modules in the process at the end of `python -m realtime ARGS...`."""
    ended = subprocess.run(
        [sys.executable, "-c", REPORT, *map(str, args)],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    code, modules = json.loads(ended.stderr.splitlines()[-1])
    assert code == 0, ended.stderr
    return set(modules)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["monitor", "--help"],
        ["replay", "--help"],
        ["models"],
    ],
    ids=" ".join,
)
def test_a_help_text_loads_neither_training_nor_portaudio(arguments: list[str]) -> None:
    assert not roots_imported(*arguments) & (TRAINING_ONLY | {"training", "sounddevice"})


@pytest.mark.parametrize("command", ["replay", "classify"])
def test_a_recording_loads_neither_training_nor_portaudio(
    command: str, demonstration: Path
) -> None:
    options = {"replay": ["--speed", "max", "--no-dashboard"], "classify": []}
    loaded = roots_imported(command, demonstration, *options[command])
    assert {"numpy", "soundfile", "soxr", "models", "realtime"} <= loaded
    # One file needs one process: what makes several would be a tenth of the start.
    assert not loaded & (TRAINING_ONLY | {"training", "sounddevice", "multiprocessing"})


def test_the_live_packages_load_no_training_library() -> None:
    every_module = """
import importlib, pkgutil, sys
for package in ("models", "realtime"):
    for module in pkgutil.walk_packages([f"{sys.argv[1]}/{package}"], f"{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
    root = Path(__file__).resolve().parent.parent
    ended = subprocess.run(
        [sys.executable, "-c", every_module, str(root)],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    loaded = set(ended.stdout.split())
    assert "realtime" in loaded
    assert not loaded & (TRAINING_ONLY | {"training", "sounddevice"})
