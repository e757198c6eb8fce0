"""The windows of a recording come back from its temporary file as they went in, all of them."""

from pathlib import Path

import numpy as np
import pytest

from realtime import recording
from realtime.recording import ROW_FLOATS, Recording


@pytest.mark.parametrize(("rows", "lengths"), [(0, []), (1, [1]), (4, [2, 2]), (5, [2, 2, 1])])
def test_every_window_comes_back_a_few_at_a_time(
    rows: int, lengths: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "ROWS_AT_ONCE", 2)
    stored = np.random.default_rng(0).normal(size=(rows, ROW_FLOATS)).astype(np.float32)
    stored[:, -1] = 30 + np.arange(rows)
    spool = tmp_path / "spool"
    spool.write_bytes(stored.tobytes())
    found = list(Recording(duration_s=9.0, speech_s=5.0, rows=rows, spool=spool).windows())
    assert [len(vectors) for vectors, _ in found] == lengths
    vectors = [vector for part, _ in found for vector in part.tolist()]
    assert vectors == stored[:, :-1].tolist()
    assert [count for _, part in found for count in part.tolist()] == [*range(30, 30 + rows)]
