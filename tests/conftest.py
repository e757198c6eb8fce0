"""What every test relies on: one thread, folders of its own, the sounds it may use."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

# before numpy, TensorFlow or matplotlib are imported by a test module
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["MPLBACKEND"] = "Agg"

import hypothesis
import pytest

from tests.realtime.live_program import command_of

ROOT = Path(__file__).resolve().parent.parent
RAVDESS = Path(os.environ.get("SER_RAVDESS", ROOT.parent / "shared/ravdess")).absolute()
os.environ["SER_RAVDESS"] = str(RAVDESS)

# programs that tests start from another folder import the checkout, not an installed copy
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
)

# A shell lets its background jobs ignore Ctrl-C, and nohup a hang-up; programs would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# the same examples in every run, and no deadline: machines differ
hypothesis.settings.register_profile("fixed", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("fixed")

RunProgram = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the person's settings out of the tests, and the tests out of the checkout."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("CONFIG", "DATA", "STATE", "CACHE"):
            patch.setenv(f"XDG_{variable}_HOME", str(home / variable.lower()))
        patch.setenv("MPLCONFIGDIR", str(home / "matplotlib"))
        patch.delenv("SER_LIVE_CONFIG", raising=False)
        patch.chdir(tmp_path_factory.mktemp("work"))
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def demonstration() -> Path:
    """The shipped clip: eight emotions of one actor, 30 s, 48 kHz; a .csv of the same name."""
    return ROOT / "realtime/demonstration/ravdess_actor22_eight_emotions.flac"


@pytest.fixture(scope="session")
def ravdess() -> Path:
    """The corpus, whole or in part; tests that need it skip without it."""
    if not RAVDESS.is_dir():
        pytest.skip(f"no RAVDESS at {RAVDESS}; set SER_RAVDESS to its folder")
    return RAVDESS


@pytest.fixture
def run_realtime(tmp_path: Path) -> RunProgram:
    """Run `python -m realtime ARGS...` in the test's folder; its coverage counts."""

    def run(
        *args: str | Path, timeout_s: float = 120.0, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command_of(*args),
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=timeout_s,
        )

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was left out for want of the corpus."""
    skipped = terminalreporter.stats.get("skipped", [])
    without = sum("RAVDESS" in str(report.longrepr) for report in skipped)
    if without:
        terminalreporter.write_line(f"{without} tests skipped for want of RAVDESS")
