"""The corpus, fetched and unpacked."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from models.errors import OutputError
from tests.training.faulty_server import NAME, Server, drop_after, fail, hang_up
from training.download import ARCHIVES, BASE_URL, Archive, download
from training.fetch import Patience


@pytest.fixture
def corpus() -> Iterator[tuple[Server, Archive]]:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        for actor in ("01", "02"):
            archive.writestr(f"Actor_{actor}/03-01-01-01-01-01-{actor}.wav", bytes(range(250)) * 80)
    with Server(memory.getvalue()) as server:
        remote = server.remote()
        yield (
            server,
            Archive(
                name=NAME,
                size_bytes=remote.size_bytes,
                md5=remote.md5,
                unpacked_bytes=40_000,
            ),
        )


def test_the_corpus_comes_through_a_dropping_line(
    corpus: tuple[Server, Archive], tmp_path: Path
) -> None:
    server, archive = corpus
    server.script = [drop_after(10_000), fail(503), drop_after(5000), hang_up]
    screen = io.StringIO()
    for _twice in range(2):
        report = download(
            tmp_path / "new" / "folder",
            base_url=server.url,
            archives=[archive],
            patience=Patience(sleep=lambda _seconds: None),
            console=Console(file=screen, width=120),
        )
    folder = tmp_path / "new" / "folder"
    stem = NAME.removesuffix(".zip")
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {
        NAME,
        f"{stem}/Actor_01/03-01-01-01-01-01-01.wav",
        f"{stem}/Actor_02/03-01-01-01-01-01-02.wav",
    }
    assert report.unreadable == ("03-01-01-01-01-01-01", "03-01-01-01-01-01-02")
    assert len(report.missing) == 2450
    assert len(server.requests) == 5
    assert server.requests[0] == (f"/{NAME}?download=1", None)
    assert f"Fetching {NAME}" in screen.getvalue()
    assert f"Unpacking {NAME}" in screen.getvalue()
    assert "40.0/40.0 kB" in screen.getvalue()


def test_a_disk_without_room_is_seen_before_the_first_byte(
    corpus: tuple[Server, Archive], tmp_path: Path
) -> None:
    server, archive = corpus
    huge = replace(archive, unpacked_bytes=1 << 60)
    with pytest.raises(OutputError, match=r"MB of room where \d+ MB are needed"):
        download(tmp_path, base_url=server.url, archives=[huge])
    assert server.requests == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be made"):
        download(tmp_path / "file" / "folder")


def test_the_published_archives_are_the_ones_of_the_record() -> None:
    assert BASE_URL == "https://zenodo.org/records/1188976/files"
    assert [archive.name for archive in ARCHIVES] == [
        "Audio_Speech_Actors_01-24.zip",
        "Audio_Song_Actors_01-24.zip",
    ]
    assert sum(archive.size_bytes for archive in ARCHIVES) == 208_468_073 + 225_505_317
    assert all(re.fullmatch(r"[0-9a-f]{32}", archive.md5) for archive in ARCHIVES)
