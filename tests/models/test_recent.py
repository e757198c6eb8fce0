"""The latest rows of a stream are what a growing and shrinking list would hold."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.recent import Recent

STEPS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60)


@given(steps=STEPS)
def test_rows_are_those_of_a_list(steps: list[tuple[int, int]]) -> None:
    recent = Recent(np.zeros((0, 2)))
    held: list[int] = []
    count = 0
    for grown, wanted in steps:
        fresh = list(range(count, count + grown))
        count += grown
        recent.append(np.array([[i, -i] for i in fresh], float).reshape(-1, 2))
        held += fresh
        dropped = min(wanted, len(held))
        recent.drop(dropped)
        held = held[dropped:]
        assert len(recent) == len(held)
        np.testing.assert_array_equal(recent.rows(0, len(held))[:, 0], held)
        np.testing.assert_array_equal(
            recent.rows(len(held) // 2, len(held))[:, 1], [-i for i in held[len(held) // 2 :]]
        )


def test_room_does_not_grow_with_the_stream() -> None:
    recent = Recent(np.zeros(0))
    recent.append(np.zeros(300))
    sizes = set()
    for _ in range(200):
        recent.append(np.zeros(25))
        recent.drop(25)
        sizes.add(recent.room)
    assert max(sizes) <= 2 * 325
