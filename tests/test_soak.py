"""Endurance in small: the scripts that run a day or hours, for minutes and seconds."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synthetic_bundle import write_bundle
from tests.virtual_microphone import missing_programs

HOP_S = 0.25


def _soak(root: Path, *arguments: str | Path) -> dict[str, float]:
    path = os.pathsep.join([str(root), str(root / "scripts")])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    # The script's own verdict on memory, files, drift and rows.
    assert done.returncode == 0, done.stderr
    return figures


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_minutes_of_made_sound_cost_no_memory_no_files_and_no_row(
    root: Path, tmp_path: Path
) -> None:
    figures = _soak(root, "day", "--hours", "0.2", "--model", write_bundle(tmp_path / "model"))
    assert figures["hours"] >= 0.2
    assert figures["growth_mb"] < 5
    assert figures["more_files"] == 0
    assert abs(figures["drift_s"]) < HOP_S
    assert figures["problems"] == 0
    # Each of the day's rounds lasts 59.1 s and has a loss and a gap, which begin segments whose
    # rests are shorter than a hop.
    assert figures["rows"] == pytest.approx(figures["hours"] * 3600 / HOP_S, rel=0.01)


@pytest.mark.skipif(missing_programs() is not None, reason=str(missing_programs()))
def test_seconds_of_the_monitor_cost_no_files_and_no_row(root: Path, tmp_path: Path) -> None:
    figures = _soak(root, "live", "--minutes", "0.1", "--model", write_bundle(tmp_path / "model"))
    assert 6 / HOP_S - 4 <= figures["rows"] <= 6 / HOP_S
    assert figures["resident_mb"] < 100
    assert figures["more_files"] <= 0
    assert figures["problems"] == 0


def test_the_reader_of_the_rows_refuses_a_hole_and_a_step_back(root: Path, tmp_path: Path) -> None:
    from scripts.benchmarks.soak import check_rows

    def write(rows: list[tuple[int, float]]) -> Path:
        path = tmp_path / "rows.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["window", "end_s", "dropped_samples", "latency_ms", "time_utc"])
            for window, end_s in rows:
                utc = f"2026-01-01T00:00:0{window}.500Z"
                writer.writerow([window, end_s, 7, 100 * window or "", utc])
        return path

    assert (root / "scripts/soak").is_file()
    good = check_rows(write([(0, 0.25), (1, 0.5), (2, 0.75)]))
    assert good == {
        "rows": 3,
        "end_s": 0.75,
        "dropped": 7,
        "behind_s": pytest.approx(1 - 0.1 - 0.25),
    }
    for bad in ([(0, 0.25), (2, 0.5)], [(0, 0.25), (0, 0.5)], [(0, 0.5), (1, 0.5)], []):
        with pytest.raises(SystemExit):
            check_rows(write(bad))
