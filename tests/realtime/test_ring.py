"""The ring against a slow model, and against a writer that does not wait."""

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from realtime.ring import Ring

STEPS = st.lists(st.one_of(st.integers(0, 25), st.none()), max_size=40)


def numbered(start: int, count: int) -> NDArray[np.float32]:
    return np.arange(start, start + count, dtype=np.float32)


@given(capacity=st.integers(1, 12), steps=STEPS)
def test_ring_equals_a_list_that_forgets_its_oldest(capacity: int, steps: list[int | None]) -> None:
    ring = Ring(capacity)
    written = read = 0
    for step in steps:
        if step is not None:
            ring.write(numbered(written, step), arrived_s=float(written + step))
            written += step
            continue
        reading = ring.read(0.0)
        if written == read:
            assert reading is None
            continue
        assert reading is not None
        kept = min(capacity, written - read)
        assert reading.samples.tolist() == numbered(written - kept, kept).tolist()
        assert reading.lost_before == written - read - kept
        assert reading.arrived_s == written
        read = written
        assert ring.position == ring.written == written


def test_reading_is_a_copy() -> None:
    ring = Ring(4)
    ring.write(numbered(0, 4), 0.0)
    reading = ring.read(0.0)
    assert reading is not None
    ring.write(numbered(10, 4), 0.0)
    assert reading.samples.tolist() == [0, 1, 2, 3]


def test_what_a_writer_has_begun_to_overwrite_is_left_out_and_counted() -> None:
    ring = Ring(10)
    ring.write(numbered(0, 10), 0.0)
    ring._claimed = 14  # announced, and not yet written
    reading = ring.read(0.0)
    assert reading is not None
    assert reading.samples.tolist() == [4, 5, 6, 7, 8, 9]
    assert reading.lost_before == 4


def test_read_without_writer_comes_back_with_nothing() -> None:
    assert Ring(4).read(0.01) is None


def test_no_sample_is_torn_doubled_or_uncounted_under_a_fast_writer() -> None:
    ring = Ring(1000)
    # Below 2**24, so that every index has its own float32.
    sizes = np.random.default_rng(0).integers(1, 400, 10_000).tolist()

    def write() -> None:
        done = 0
        for size in sizes:
            ring.write(numbered(done, size), float(done + size))
            done += size

    writer = threading.Thread(target=write)
    writer.start()
    seen = lost = 0
    while writer.is_alive() or ring.position < ring.written:
        reading = ring.read(0.05)
        if reading is None:
            continue
        lost += reading.lost_before
        assert (np.diff(reading.samples) == 1).all()
        assert reading.samples[0] == seen + lost
        assert reading.arrived_s == reading.samples[-1] + 1
        seen += reading.samples.size
    writer.join()
    assert seen + lost == ring.written
    assert seen > 0
