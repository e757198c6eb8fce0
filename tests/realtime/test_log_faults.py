import contextlib
import errno
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import OutputError
from realtime.log.csv_log import NOTICE, ROTATION_NOTICE, WAITING_ROWS, CsvLog
from realtime.log.meta import meta_path
from realtime.log.outage import LONGEST_WAIT_S, Outage
from realtime.log.rotation import Rotation, existing_parts, part_path
from tests.realtime import log_victim
from tests.realtime.log_disk import small_disk
from tests.realtime.log_rows import META, Clock, Notices, fill, meta_of, speech, windows

__all__ = ["small_disk"]

KILLS = 20


class Run:
    """A log under test with its clock and notices."""

    def __init__(self, path: Path, rotation: Rotation | None = None) -> None:
        self.clock = Clock()
        self.notices = Notices()
        self.window = 0
        self.log = CsvLog(
            path, META, rotation=rotation, notify=self.notices.notify, clock=self.clock
        )

    def write(self, count: int) -> None:
        for _ in range(count):
            self.log.write(speech(self.window))
            self.window += 1

    def wait(self) -> None:
        self.clock.now_s += LONGEST_WAIT_S


def test_killed_at_any_moment_a_log_loses_no_row_it_had_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.csv"
    command = [sys.executable, log_victim.__file__, str(path), "1", str(KILLS)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert len(said) == KILLS
    CsvLog(path, META, append=True, notify=Notices().notify).close()
    written = windows(path)
    assert written == list(range(len(written)))
    assert max(map(int, said)) in written
    assert len(meta_of(path)["runs"]) == KILLS + 1


def test_a_full_disk_stops_nothing_and_loses_nothing_once_there_is_room(small_disk: Path) -> None:
    path = small_disk / "log.csv"
    run = Run(path)
    run.write(3)
    filler = fill(small_disk)
    run.write(50)
    written = windows(path)
    assert written == list(range(len(written)))
    assert 3 <= len(written) < 53
    notice = run.notices[NOTICE] or ""
    assert "free some space, and it goes on by itself" in notice
    assert notice.endswith(f" (rows held back: {53 - len(written)}).")
    filler.unlink()
    run.write(1)
    assert windows(path) == written  # not due yet
    run.wait()
    run.write(1)
    assert windows(path) == list(range(55))
    assert run.notices[NOTICE] is None
    run.log.close()
    assert run.log.problem is None


def test_a_disk_that_stays_full_leaves_a_readable_log_and_a_sentence(small_disk: Path) -> None:
    path = small_disk / "log.csv"
    run = Run(path)
    run.write(2000)
    run.log.close()
    written = windows(path)
    assert 100 < len(written) < 2000
    assert written == list(range(len(written)))
    missing = 2000 - len(written)
    assert run.log.problem == (
        f"{missing} rows are missing in {path} (No space left on device); the other rows are there."
    )


def test_memory_is_bounded_while_the_disk_is_full(small_disk: Path) -> None:
    path = small_disk / "log.csv"
    run = Run(path)
    run.write(1)
    filler = fill(small_disk)
    run.write(WAITING_ROWS + 1000)
    before = len(windows(path))
    lost = WAITING_ROWS + 1001 - before - WAITING_ROWS
    assert run.log.missing == lost
    filler.unlink()
    run.wait()
    run.write(1)
    assert run.notices[NOTICE] is not None
    run.log.close()
    after = windows(path)
    assert len(after) == len(set(after))
    assert run.log.problem is not None


def test_no_log_begins_on_a_full_disk(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(OutputError, match=r"No space left on device.*: free some space"):
        CsvLog(small_disk / "log.csv", META, notify=Notices().notify)
    assert [file.name for file in small_disk.iterdir()] == ["filler"]


def test_no_log_begins_on_a_read_only_disk(small_disk: Path) -> None:
    path = small_disk / "log.csv"
    CsvLog(path, META, notify=Notices().notify).close()
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(remount, check=True)
    for file in (path, small_disk / "new.csv"):
        with pytest.raises(OutputError, match="Read-only file system"):
            CsvLog(file, META, append=True, notify=Notices().notify)


@contextlib.contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let no file grow further, which needs no rights; pytest's own output must not meet it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_row_that_fits_only_in_part_is_taken_back(tmp_path: Path) -> None:
    largest_file = 4096
    with no_file_beyond(largest_file):
        run = Run(tmp_path / "log.csv")
        run.write(100)
        run.log.close()
    written = windows(tmp_path / "log.csv")
    assert written == list(range(len(written)))
    assert (tmp_path / "log.csv").stat().st_size <= largest_file
    assert "File too large" in (run.log.problem or "")


def test_a_removed_folder_is_reported_and_a_new_one_taken(tmp_path: Path) -> None:
    path = tmp_path / "folder/log.csv"
    path.parent.mkdir()
    run = Run(path)
    run.write(3)
    shutil.rmtree(path.parent)
    run.write(2)
    assert "No such file or directory" in (run.notices[NOTICE] or "")
    assert "make its folder again" in (run.notices[NOTICE] or "")
    path.parent.mkdir()
    run.wait()
    run.write(1)
    assert windows(path) == [3, 4, 5]
    assert meta_of(path)["runs"][0]["first_window"] == 3
    assert "3 rows are missing" in (run.notices[NOTICE] or "")
    run.log.close()
    assert "3 rows are missing" in (run.log.problem or "")


def test_a_folder_that_stays_away_costs_all_rows(tmp_path: Path) -> None:
    path = tmp_path / "folder/log.csv"
    path.parent.mkdir()
    run = Run(path)
    run.write(3)
    shutil.rmtree(path.parent)
    run.write(2)
    run.log.close()
    assert "5 rows are missing" in (run.log.problem or "")


def test_a_log_removed_at_the_very_end_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    run = Run(path)
    run.write(3)
    path.unlink()
    run.log.close()
    assert "3 rows are missing" in (run.log.problem or "")


def test_a_removed_log_is_announced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    run = Run(path)
    run.write(1)
    path.unlink()
    run.write(1)
    assert run.notices[NOTICE] == "1 row is missing, because log.csv was removed; it begins anew."
    assert windows(path) == [1]
    run.log.close()


def test_a_log_that_was_moved_goes_on_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    run = Run(path)
    run.write(3)
    path.rename(tmp_path / "yesterday.csv")
    run.write(2)
    run.log.close()
    assert windows(tmp_path / "yesterday.csv") == [0, 1, 2]
    assert windows(path) == [3, 4]
    assert run.log.problem is None


def test_a_foreign_file_in_its_place_is_spared(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    run = Run(path)
    run.write(3)
    path.rename(tmp_path / "mine.csv")
    path.write_text("foreign")
    run.write(2)
    assert "move away the other file" in (run.notices[NOTICE] or "")
    assert path.read_text() == "foreign"
    path.unlink()
    run.log.close()
    assert windows(path) == [3, 4]
    assert run.log.problem is None


def test_a_next_file_that_cannot_be_made_costs_no_row(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    run = Run(path, Rotation(seconds=1.0))
    foreign = part_path(path, 1)
    run.write(3)
    foreign.write_text("foreign")
    run.write(5)
    assert foreign.read_text() == "foreign"
    assert windows(path) == list(range(8))
    notice = run.notices[ROTATION_NOTICE] or ""
    assert notice == (
        "log.0001.csv cannot be begun (File exists): move away the other file that took its "
        "place; until then the rows go on in log.csv."
    )
    foreign.unlink()
    run.wait()
    run.write(4)
    run.log.close()
    assert run.notices[ROTATION_NOTICE] is None
    assert [windows(part_path(path, n)) for n in existing_parts(path)] == [
        list(range(8)),
        [8, 9, 10, 11],
    ]
    assert run.log.problem is None


def test_the_description_comes_whole_or_not_at_all(tmp_path: Path) -> None:
    # The name of the description is the longest there can be: none is left for its draft.
    path = tmp_path / f"{'n' * 241}.csv"
    with pytest.raises(OutputError, match="File name too long"):
        CsvLog(path, META, notify=Notices().notify)
    assert list(tmp_path.iterdir()) == []


def test_a_description_touches_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    precious = tmp_path / "log.csv.meta.json.part"
    precious.write_text("precious")
    CsvLog(path, META, notify=Notices().notify).close()
    assert precious.read_text() == "precious"
    assert sorted(tmp_path.iterdir()) == [path, meta_path(path), precious]
    assert meta_path(path).stat().st_mode & 0o777 == 0o600


def test_waits_double_up_to_a_bound() -> None:
    clock = Clock()
    outage = Outage(clock)
    waits = []
    for _ in range(8):
        outage.failed(OSError(errno.EIO, "Input/output error"))
        start_s = clock.now_s
        while not outage.may_try():
            clock.now_s += 0.25
        waits.append(clock.now_s - start_s)
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    outage.over()
    assert outage.may_try()
