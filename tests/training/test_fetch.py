"""Fetching from a server that drops, lies and fails."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import DataError, OutputError
from tests.training.faulty_server import (
    NAME,
    Answer,
    Server,
    damage,
    drop_after,
    fail,
    hang_up,
    ignore_range,
    stall_after,
)
from training.fetch import Patience, fetch

BODY = bytes(range(256)) * 300


@dataclass
class Waits:
    seconds: list[float] = field(default_factory=list)

    def patience(self) -> Patience:
        return Patience(tries=3, timeout_s=5.0, sleep=self.seconds.append)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(BODY) as running:
        yield running


@pytest.fixture
def waits() -> Waits:
    return Waits()


def test_a_file_comes_whole_and_only_once(server: Server, tmp_path: Path) -> None:
    target = tmp_path / NAME
    seen: list[tuple[int, int]] = []
    assert fetch(server.remote(), target, progress=lambda *told: seen.append(told))
    assert target.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert sorted(seen) == seen
    assert not fetch(server.remote(), target)
    assert len(server.requests) == 1
    assert list(tmp_path.iterdir()) == [target]


@settings(max_examples=25)
@given(drops=st.lists(st.integers(0, 20_000), max_size=8))
def test_after_drops_only_the_rest_is_asked_for(
    drops: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = tmp_path_factory.mktemp("fetch") / NAME
    with Server(BODY) as server:
        server.script = [drop_after(count) for count in drops]
        fetch(server.remote(), target, patience=Patience(tries=9, sleep=lambda _s: None))
        asked = [int(first[6:-1]) if first else 0 for _, first in server.requests]
    assert target.read_bytes() == BODY
    starts = [sum(drops[:i]) for i in range(len(drops) + 1)]
    assert asked == [start for start in starts if start < len(BODY)]


def test_what_came_before_the_line_fell_silent_is_kept(server: Server, tmp_path: Path) -> None:
    server.script = [stall_after(30_000), stall_after(20_000)]
    patience = Patience(tries=2, timeout_s=0.5, sleep=lambda _s: None)
    fetch(server.remote(), tmp_path / NAME, patience=patience)
    assert [asked for _, asked in server.requests] == [None, "bytes=30000-", "bytes=50000-"]
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_later_call_goes_on_where_an_earlier_one_stopped(
    server: Server, waits: Waits, tmp_path: Path
) -> None:
    server.script = [drop_after(50_000), hang_up, fail(500), fail(502)]
    with pytest.raises(DataError, match=r"after 3 tries .*it goes on where it stopped\.$"):
        fetch(server.remote(), tmp_path / NAME, patience=waits.patience())
    assert (tmp_path / f"{NAME}.part").read_bytes() == BODY[:50_000]
    server.script.clear()
    server.requests.clear()
    fetch(server.remote(), tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == BODY
    assert [asked for _, asked in server.requests] == ["bytes=50000-"]


@pytest.mark.parametrize(
    ("script", "waited_s"),
    [
        ([fail(503), fail(500)], [1.0, 2.0]),
        ([fail(503), fail(500), drop_after(9), fail(502)], [1.0, 2.0, 1.0, 2.0]),
        ([fail(429, Retry_After="7"), hang_up], [7.0, 2.0]),
        ([fail(500, Retry_After="3600")], [60.0]),
        ([fail(500, Retry_After="tomorrow")], [1.0]),
    ],
)
def test_waits_double_until_bytes_come_and_a_server_may_name_its_own(
    script: list[Answer], waited_s: list[float], server: Server, waits: Waits, tmp_path: Path
) -> None:
    server.script = list(script)
    fetch(server.remote(), tmp_path / NAME, patience=waits.patience())
    assert waits.seconds == waited_s
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_server_without_ranges_is_read_from_the_start(
    server: Server, waits: Waits, tmp_path: Path
) -> None:
    server.script = [drop_after(1000), ignore_range]
    fetch(server.remote(), tmp_path / NAME, patience=waits.patience())
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_server_without_ranges_that_always_drops_is_given_up(
    server: Server, waits: Waits, tmp_path: Path
) -> None:
    def short(count: int) -> Answer:
        return lambda handler: handler.send(
            200, BODY[:count], Content_Length=str(len(handler.server.body))
        )

    server.script = [short(count) for count in (500, 300, 400, 450, 350)]
    with pytest.raises(DataError, match="after 3 tries"):
        fetch(server.remote(), tmp_path / NAME, patience=waits.patience())


def test_a_part_of_another_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    for stale in (b"x" * 1000, b"x" * (len(BODY) + 1), b"x" * len(BODY)):
        (tmp_path / f"{NAME}.part").write_bytes(stale)
        fetch(server.remote(), tmp_path / NAME)
        assert (tmp_path / NAME).read_bytes() == BODY
        (tmp_path / NAME).unlink()


def test_a_damaged_archive_is_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(BODY[:-1] + b"?")
    assert fetch(server.remote(), tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_damaged_file_is_refused_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.script = [damage, damage]
    with pytest.raises(DataError, match="wrong MD5 twice"):
        fetch(server.remote(), tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_final_refusal_is_not_tried_again(server: Server, status: int, tmp_path: Path) -> None:
    server.script = [fail(status)]
    with pytest.raises(DataError, match=f"refused by the server \\({status} "):
        fetch(server.remote(), tmp_path / NAME)
    assert len(server.requests) == 1


def test_another_length_is_refused_at_once(server: Server, waits: Waits, tmp_path: Path) -> None:
    server.script = [lambda handler: handler.send(200, b"<html>please log in</html>")]
    with pytest.raises(DataError, match="offers 26 bytes where 76800 were needed"):
        fetch(server.remote(), tmp_path / NAME)
    server.script = [
        drop_after(10),
        lambda handler: handler.send(206, BODY[10:], Content_Range="bytes 10-76799/99999"),
    ]
    with pytest.raises(DataError, match="offers 99999 bytes"):
        fetch(server.remote(), tmp_path / NAME, patience=waits.patience())


@pytest.mark.parametrize("reach", ["bytes 20-76799/76800", "bytes 0-9/*", "nonsense", ""])
def test_a_wrong_range_never_ends_up_in_the_file(
    server: Server, waits: Waits, reach: str, tmp_path: Path
) -> None:
    server.script = [
        drop_after(10),
        lambda handler: handler.send(206, BODY[:10], Content_Range=reach),
    ]
    fetch(server.remote(), tmp_path / NAME, patience=waits.patience())
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_range_the_server_cannot_give_starts_again(
    server: Server, waits: Waits, tmp_path: Path
) -> None:
    server.script = [drop_after(10), fail(416)]
    fetch(server.remote(), tmp_path / NAME, patience=waits.patience())
    assert [asked for _, asked in server.requests] == [None, "bytes=10-", None]
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_server_that_is_not_there_and_an_address_that_is_none(
    waits: Waits, tmp_path: Path
) -> None:
    with Server(BODY) as gone:
        remote = gone.remote()
    with pytest.raises(DataError, match="after 3 tries"):
        fetch(remote, tmp_path / NAME, patience=waits.patience())
    assert waits.seconds == [1.0, 2.0]
    with pytest.raises(DataError, match="http or https"):
        fetch(replace(remote, url="file:///etc/passwd"), tmp_path / NAME)


def test_a_disk_that_does_not_take_it_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        fetch(server.remote(), tmp_path / NAME)
    (tmp_path / f"{NAME}.part").rmdir()
    (tmp_path / f"{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"cannot be written"):
        fetch(server.remote(), tmp_path / NAME)
