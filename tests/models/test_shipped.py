"""Which bundle a name or a folder stands for."""

from pathlib import Path

import pytest

from models.bundle import load_bundle
from models.errors import BundleError, UsageError
from models.shipped import SHIPPED, bundle_folder, models_folder
from tests.synthetic_bundle import write_bundle


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_name_is_its_folder(name: str) -> None:
    assert bundle_folder(name) == models_folder() / name


def test_a_folder_of_one_bundle_stands_for_it(tmp_path: Path) -> None:
    """As `training fit --framework sklearn` leaves it."""
    (tmp_path / "report").mkdir()
    written = write_bundle(tmp_path / "mlp")
    assert bundle_folder(str(tmp_path)) == written
    assert bundle_folder(str(written)) == written


def test_a_folder_of_several_bundles_names_them(tmp_path: Path) -> None:
    for name in SHIPPED:
        write_bundle(tmp_path / name)
    with pytest.raises(UsageError, match=f"say --model {tmp_path}/ann or --model {tmp_path}/mlp"):
        bundle_folder(str(tmp_path))


def test_a_folder_without_a_bundle_is_refused_by_its_reader(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert bundle_folder(str(tmp_path)) == tmp_path
    with pytest.raises(BundleError, match=r"bundle\.json cannot be read"):
        load_bundle(tmp_path)


def test_a_name_that_no_disk_takes_is_no_folder() -> None:
    with pytest.raises(UsageError, match="is neither `ann`, `mlp` nor a folder"):
        bundle_folder("a" * 300)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is neither `ann`, `mlp` nor a folder"):
        bundle_folder(str(tmp_path / "nowhere"))
