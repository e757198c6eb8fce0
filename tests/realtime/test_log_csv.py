import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import OutputError
from realtime.log import csv_log, private_file
from realtime.log.columns import HEADER
from realtime.log.csv_log import CsvLog
from realtime.log.meta import RunMeta, meta_path
from realtime.log.resume import TAIL_BYTES, End, find_end
from realtime.log.rotation import Rotation, existing_parts, part_path
from tests.realtime.log_rows import META, Notices, meta_of, rows, speech, windows


def write_run(
    path: Path,
    count: int,
    *,
    meta: RunMeta = META,
    rotation: Rotation | None = None,
    overwrite: bool = False,
    append: bool = False,
) -> CsvLog:
    log = CsvLog(
        path,
        meta,
        rotation=rotation,
        overwrite=overwrite,
        append=append,
        notify=Notices().notify,
    )
    for number in range(count):
        # Time begins anew with each run, windows are counted on.
        log.write(replace(speech(number), window=number + log.first_window))
    log.close()
    log.close()
    assert log.problem is None
    return log


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 3, rotation=Rotation(seconds=0.5))
    files = list(tmp_path.iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_header_is_there_before_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = CsvLog(path, META, notify=Notices().notify)
    assert path.read_bytes() == HEADER.encode() + b"\n"
    assert meta_of(path) == {
        "version": "1.2.3",
        "bundle": "fingerprint",
        "settings": dict(META.settings),
        "source": "a test",
        "started_utc": "2026-01-02T03:04:05Z",
        "part": 0,
        "runs": [
            {
                "first_window": 0,
                "source": "a test",
                "started_utc": "2026-01-02T03:04:05Z",
                "version": "1.2.3",
            }
        ],
    }
    log.close()


def test_each_row_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = CsvLog(path, META, notify=Notices().notify)
    for window in range(5):
        log.write(speech(window))
        assert windows(path) == list(range(window + 1))
    log.close()


@pytest.mark.parametrize(
    ("existing", "sentence"),
    [
        ("log.csv", "exists already: .*--overwrite.*--append"),
        ("log.csv.meta.json", "describes a CSV that is not there: .*--overwrite"),
        ("log.0003.csv", "is no part of a log: move it"),
    ],
)
def test_nothing_is_overwritten_unasked(tmp_path: Path, existing: str, sentence: str) -> None:
    (tmp_path / existing).write_text("precious")
    with pytest.raises(OutputError, match=f"{existing} {sentence}"):
        CsvLog(tmp_path / "log.csv", META, notify=Notices().notify)
    assert [file.name for file in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "precious"


def test_overwriting_replaces_all_files_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 12, rotation=Rotation(seconds=0.5))
    assert len(existing_parts(path)) == 6
    write_run(path, 2, overwrite=True)
    assert existing_parts(path) == [0]
    assert windows(path) == [0, 1]
    assert len(list(tmp_path.iterdir())) == 2


def test_overwriting_spares_what_is_no_part_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 2)
    (tmp_path / "log.2024.csv").write_text("someone else's")
    with pytest.raises(OutputError, match=r"log\.2024\.csv is no part of a log"):
        CsvLog(path, META, overwrite=True, notify=Notices().notify)
    assert (tmp_path / "log.2024.csv").read_text() == "someone else's"
    assert windows(path) == [0, 1]


def test_a_later_file_of_a_log_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 12, rotation=Rotation(seconds=0.5))
    path.unlink()
    with pytest.raises(OutputError, match=r"log\.0001\.csv exists already"):
        CsvLog(path, META, notify=Notices().notify)


