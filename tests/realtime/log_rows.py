"""Rows and readers that the tests of the log share."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.labels import Emotion
from realtime.estimate import Estimate, State
from realtime.log.columns import HEADER
from realtime.log.meta import RunMeta, meta_path

META = RunMeta(
    version="1.2.3",
    bundle="fingerprint",
    settings={"window_s": 3.0, "hop_s": 0.25, "gate": {"on": 0.3}},
    source="a test",
    started_utc="2026-01-02T03:04:05Z",
)


def speech(window: int) -> Estimate:
    return Estimate(
        window=window,
        start_s=max(0.0, (window + 1) * 0.25 - 3.0),
        end_s=(window + 1) * 0.25,
        state=State.SPEECH,
        emotion=Emotion.HAPPY,
        confidence=0.62,
        probabilities=(0.02, 0.04, 0.62, 0.01, 0.2, 0.05, 0.03, 0.03),
        raw_emotion=Emotion.HAPPY,
        time_utc="2026-01-02T03:04:05.678Z",
    )


def rows(path: Path) -> list[list[str]]:
    """All rows of a sound log; fails for a torn or headless one."""
    content = path.read_text()
    assert content.endswith("\n")
    first, *others = content.splitlines()
    assert first == HEADER
    cells = [line.split(",") for line in others]
    assert all(len(row) == len(HEADER.split(",")) for row in cells)
    return cells


def windows(path: Path) -> list[int]:
    return [int(row[0]) for row in rows(path)]


def has_rows(path: Path, count: int) -> bool:
    """Whether a log that is being written holds so many whole rows."""
    return path.exists() and path.read_bytes().count(b"\n") > count


def meta_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(meta_path(path).read_text())
    return content


class Notices(dict[str, str | None]):
    """Stands in for the board: the latest text of each notice."""

    def notify(self, key: str, text: str | None) -> None:
        self[key] = text


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def windows_from(first: int) -> Iterator[Estimate]:
    while True:
        yield speech(first)
        first += 1


def fill(folder: Path) -> Path:
    """Take all the space of a small disk; removing the returned file gives it back."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            with pytest.raises(OSError, match="No space left"):
                _write_for_ever(file, size)
    return filler


def _write_for_ever(file: io.FileIO, size: int) -> None:
    while True:
        file.write(b"x" * size)
