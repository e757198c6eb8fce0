"""The wheel, the locks, and the scripts that set things up on a machine with nothing prepared."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import realtime

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the scripts are for a POSIX shell")
LOCKS = ("runtime.txt", "full.txt", "pip.txt")
TRAINING_PACKAGES = {"tensorflow", "tensorflow-cpu", "keras", "librosa", "scikit-learn", "scipy"}


def pinned(lock: Path) -> set[str]:
    """Names of the packages a lock holds."""
    return set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==", lock.read_text(), re.MULTILINE))


def required(root: Path, extra: str | None = None) -> set[str]:
    """Names that pyproject.toml asks for, by itself or for an extra."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {re.split(r"[<>=;\s\[]", requirement)[0] for requirement in wanted}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_three_packages_and_their_data(
    wheel: zipfile.ZipFile, demonstration: Path, root: Path
) -> None:
    names = set(wheel.namelist())
    roots = {name.partition("/")[0] for name in names}
    assert {name for name in roots if not name.endswith(".dist-info")} == {
        "models",
        "realtime",
        "training",
    }
    assert "realtime/config.toml" in names
    assert "models/silero_vad.npz" in names
    assert "training/ravdess_index.csv" in names
    clip = str(demonstration.relative_to(root))
    assert {clip, str(Path(clip).with_suffix(".csv"))} <= names
    for bundle in ("ann", "mlp"):
        assert {f"models/{bundle}/bundle.json", f"models/{bundle}/network.npz"} <= names