def test_a_log_that_another_run_writes_is_not_replaced_in_part(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    running = CsvLog(path, META, rotation=Rotation(seconds=0.5), notify=Notices().notify)
    for window in range(12):
        running.write(speech(window))
    before = {file.name for file in tmp_path.iterdir()}
    with pytest.raises(OutputError, match=r"log\.0005\.csv is being written by another run"):
        CsvLog(path, META, overwrite=True, notify=Notices().notify)
    assert {file.name for file in tmp_path.iterdir()} == before
    running.close()


def test_a_description_whose_csv_is_gone_is_no_log_to_go_on_with(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 2)
    path.unlink()
    with pytest.raises(OutputError, match=r"describes a CSV that is not there: bring that back"):
        CsvLog(path, META, append=True, notify=Notices().notify)
    write_run(path, 3, overwrite=True)
    assert windows(path) == [0, 1, 2]


def test_overwriting_a_link_removes_the_link_only(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    path = tmp_path / "log.csv"
    path.symlink_to(target)
    write_run(path, 1, overwrite=True)
    assert windows(path) == [0]
    assert target.read_text() == "precious"


@pytest.mark.parametrize("mode", [{"overwrite": True}, {"append": True}, {}])
def test_a_device_is_never_replaced(mode: dict[str, bool]) -> None:
    with pytest.raises(OutputError, match=r"not a plain file|exists already"):
        write_run(Path("/dev/null"), 1, **mode)  # type: ignore[arg-type]
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("append", [True, False])
def test_a_folder_is_no_log(tmp_path: Path, *, overwrite: bool, append: bool) -> None:
    with pytest.raises(OutputError, match="is a folder: name a file in it"):
        CsvLog(tmp_path, META, overwrite=overwrite, append=append, notify=Notices().notify)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the folder .*nowhere does not exist: make it first"):
        CsvLog(tmp_path / "nowhere/log.csv", META, notify=Notices().notify)


def test_a_name_that_no_disk_takes_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be written \(File name too long\)"):
        CsvLog(tmp_path / ("x" * 300), META, notify=Notices().notify)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot be written \(Not a directory\)"):
        CsvLog(tmp_path / "file/log.csv", META, notify=Notices().notify)


def test_a_second_run_is_kept_off_a_log_in_use(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    first = CsvLog(path, META, notify=Notices().notify)
    for mode in ("overwrite", "append"):
        with pytest.raises(OutputError, match="being written by another run"):
            CsvLog(path, META, notify=Notices().notify, **{mode: True})  # type: ignore[arg-type]
    first.write(speech(0))
    first.close()
    assert first.problem is None
    assert windows(path) == [0]


def test_nobody_writes_to_a_log_while_its_end_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 3)

    def look(path: Path) -> End:
        with pytest.raises(BlockingIOError):
            private_file.reopen(path)
        return find_end(path)

    monkeypatch.setattr(csv_log, "find_end", look)
    write_run(path, 2, append=True)
    assert windows(path) == [0, 1, 2, 3, 4]


def test_a_name_that_is_no_utf_8_is_described_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    meta = replace(META, source="\udce9t\udce9.wav", settings={"model": "\udcff"})
    for count in (3, 2):
        write_run(path, count, meta=meta, append=True)
    assert meta_of(path)["source"] == meta.source
    assert windows(path) == [0, 1, 2, 3, 4]


def test_appending_goes_on_counting_and_lists_the_runs(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 3, append=True)
    later = replace(META, started_utc="2026-01-03T00:00:00Z", source="another", version="1.3.0")
    assert write_run(path, 2, append=True, meta=later).first_window == 3
    assert write_run(path, 1, append=True).first_window == 5
    assert windows(path) == [0, 1, 2, 3, 4, 5]
    runs = meta_of(path)["runs"]
    assert [run["first_window"] for run in runs] == [0, 3, 5]
    assert runs[1]["source"] == "another"
    assert meta_of(path)["started_utc"] == META.started_utc


@pytest.mark.parametrize(
    ("meta", "sentence"),
    [
        (replace(META, bundle="other"), "bundle was 'fingerprint' there and is 'other' now"),
        (
            replace(META, bundle="other", settings={**META.settings, "model": "mlp"}),
            "model was None there and is 'mlp' now",
        ),
        (
            replace(META, settings={**META.settings, "window_s": 2.0}),
            r"window_s was 3\.0 there and is 2\.0 now",
        ),
        (
            replace(META, settings={**META.settings, "gate": {"on": 0.4}}),
            r"gate\.on was 0\.3 there and is 0\.4 now",
        ),
    ],
)
def test_appending_what_means_something_else_is_refused(
    tmp_path: Path, meta: RunMeta, sentence: str
) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 3)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(OutputError, match=sentence):
        CsvLog(path, meta, append=True, notify=Notices().notify)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing"),
        ("{", "is not valid JSON"),
        ('{"settings": {}, "runs": []}', "lacks its settings or runs"),
        ('{"settings": {}, "runs": [{"first_window": "1"}]}', "lacks its settings or runs"),
        ('{"settings": {}, "runs": [1, {"first_window": 0}]}', "lacks its settings or runs"),
        (
            '{"settings": {"hop_s": "x"}, "runs": [{"first_window": 0}]}',
            "lacks its settings or runs",
        ),
    ],
)
def test_appending_needs_a_sound_description(
    tmp_path: Path, content: str | None, sentence: str
) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 3)
    if content is None:
        meta_path(path).unlink()
    else:
        meta_path(path).write_text(content)
    with pytest.raises(OutputError, match=sentence):
        CsvLog(path, META, append=True, notify=Notices().notify)


