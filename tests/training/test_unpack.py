"""Unpacking what a stranger packed."""

import contextlib
import io
import stat
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import DataError, OutputError
from training.unpack import Limits, refuse_full_disk, unpack


def packed(path: Path, files: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of names that occur twice
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            archive.writestr(info, content)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_archive_is_unpacked_once_and_put_right_later(tmp_path: Path) -> None:
    files = {"Actor_01/a.wav": b"a" * 1000, "Actor_02/b b.wav": b"b", "_x/.DS_Store": b""}
    archive = packed(tmp_path / "a.zip", files)
    seen: list[tuple[int, int]] = []
    folder = tmp_path / "to" / "here"
    assert unpack(archive, folder, progress=lambda *told: seen.append(told)) == 3
    assert tree(folder) == files
    assert seen[0] == (0, 1001)
    assert seen[-1] == (1001, 1001)
    assert unpack(archive, folder) == 0
    (folder / "Actor_01" / "a.wav").write_bytes(b"A" * 1000)
    (folder / "Actor_02" / "b b.wav").unlink()
    assert unpack(archive, folder) == 2
    assert tree(folder) == files


def test_a_first_folder_is_left_out_where_there_is_one(tmp_path: Path) -> None:
    for files in ({"Top/Actor_01/a.wav": b"a", "Top/": b""}, {"Actor_01/a.wav": b"a"}):
        unpack(packed(tmp_path / "a.zip", files), tmp_path / "out", leave_out="Top")
        assert tree(tmp_path / "out") == {"Actor_01/a.wav": b"a"}
    with pytest.raises(DataError, match="a file where a folder was expected"):
        unpack(packed(tmp_path / "a.zip", {"Top": b"a"}), tmp_path / "out", leave_out="Top")


@pytest.mark.parametrize(
    "name",
    [
        "../a.wav",
        "a/../../b.wav",
        "/etc/passwd",
        "//server/share/a.wav",
        "C:/a.wav",
        "C:a.wav",
        "..\\a.wav",
        "a\\b.wav",
        "\\\\server\\a.wav",
        "a/./b.wav",
        "a//b.wav",
        "...",
        "a.wav:stream",
        "CON",
        "a/nul.wav",
        "a.",
        "a ",
        "a\0b.wav",
        "\u202egnp.wav",
        "~unpacking",
    ],
)
def test_a_path_that_could_leave_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = name
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("good.wav", b"good")
        archive.writestr(info, b"evil")
    with pytest.raises(DataError, match="no plain path inside the folder"):
        unpack(tmp_path / "a.zip", tmp_path / "in" / "out")
    assert not (tmp_path / "in").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_are_refused(kind: int, tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"a": b"/etc"}, external_attr=(kind | 0o777) << 16)
    with pytest.raises(DataError, match="a link or a device"):
        unpack(archive, tmp_path / "out")


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"Actor_01/a.wav": b"a"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Actor_01").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="Actor_01 is a link"):
        unpack(archive, tmp_path / "out")
    assert tree(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize("names", [("a", "A"), ("a", "a/b"), ("X/a", "x/a"), ("a/b/c", "A")])
def test_entries_that_overwrite_each_other_are_refused(
    names: tuple[str, str], tmp_path: Path
) -> None:
    archive = packed(tmp_path / "a.zip", dict.fromkeys(names, b"a"))
    with pytest.raises(DataError, match="the name of another entry"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("limits", [Limits(files=2), Limits(total_bytes=299_999), Limits(ratio=10)])
def test_bombs_are_refused(limits: Limits, tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", dict.fromkeys("abc", b"0" * 100_000))
    assert unpack(archive, tmp_path / "ok", limits=Limits(ratio=1000)) == 3
    with pytest.raises(DataError, match="3 files of 300000 bytes together"):
        unpack(archive, tmp_path / "out", limits=limits)
    assert not (tmp_path / "out").exists()


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"a": b"0" * 100_000})
    content = archive.read_bytes()
    declared = (100_000).to_bytes(4, "little")
    archive.write_bytes(content.replace(declared, (100).to_bytes(4, "little")))
    with pytest.raises(DataError, match="cannot be read"):
        unpack(archive, tmp_path / "out")
    assert tree(tmp_path / "out") == {}


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"a": b"a"})
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match="encrypted"):
        unpack(archive, tmp_path / "out")


def test_a_full_disk_is_seen_before_writing(tmp_path: Path) -> None:
    refuse_full_disk(tmp_path / "not" / "yet", 1)
    with pytest.raises(OutputError, match=r"MB of room where 1152921504607 MB are needed"):
        refuse_full_disk(tmp_path / "not" / "yet", 1 << 60)


def test_a_file_where_a_folder_must_be_is_named(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"Actor_01/a.wav": b"a"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Actor_01").write_bytes(b"")
    with pytest.raises(OutputError, match=r"a\.wav cannot be written"):
        unpack(archive, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "Actor_01"]


def good_archive() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Actor_01/a.wav", b"abc" * 100)
        archive.writestr("Actor_01/b.wav", bytes(range(256)))
    return memory.getvalue()


@settings(max_examples=150)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(good_archive()) - 1), st.integers(0, 255)), max_size=6
    ),
    cut=st.integers(0, 60),
    tail=st.binary(max_size=30),
)
def test_no_change_of_an_archive_does_worse_than_our_own_error(
    changes: list[tuple[int, int]],
    cut: int,
    tail: bytes,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    content = bytearray(good_archive())
    for position, value in changes:
        content[position] = value
    above = tmp_path_factory.mktemp("fuzz")
    (above / "a.zip").write_bytes(bytes(content[: len(content) - cut]) + tail)
    check_stays_inside(above)


awkward_paths = st.lists(
    st.sampled_from(["..", ".", "", "a", "B", "C:", "con", "x y", "\\"]), min_size=1
).map("/".join)
printable = st.text(min_size=1, max_size=10).filter(str.isprintable)


@settings(max_examples=60)
@given(
    files=st.dictionaries(
        st.one_of(awkward_paths.filter(bool), printable), st.binary(max_size=50), max_size=5
    ),
    kind=st.sampled_from([0, stat.S_IFREG << 16, stat.S_IFDIR << 16, stat.S_IFLNK << 16]),
)
def test_whatever_the_names_nothing_leaves_the_folder(
    files: dict[str, bytes], kind: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    above = tmp_path_factory.mktemp("fuzz")
    packed(above / "a.zip", files, external_attr=kind)
    check_stays_inside(above)


def check_stays_inside(above: Path) -> None:
    with contextlib.suppress(DataError, OutputError):
        unpack(above / "a.zip", above / "in" / "out")
    inside = above / "in" / "out"
    for path in above.rglob("*"):
        assert path in {above / "a.zip", above / "in"} or path.is_relative_to(inside)
        assert not path.is_symlink()
