import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import UsageError
from realtime.log.rotation import Rotation, existing_parts, parse_rotation, part_path


@pytest.mark.parametrize(
    ("text", "rotation"),
    [
        ("1h", Rotation(seconds=3600.0)),
        ("30min", Rotation(seconds=1800.0)),
        ("1.5 h", Rotation(seconds=5400.0)),
        ("2d", Rotation(seconds=172800.0)),
        ("90s", Rotation(seconds=90.0)),
        ("50MB", Rotation(size_bytes=50_000_000)),
        ("2gb", Rotation(size_bytes=2_000_000_000)),
    ],
)
def test_times_and_sizes_are_understood(text: str, rotation: Rotation) -> None:
    assert parse_rotation(text) == rotation


@pytest.mark.parametrize(
    ("text", "found"),
    [("0h", "too short"), ("0.5s", "too short"), ("0.9kB", "too small"), ("0MB", "too small")],
)
def test_files_are_not_cut_into_crumbs(text: str, found: str) -> None:
    with pytest.raises(UsageError, match=f"is {found}: choose at least 1"):
        parse_rotation(text)


@given(text=st.text() | st.text(string.digits + ".-+eE hminMBkGsd_\n", max_size=12))
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    try:
        rotation = parse_rotation(text)
    except UsageError as error:
        assert repr(text) in str(error)  # noqa: PT017 - most texts are refused, some are fine
    else:
        assert (rotation.seconds is None) != (rotation.size_bytes is None)
        assert (rotation.seconds or 1) >= 1
        assert (rotation.size_bytes or 1000) >= 1000


@given(part=st.integers(0, 10**6), name=st.sampled_from(["log.csv", "log", "a.b.csv", "[x]*.csv"]))
def test_parts_are_numbered_ahead_and_found_again(
    part: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("parts") / name
    part_path(path, part).touch()
    (path.parent / ("other" + name)).touch()
    assert existing_parts(path) == [part]


def test_parts_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for part in (12, 0, 10001, 3):
        part_path(path, part).touch()
    assert existing_parts(path) == [0, 3, 12, 10001]


def test_no_part_has_the_number_nought(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    (tmp_path / "log.0000.csv").touch()
    assert existing_parts(path) == []
    for part in (0, 2):
        part_path(path, part).touch()
    assert existing_parts(path) == [0, 2]