@pytest.mark.parametrize("content", ["", "window,st", HEADER + "\n", HEADER + "\n0,0.0"])
@pytest.mark.parametrize("part", [0, 1])
def test_a_run_killed_while_it_made_a_file_is_no_hindrance(
    tmp_path: Path, content: str, part: int
) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 3 * part, append=True)
    meta_path(part_path(path, part)).unlink(missing_ok=True)
    part_path(path, part).write_text(content)
    write_run(path, 2, append=True)
    assert existing_parts(path) == [0]
    assert windows(path) == list(range(3 * part + 2))


def test_appending_to_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("time,mood\n1,2\n")
    with pytest.raises(OutputError, match="its columns are not those of this program"):
        CsvLog(path, META, append=True, notify=Notices().notify)


@given(cut=st.integers(0, 2000), junk=st.binary(max_size=40))
def test_a_torn_end_is_cut_off_and_every_window_stays_unique(
    cut: int, junk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("torn") / "log.csv"
    write_run(path, 8)
    whole = path.read_bytes()
    kept = whole[: max(0, len(whole) - cut)]
    path.write_bytes(kept + (b"\0" + junk if len(kept) > len(HEADER) else b""))
    log = write_run(path, 2, append=True)
    complete = max(0, kept.count(b"\n") - 1)
    assert log.first_window == complete
    assert windows(path) == list(range(complete + 2))


def test_zeros_after_a_power_failure_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 3)
    with path.open("ab") as file:
        file.write(b"\0" * 4096 + b"\n")
    write_run(path, 1, append=True)
    assert windows(path) == [0, 1, 2, 3]


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 1000)
    size = path.stat().st_size
    assert size > 2 * TAIL_BYTES
    end = find_end(path)
    assert (end.size_bytes, end.last_window) == (size, 999)
    with path.open("ab") as file:
        file.write(b"\0" * TAIL_BYTES)
    with pytest.raises(OutputError, match="its end is damaged"):
        find_end(path)


def test_half_a_line_where_reading_begins_is_no_row(tmp_path: Path) -> None:
    """The last bytes may begin within a row's number: what is left of it is another number."""
    path = tmp_path / "log.csv"
    write_run(path, 1000)
    last_line = path.read_bytes().splitlines(keepends=True)[-1]
    assert last_line.startswith(b"999,")
    with path.open("ab") as file:
        file.write(b"\0" * (TAIL_BYTES - len(last_line) + 1))
    with pytest.raises(OutputError, match="its end is damaged"):
        find_end(path)


@given(
    runs=st.lists(st.integers(0, 25), min_size=1, max_size=4),
    rotation=st.builds(Rotation, seconds=st.sampled_from([0.25, 0.3, 1.0, 2.25, 100.0]))
    | st.builds(Rotation, size_bytes=st.sampled_from([100, 400, 700, 2000, 10**6])),
)
def test_nothing_is_lost_or_doubled_where_files_meet(
    runs: list[int], rotation: Rotation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("seams") / "log.csv"
    for count in runs:
        write_run(path, count, rotation=rotation, append=True)
    parts = existing_parts(path)
    assert parts == list(range(len(parts)))
    seen: list[int] = []
    for number in parts:
        part = part_path(path, number)
        assert meta_of(part)["part"] == number
        assert number == 0 or meta_of(part)["runs"][0]["first_window"] == len(seen)
        within = windows(part)
        assert within or number == 0
        seen += within
        assert rotation.size_bytes is None or (
            part.stat().st_size <= rotation.size_bytes or len(within) == 1 or not within
        )
    assert seen == list(range(sum(runs)))


def test_one_file_covers_the_time_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_run(path, 10, rotation=Rotation(seconds=1.0))
    ends = [[float(row[2]) for row in rows(part_path(path, n))] for n in existing_parts(path)]
    assert ends == [[0.25, 0.5, 0.75, 1.0], [1.25, 1.5, 1.75, 2.0], [2.25, 2.5]]


def test_one_file_covers_the_time_asked_for_over_several_runs(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for _ in range(4):
        write_run(path, 3, rotation=Rotation(seconds=1.0), append=True)
    found = [windows(part_path(path, n)) for n in existing_parts(path)]
    assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_a_gap_longer_than_a_file_skips_no_boundary(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = CsvLog(path, META, rotation=Rotation(seconds=1.0), notify=Notices().notify)
    for window in (0, 1, 30, 31, 32):
        log.write(speech(window))
    log.close()
    assert [windows(part_path(path, n)) for n in existing_parts(path)] == [[0, 1], [30, 31], [32]]


def test_no_thread_is_needed_to_write_a_log(tmp_path: Path) -> None:
    before = threading.active_count()
    write_run(tmp_path / "log.csv", 1)
    assert threading.active_count() == before