def test_the_wheel_names_version_licences_and_commands(wheel: zipfile.ZipFile) -> None:
    info = f"ser_live-{realtime.__version__}.dist-info"
    metadata = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
    assert metadata["Version"] == realtime.__version__
    assert metadata["License-Expression"] == "MIT AND CC-BY-NC-SA-4.0"
    assert {"LICENSE", "LICENSES/CC-BY-NC-SA-4.0.txt", "LICENSES/MIT-silero.txt"} <= set(
        metadata.get_all("License-File", [])
    )
    commands = wheel.read(f"{info}/entry_points.txt").decode()
    assert "ser-live = realtime.cli:main" in commands
    assert "ser-train = training.cli:main" in commands


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_wheel_brings_the_kernel_and_is_for_one_platform(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    assert not str(wheel.filename).endswith("-any.whl")
    installed = tmp_path / "installed"
    wheel.extractall(installed)
    question = "from models.kernel import library; print(library.compiled().name, library.__file__)"
    answer = subprocess.run(
        [sys.executable, "-P", "-c", question],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed), "SER_LIVE_KERNEL": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    name, file = answer.stdout.split()
    assert any(held.startswith(f"models/kernel/compiled/{name}-") for held in wheel.namelist())
    assert file.startswith(str(installed))


def test_a_wheel_without_the_kernel_is_for_all(root: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        cwd=root,
        env={**os.environ, "SER_LIVE_KERNEL": "0"},
        check=True,
        capture_output=True,
    )
    (built,) = tmp_path.glob("*.whl")
    assert built.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(built) as opened:
        assert not [name for name in opened.namelist() if name.endswith(".so")]
        assert "models/kernel/frames.c" in opened.namelist()


def test_the_unpacked_wheel_finds_its_clip_and_its_models(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    installed = tmp_path / "installed"
    wheel.extractall(installed)
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "realtime", "replay", "--speed", "max", "--csv", "rows.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "speech" in (tmp_path / "rows.csv").read_text()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_hashes_and_no_address(root: Path, name: str) -> None:
    text = (root / "locks" / name).read_text()
    assert "://" not in text
    assert "file:" not in text
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert "--hash=sha256:" in entry, entry


def test_the_runtime_lock_is_small_and_the_full_lock_complete(root: Path) -> None:
    runtime, full = (pinned(root / "locks" / name) for name in LOCKS[:2])
    assert required(root) <= runtime <= full
    assert not runtime & TRAINING_PACKAGES
    assert required(root, "training") | required(root, "dev") <= full


def program(path: Path, text: str) -> None:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


class Checkout:
    """A copy of what scripts/run reads, on a machine whose programs are all pretended."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = folder / "check out"  # with a space
        shutil.copytree(root / "scripts", self.root / "scripts")
        shutil.copytree(root / "locks", self.root / "locks")
        self.programs = folder / "bin"
        self.programs.mkdir()
        for name in ("sh", "env", "dirname", "readlink", "cmp", "cp", "rm", "mkdir"):
            found = shutil.which(name)
            assert found
            (self.programs / name).symlink_to(found)
        self.log = folder / "log"
        self.log.touch()
        self.put("id", "echo 1000")
        self.put("uname", "echo Linux")
        self.put("ldconfig", "echo libportaudio.so.2")

    def put(self, name: str, text: str) -> None:
        """Pretend a program."""
        program(self.programs / name, text)

    def put_environment(self) -> None:
        """Pretend an environment that is ready."""
        program(self.root / ".venv/bin/python", 'echo "$(pwd)|$*"')
        shutil.copy(self.root / "locks/runtime.txt", self.root / ".venv/installed.txt")

    def run(
        self, *args: str, cwd: Path, script: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Call scripts/run."""
        return subprocess.run(
            [script or self.root / "scripts/run", *args],
            cwd=cwd,
            env={"PATH": str(self.programs), "LOG": str(self.log)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Checkout:
    return Checkout(root, tmp_path)


def test_run_keeps_the_folder_the_user_is_in(checkout: Checkout, tmp_path: Path) -> None:
    checkout.put_environment()
    link = tmp_path / "anywhere" / "ser"
    link.parent.mkdir()
    link.symlink_to(checkout.root / "scripts/run")
    ended = checkout.run("replay", "my voice.wav", cwd=link.parent, script=link)
    assert ended.stdout == f"{link.parent}|-P -m realtime replay my voice.wav\n"
    assert ended.stderr == ""


def test_run_alone_monitors(checkout: Checkout, tmp_path: Path) -> None:
    checkout.put_environment()
    assert checkout.run(cwd=tmp_path).stdout == f"{tmp_path}|-P -m realtime monitor\n"


def test_without_root_the_command_for_root_is_printed(checkout: Checkout, tmp_path: Path) -> None:
    checkout.put("python3", 'case "$*" in *ensurepip*) exit 1 ;; *) echo /usr/bin/python3 ;; esac')
    checkout.put("apt-get", 'echo "$*" >>"$LOG"')
    checkout.put("sudo", 'echo sudo >>"$LOG"')
    ended = checkout.run(cwd=tmp_path)
    assert ended.returncode == 1
    assert "apt-get install -y python3-venv" in ended.stderr
    assert "scripts/run replay" in ended.stderr
    assert ended.stdout == ""
    assert checkout.log.read_text() == ""


def test_as_root_what_debian_lacks_is_installed_once(checkout: Checkout, tmp_path: Path) -> None:
    checkout.put("id", "echo 0")
    checkout.put(
        "python3",
        """
case "$*" in
    *ensurepip*) grep -q install "$LOG" && echo "$0" ;;
    *"-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    *) echo "ran $*" ;;
esac""",
    )
    checkout.put("apt-get", 'echo "$*" >>"$LOG"')
    found = shutil.which("grep")
    assert found
    (checkout.programs / "grep").symlink_to(found)
    ended = checkout.run("replay", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "ran -P -m realtime replay\n"
    installed = [line for line in checkout.log.read_text().splitlines() if " install " in line]
    assert len(installed) == 1
    assert installed[0].endswith("python3-venv")
    again = checkout.run("replay", cwd=tmp_path)
    assert (again.stdout, again.stderr) == (ended.stdout, "")


def test_an_unsuitable_python_is_named(checkout: Checkout, tmp_path: Path) -> None:
    checkout.put("python3", 'case "$1" in --version) echo Python 3.9.18 ;; *) exit 1 ;; esac')
    ended = checkout.run("replay", cwd=tmp_path)
    assert ended.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13, found Python 3.9.18" in ended.stderr


def test_a_changed_lock_or_an_interrupted_setup_is_made_good(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.put(
        "python3",
        """
case "$*" in
    *"-m venv"*) rm -rf "$4"; mkdir -p "$4/bin" && cp "$0" "$4/bin/python"; echo made >>"$LOG" ;;
    *"pip install"*) echo filled >>"$LOG" ;;
    *"-m realtime"*) ;;
    *) echo "$0" ;;
esac""",
    )
    done = checkout.log.read_text

    checkout.run("replay", cwd=tmp_path)
    assert done().split() == ["made", "filled"]
    with (checkout.root / "locks/runtime.txt").open("a") as lock:
        lock.write("# another release\n")
    checkout.run("replay", cwd=tmp_path)
    assert done().split() == ["made", "filled", "filled"]
    (checkout.root / ".venv/installed.txt").unlink()
    (checkout.root / ".venv/unfinished").touch()
    checkout.run("replay", cwd=tmp_path)
    assert done().split() == ["made", "filled", "filled", "made", "filled"]


def test_a_failed_setup_says_so_and_is_not_taken_for_complete(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.put(
        "python3",
        """
case "$*" in
    *"-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    *"pip install"*) echo no network; exit 1 ;;
    *) echo "$0" ;;
esac""",
    )
    ended = checkout.run("replay", cwd=tmp_path)
    assert ended.returncode == 1
    assert "no network" in ended.stderr
    assert "try again when online" in ended.stderr
    assert not (checkout.root / ".venv/installed.txt").exists()


@pytest.mark.parametrize("name", ["run", "train", "test", "check", "lock"])
def test_a_script_can_be_called(root: Path, name: str) -> None:
    script = root / "scripts" / name
    assert os.access(script, os.X_OK)
    subprocess.run(["/bin/sh", "-n", script], check=True)
