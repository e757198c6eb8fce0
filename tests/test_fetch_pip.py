"""The pip that scripts/run fetches where Debian has none is the one that the lock names."""

import hashlib
import importlib.util
import io
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

PAGE = "https://example.org/simple/pip/"


def load(root: Path) -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("fetch_pip", root / "scripts/fetch_pip.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wheel() -> bytes:
    """A wheel of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("pip/__init__.py", "")
    return buffer.getvalue()


@pytest.fixture
def fetch_pip(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with an index of one release and an environment in the test's folder."""
    module = load(root)
    served = {
        PAGE: b'<a href="../../pip-9.1-py3-none-any.whl#sha256=0">pip</a>',
        "https://example.org/pip-9.1-py3-none-any.whl#sha256=0": wheel(),
    }
    monkeypatch.setenv("PIP_INDEX_URL", "https://example.org/simple/")
    monkeypatch.setattr(module, "fetch", served.__getitem__)
    monkeypatch.setattr(module.sysconfig, "get_path", lambda _: str(tmp_path / "site"))
    return module


def write_lock(folder: Path, version: str, digest: str) -> Path:
    path = folder / "pip.txt"
    path.write_text(
        f"pip=={version} \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{digest}\n"
    )
    return path


def test_the_named_release_is_unpacked(fetch_pip: ModuleType, tmp_path: Path) -> None:
    fetch_pip.main(write_lock(tmp_path, "9.1", hashlib.sha256(wheel()).hexdigest()))
    assert (tmp_path / "site/pip/__init__.py").is_file()


def test_another_hash_is_refused(fetch_pip: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="another hash"):
        fetch_pip.main(write_lock(tmp_path, "9.1", "1" * 64))
    assert not (tmp_path / "site").exists()


def test_an_absent_release_is_named(fetch_pip: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"has no pip 9\.2"):
        fetch_pip.main(write_lock(tmp_path, "9.2", "1" * 64))


def test_an_unprotected_address_is_refused(root: Path) -> None:
    module = load(root)
    with pytest.raises(SystemExit, match="not an https address"):
        module.fetch("http://example.org/simple/pip/")
